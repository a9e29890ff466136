'use client'

import { Input } from '@mantine/core'
import type { HTMLAttributes } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { TextareaInput } from '../textarea/input'
import { lineProps, useTyped } from '../use-typed'

/** Kinds written in an exact notation stand in equal-width letters. */
const EXACT = new Set(['uuid', 'network', 'bit', 'geometry', 'vector', 'range'])

const MODES: Record<string, HTMLAttributes<HTMLInputElement>['inputMode']> = {
  integer: 'numeric',
  bigint: 'numeric',
  decimal: 'decimal',
  float: 'decimal',
  money: 'decimal',
}

/** What a person may write where nothing stands yet and nobody gave a placeholder. */
const EXAMPLES: Record<string, string> = {
  interval: '2 days 4 hours',
  time: '06:30',
  timetz: '06:30+01',
  uuid: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
}

/** One line. Text that already has line breaks, which a line would lose, is given more of them. */
export function TextInput(props: FieldInputProps) {
  const { field, value, shown } = props
  const [typed, type] = useTyped(props, field.kind === 'network' ? withoutFullMask : undefined)
  if (/[\n\r]/.test(value ?? '') || /[\n\r]/.test(shown ?? '')) return <TextareaInput {...props} />
  return (
    <Input
      {...lineProps(props, typed, type)}
      placeholder={field.placeholder ?? placeholderOf(field, value)}
      inputMode={MODES[field.kind]}
      spellCheck={field.kind === 'text'}
      classNames={{ input: EXACT.has(field.kind) ? inputs.exact : MODES[field.kind] ? inputs.number : undefined }}
    />
  )
}

/** Says what an empty box stands for: empty text, the database's default, or how a value looks. */
function placeholderOf(field: FieldInputProps['field'], value: string | null): string | undefined {
  if (value === '') return field.isNullable ? 'empty text' : undefined
  return !field.isNullable && !field.isRequired ? 'default' : EXAMPLES[field.kind]
}

/** A cast to text writes a single address with its full mask, which people leave out. */
const withoutFullMask = (text: string) => text.replace(/^([\d.]+)\/32$|^([^/]*:[^/]*)\/128$/, '$1$2')
