import type { CellFormat, Tone } from '../define'
import type { CellView } from '../view'
import type { FieldKind, FormatContext, KindField, Text } from './field'
import {
  exactMoment,
  formatBytes,
  formatDate,
  formatDateTime,
  formatList,
  formatMoney,
  formatPercent,
  groupDigits,
  relativeTime,
} from './format'
import { instantOf, readMoment } from './timestamp/moment'

/** A field as cells need it: its kind and the colours of its values. */
export interface CellField extends KindField {
  kind: FieldKind
  tones?: Readonly<Record<string, Tone>>
}

export interface CellOptions {
  format?: CellFormat
  /** ISO 4217, for `format: 'money'`. Default EUR. */
  currency?: string
  /** Where the value's record opens, and what it is called there. */
  href?: string
  label?: string
}

const CUT = 140
/** A text longer than this is cut in a list; what is behind stays on the record's page. */
export const MOST_LISTED = 1000

/**
 * One value as a list or a read-only place draws it. Long text is cut at 140 characters with the whole in `full`; a
 * moment is relative for a week, with the exact one in `title`. `text` is what the kind's `select` gave.
 */
export function viewCell(text: Text, field: CellField, context: FormatContext, options: CellOptions = {}): CellView {
  const { format, currency, href, label } = options
  const base = { kind: cellKind(field.kind.name, format), href, format }
  if (text === null) return { ...base, text: null, display: '' }
  const tone = field.tones?.[text]
  const display = label ?? (format ? formatAs(text, format, currency, context) : shortly(text, field, context))
  return { ...base, ...cut(display), text: text.slice(0, MOST_LISTED), tone, title: titleOf(text, display, context) }
}

/** The same for a value that a column computes: numbers, texts, booleans, Dates, lists of them, or nothing. */
export function viewComputed(value: unknown, context: FormatContext, options: CellOptions = {}): CellView {
  const { format, currency, href } = options
  const text = computedText(value)
  const kind = cellKind(computedKind(value), format)
  if (text === null) return { kind, text: null, display: '', href, format }
  const display = Array.isArray(value)
    ? formatList(
        value.map((part) => computedText(part) ?? 'none'),
        context.locale,
      )
    : format
      ? formatAs(text, format, currency, context)
      : computedDisplay(value, text, context)
  return {
    kind,
    href,
    format,
    ...cut(display),
    text: text.slice(0, MOST_LISTED),
    title: titleOf(text, display, context),
  }
}

function shortly(text: string, field: CellField, context: FormatContext): string {
  if (field.kind.name === 'timestamptz') return relativeText(text, context)
  if (field.kind.name === 'timestamp') return formatDateTime(text, context)
  return field.kind.format(text, field, context)
}

function formatAs(text: string, format: CellFormat, currency = 'EUR', context: FormatContext): string {
  switch (format) {
    case 'money':
      return formatMoney(text, currency, context.locale)
    case 'percent':
      return formatPercent(text, context.locale)
    case 'bytes':
      return formatBytes(text, context.locale)
    case 'number':
      return groupDigits(text, context.locale)
    case 'boolean':
      return isYes(text) ? 'Yes' : 'No'
    case 'date':
      return formatDate(text, context.locale)
    case 'datetime':
      return formatDateTime(text, context)
    case 'relative':
      return relativeText(text, context)
  }
}

const isYes = (text: string) => ['true', 't', '1', 'yes'].includes(text)

/** '2 min ago' while fresh; beyond a week the day itself, with the year only a date format leaves out by itself. */
function relativeText(text: string, context: FormatContext): string {
  const moment = readMoment(text)
  if (!moment || typeof moment !== 'object') return text
  if (!moment.hasTime || moment.offset === undefined)
    return moment.hasTime ? formatDateTime(text, context) : formatDate(text, context.locale)
  return relativeTime(instantOf(moment), context) ?? formatDateTime(text, context)
}

/** The exact value where the display is not: for moments and rounded numbers. */
function titleOf(text: string, display: string, context: FormatContext): string | undefined {
  const moment = text.length < 60 ? readMoment(text) : undefined
  const exact = typeof moment === 'object' && moment.hasTime ? exactMoment(text, context.timeZone) : undefined
  return exact !== undefined && exact !== display ? exact : undefined
}

function cut(display: string): { display: string; full?: string } {
  const line = display.replace(/\s+/g, ' ')
  if (line.length <= CUT) return { display: line }
  const shown = [...line.slice(0, CUT + 10)].slice(0, CUT - 1).join('')
  return {
    display: `${shown.trimEnd()}…`,
    full: display.length > MOST_LISTED ? `${display.slice(0, MOST_LISTED)}…` : display,
  }
}

/** Which drawing serves it: a declared format is drawn as what it says. */
function cellKind(kind: string, format: CellFormat | undefined): string {
  if (format === 'boolean') return 'boolean'
  if (format === 'money' || format === 'percent' || format === 'bytes' || format === 'number') return 'decimal'
  if (format === 'relative' || format === 'date' || format === 'datetime') return 'timestamptz'
  return kind
}

function computedKind(value: unknown): string {
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number' || typeof value === 'bigint') return 'decimal'
  if (value instanceof Date) return 'timestamptz'
  return Array.isArray(value) ? 'array' : typeof value === 'object' && value !== null ? 'json' : 'text'
}

/** The whole text of a computed value, as exports carry it. */
export function computedText(value: unknown): Text {
  if (value === null || value === undefined) return null
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? null : value.toISOString().replace('T', ' ').replace('Z', '+00')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function computedDisplay(value: unknown, text: string, context: FormatContext): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'number' && !Number.isInteger(value))
    return groupDigits(String(Math.round(value * 100) / 100), context.locale)
  if (typeof value === 'number' || typeof value === 'bigint') return groupDigits(text, context.locale)
  return value instanceof Date ? relativeText(text, context) : text
}
