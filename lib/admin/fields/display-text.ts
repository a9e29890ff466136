import type { FieldView } from '../view'
import { formatDate, formatDateTime, groupDigits } from './format'
import { findJsonMistake, layOutJson } from './json/text'

const NUMBERS = new Set(['integer', 'bigint', 'decimal', 'float'])

/** A value's text as a person reads it, in the browser: what a comparison of values shows. */
export function displayText(field: FieldView | undefined, text: string | null): string {
  if (text === null) return 'none'
  if (text === '') return 'empty'
  if (!field) return text
  const choice = field.choices?.find(({ value }) => value === text)
  if (choice) return choice.label
  if (field.kind === 'boolean') return text === 'true' || text === 't' ? 'Yes' : 'No'
  if (field.kind === 'date') return formatDate(text, field.locale)
  if (field.kind === 'timestamp' || field.kind === 'timestamptz') {
    return formatDateTime(text, { locale: field.locale, timeZone: field.timeZone, now: new Date() }, 'ifAny')
  }
  if (NUMBERS.has(field.kind)) return groupDigits(text, field.locale)
  return field.kind === 'json' && !findJsonMistake(text) ? layOutJson(text) : text
}
