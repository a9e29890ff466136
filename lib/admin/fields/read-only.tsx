'use client'

import { Input } from '@mantine/core'
import type { ReactNode } from 'react'
import type { FieldInputProps } from './input'
import inputs from './input.module.css'
import { findJsonMistake, layOutJson } from './json/text'
import { useAutosize } from './textarea/use-autosize'

interface Props extends FieldInputProps {
  aside?: ReactNode
  asideHref?: string
  asideLabel?: string
}

const IN_FULL = new Set(['textarea', 'json', 'xml', 'tsvector', 'richtext', 'markdown'])

/** A value that is shown and not changed, in a box that can be reached, read out and copied from. */
export function ReadOnlyInput(props: Props) {
  const { field, id, value, asideHref } = props
  const target = field.reference?.href
  const aside = asideHref
    ? { href: asideHref, label: props.asideLabel, mark: props.aside }
    : target
      ? { href: target, label: `Open ${field.reference?.label ?? field.label}`, mark: <Arrow /> }
      : undefined
  if (value !== null && IN_FULL.has(field.kind)) return <LongReadOnly {...props} value={value} />
  return (
    <Input
      id={id}
      value={value === null ? '' : field.display}
      readOnly
      placeholder="none"
      rightSectionPointerEvents="all"
      rightSection={
        aside && (
          <a className={inputs.icon} href={aside.href} aria-label={aside.label} download={asideHref ? true : undefined}>
            {aside.mark}
          </a>
        )
      }
    />
  )
}

function LongReadOnly({ field, id, value }: Props & { value: string }) {
  const text = field.kind === 'json' && !findJsonMistake(value) ? layOutJson(value) : value
  const ref = useAutosize(text)
  const isExact = field.kind === 'json' || field.kind === 'xml'
  return (
    <Input
      component="textarea"
      multiline
      ref={ref}
      id={id}
      value={text}
      readOnly
      rows={1}
      classNames={{ input: isExact ? `${inputs.area} ${inputs.exact}` : inputs.area }}
    />
  )
}

/** Points out of the form, to the record the value stands for. */
export function Arrow() {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
      <path d="M6 4h6v6M12 4l-8 8" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
