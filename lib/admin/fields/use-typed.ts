'use client'

import { type ChangeEvent, useState } from 'react'
import type { FieldView } from '../view'
import type { FieldInputProps } from './input'

type Given = Pick<FieldInputProps, 'field' | 'value' | 'shown' | 'onChange'>

/**
 * What stands in a text box over a value: exactly what was typed while it is being typed, else the value as `show` puts
 * it (a moment in the site's zone, JSON in lines). Coming back to what was shown gives the record's own text, so that
 * a change undone by hand is no change.
 */
export function useTyped({ field, value, shown, onChange }: Given, show: (value: string) => string = asItIs) {
  const [draft, setDraft] = useState<{ value: string | null; typed: string }>()
  const typed = draft && draft.value === value ? draft.typed : value === null ? '' : show(value)

  function type(next: string): void {
    const isBack = shown !== null && shown !== undefined && next === show(shown)
    const text = isBack ? shown : next === '' ? emptied(field, shown) : next
    setDraft({ value: text, typed: next })
    if (text !== value) onChange(text)
  }

  return [typed, type] as const
}

/** What every box of one line has: a text field in which what is typed stays as it is. */
export const lineProps = (
  { id, onBlur, error, disabled }: FieldInputProps,
  typed: string,
  type: (next: string) => void,
) => ({
  id,
  value: typed,
  onChange: (event: ChangeEvent<HTMLInputElement>) => type(event.currentTarget.value),
  onBlur,
  error: Boolean(error),
  disabled,
  autoComplete: 'off',
  spellCheck: false,
})

const asItIs = (value: string) => value

const TEXTUAL = new Set(['text', 'textarea', 'richtext', 'markdown', 'email', 'url', 'colour', 'xml'])

/**
 * What an emptied box means: nothing, wherever a column may hold nothing or a value is required (the server then asks
 * for one). Empty text only where it stood before, or where the column allows nothing else.
 */
function emptied(field: FieldView, shown: string | null | undefined): string | null {
  if (!TEXTUAL.has(field.kind)) return null
  if (shown === '') return ''
  return field.isNullable || field.isRequired ? null : ''
}
