'use client'

import { Input } from '@mantine/core'
import { useDeferredValue } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { useAutosize } from '../textarea/use-autosize'
import { useTyped } from '../use-typed'
import { findJsonMistake, layOutJson } from './text'

/** Larger texts are neither laid out nor checked while typing; the server checks them. */
const CHECKED_UP_TO = 1_000_000

/** JSON, checked as it is typed. What jsonb stores in one line is shown in several; json is shown as it was written. */
export function JsonInput(props: FieldInputProps) {
  const { field, id, onBlur, error, disabled } = props
  const isBinary = field.sqlType !== 'json'
  const [typed, type] = useTyped(props, isBinary ? inLines : undefined)
  const ref = useAutosize(typed)
  const checked = useDeferredValue(typed)
  const mistake =
    checked.trim() === '' || checked.length > CHECKED_UP_TO ? undefined : findJsonMistake(checked, isBinary)
  const canLayOut = typed.trim() !== '' && !mistake && typed === checked && inLines(typed) !== typed
  return (
    <>
      <Input
        component="textarea"
        multiline
        ref={ref}
        id={id}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        onBlur={onBlur}
        error={Boolean(error) || mistake !== undefined}
        disabled={disabled}
        placeholder={field.placeholder ?? '{ }'}
        rows={field.rows}
        spellCheck={false}
        classNames={{ input: `${inputs.area} ${inputs.exact}` }}
      />
      <span className={inputs.below}>
        {mistake && !error && (
          <span className={inputs.wrong} aria-live="polite">
            Line {mistake.line}, column {mistake.column}: {mistake.message}
          </span>
        )}
        {canLayOut && !disabled && (
          <button type="button" className={inputs.action} onClick={() => type(inLines(typed))}>
            Lay out in lines
          </button>
        )}
      </span>
    </>
  )
}

function inLines(text: string): string {
  return text.length > CHECKED_UP_TO || findJsonMistake(text) ? text : layOutJson(text)
}
