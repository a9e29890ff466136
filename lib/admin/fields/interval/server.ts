import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { FormatContext, Parsed } from '../field'
import { numberFormat } from '../format'
import { tooFine } from '../timestamp/check'
import { type Part, readSpan, type Unit } from './span'

const FINENESS: readonly Unit[] = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second']
/** Checks a length of time. `interval day` and the like would drop what is finer; that is refused. */
function parseInterval(input: string, sqlType: string): Parsed {
  const parts = readSpan(input)
  if (!parts) return refuse('Write a length of time, like 2 days 4 hours or 01:30.')
  const type = columnType(sqlType)
  if (isTooLong(parts)) return refuse('This is longer than Postgres can hold.')
  const finest = type.fields?.match(/(\w+)$/)?.[1]
  const finer = parts.find(({ amount, unit }) => finest && isFiner(unit, finest) && Number(amount) !== 0)
  if (finer) return refuse(`Nothing finer than ${finest}s fits here.`)
  const seconds = parts.filter(({ unit }) => unit === 'second').map(({ amount }) => amount.split('.')[1] ?? '')
  const problem = seconds.map((fraction) => tooFine(fraction, typeArgument(type))).find(Boolean)
  return problem ? refuse(problem) : ok(input.trim())
}

const isFiner = (unit: Unit, than: string) => FINENESS.indexOf(unit) > FINENESS.indexOf(than as Unit)

/** Postgres counts months and days in 32 bits each, the rest as microseconds in 64. */
function isTooLong(parts: readonly Part[]): boolean {
  const total = (units: Partial<Record<Unit, number>>) =>
    parts.reduce((sum, { amount, unit }) => sum + Math.abs(Number(amount)) * (units[unit] ?? 0), 0)
  return (
    total({ year: 12, month: 1 }) >= 2 ** 31 ||
    total({ week: 7, day: 1 }) >= 2 ** 31 ||
    total({ hour: 3600e6, minute: 60e6, second: 1e6 }) > 2 ** 63
  )
}

/** '1 year 2 months', '1 day 4 hr 5 min': in the person's language. */
function formatInterval(text: string, context: FormatContext): string {
  const parts = readSpan(text)
  if (!parts) return text
  const shown = parts.filter(({ amount }) => Number(amount) !== 0)
  if (shown.length === 0) return unitText('0', 'minute', context.locale)
  return shown.map(({ amount, unit }) => unitText(amount, unit, context.locale)).join(' ')
}

function unitText(amount: string, unit: Unit, locale: string): string {
  const unitDisplay = ['year', 'month', 'week', 'day'].includes(unit) ? 'long' : 'short'
  return numberFormat(locale, { style: 'unit', unit, unitDisplay, maximumFractionDigits: 6 }).format(Number(amount))
}

export const interval = defineKind({
  name: 'interval',
  longest: 200,
  operators: ['gte', 'lte', 'eq', 'not', 'empty'],
  align: 'end',
  parse: (input, field) => parseInterval(input, field.column.sqlType),
  format: (text, _field, context) => formatInterval(text, context),
})
