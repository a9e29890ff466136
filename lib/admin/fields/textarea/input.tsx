'use client'

import { Input } from '@mantine/core'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { useTyped } from '../use-typed'
import { useAutosize } from './use-autosize'

/** Several lines, growing with what is written. */
export function TextareaInput(props: FieldInputProps) {
  const { field, id, shown, onBlur, error, disabled } = props
  const [typed, type] = useTyped(props)
  const ref = useAutosize(typed)
  return (
    <Input
      component="textarea"
      multiline
      ref={ref}
      id={id}
      value={typed}
      onChange={(event) => type(withBreaksOf(shown, event.currentTarget.value))}
      onBlur={onBlur}
      error={Boolean(error)}
      disabled={disabled}
      placeholder={field.placeholder}
      rows={field.kind === 'text' ? 2 : field.rows}
      classNames={{ input: field.kind === 'xml' ? `${inputs.area} ${inputs.exact}` : inputs.area }}
    />
  )
}

/** Browsers turn every line break into \n; text that was written with \r\n throughout keeps it. */
function withBreaksOf(shown: string | null | undefined, text: string): string {
  const isWindows = shown?.includes('\r\n') && !/[^\r]\n/.test(shown)
  return isWindows ? text.replace(/\r?\n/g, '\r\n') : text
}
