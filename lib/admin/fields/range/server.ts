import { columnType } from '../column-type'
import { parseDate } from '../date/server'
import { compareDecimals, readDecimal } from '../decimal/decimal'
import { parseDecimal } from '../decimal/server'
import { defineKind, ok, refuse } from '../define-kind'
import type { FormatContext, KindField, Parsed } from '../field'
import { formatDate, formatDateTime, groupDigits } from '../format'
import { parseInteger } from '../integer/server'
import { instantOf, readMoment } from '../timestamp/moment'
import { parseTimestamp, parseTimestamptz } from '../timestamp/server'
import { formatRange, type Range, readMultirange, readRange } from './text'

type Subtype = 'integer' | 'bigint' | 'numeric' | 'date' | 'timestamp' | 'timestamptz'

const SUBTYPES: Record<string, Subtype> = {
  int4: 'integer',
  int8: 'bigint',
  num: 'numeric',
  date: 'date',
  ts: 'timestamp',
  tstz: 'timestamptz',
}

const EXAMPLES: Record<Subtype, string> = {
  integer: '[1,10)',
  bigint: '[1,10)',
  numeric: '[1.5,10)',
  date: '[2026-01-01,2026-02-01)',
  timestamp: '[2026-01-01 08:00,2026-01-01 17:00)',
  timestamptz: '[2026-01-01 08:00,2026-01-01 17:00)',
}

/** The built-in range and multirange types, by name. Ranges of a person's own types are read-only ('unknown'). */
export const RANGE_TYPES = Object.keys(SUBTYPES).flatMap((name) => [`${name}range`, `${name}multirange`])

const subtypeOf = (sqlType: string): Subtype =>
  SUBTYPES[columnType(sqlType).base.replace(/(multi)?range$/, '')] ?? 'numeric'

function parseRange(input: string, sqlType: string, context: FormatContext): Parsed {
  const subtype = subtypeOf(sqlType)
  const isMulti = columnType(sqlType).base.endsWith('multirange')
  const example = isMulti ? `{${EXAMPLES[subtype]}}` : EXAMPLES[subtype]
  const ranges = isMulti ? readMultirange(input) : [readRange(input)]
  if (!ranges?.every((range) => range !== undefined)) {
    return refuse(`Write it like ${example}: “[” and “]” include the bound, “(” and “)” leave it out.`)
  }
  const texts: string[] = []
  for (const range of ranges) {
    const checked = range === 'empty' ? ok('empty') : checkRange(range, subtype, context)
    if (!checked.ok) return checked
    texts.push(checked.text ?? '')
  }
  return ok(isMulti ? `{${texts.join(',')}}` : (texts[0] ?? ''))
}

function checkRange(range: Range, subtype: Subtype, context: FormatContext): Parsed {
  const bounds: (string | null)[] = []
  for (const bound of [range.lower, range.upper]) {
    const parsed = bound === null ? undefined : parseBound(bound, subtype, context)
    if (parsed && !parsed.ok) return refuse(`${bound}: ${parsed.message}`)
    bounds.push(parsed?.text ?? null)
  }
  const [lower = null, upper = null] = bounds
  if (lower !== null && upper !== null && isAbove(lower, upper, subtype)) {
    return refuse('The lower bound stands first: it may not be above the upper one.')
  }
  return ok(formatRange({ ...range, lower, upper }))
}

function parseBound(bound: string, subtype: Subtype, context: FormatContext): Parsed {
  switch (subtype) {
    case 'integer':
    case 'bigint':
      return parseInteger(bound, subtype)
    case 'numeric':
      return parseDecimal(bound, 'numeric')
    case 'date':
      return parseDate(bound, context)
    case 'timestamp':
      return parseTimestamp(bound, 'timestamp', context)
    case 'timestamptz':
      return parseTimestamptz(bound, 'timestamptz', context)
  }
}

/** Only where both can be compared exactly; the rest (infinities, microseconds apart) Postgres judges. */
function isAbove(lower: string, upper: string, subtype: Subtype): boolean {
  if (subtype === 'integer' || subtype === 'bigint' || subtype === 'numeric') {
    const [a, b] = [readDecimal(lower), readDecimal(upper)]
    return typeof a === 'object' && typeof b === 'object' && compareDecimals(a, b) > 0
  }
  const [a, b] = [readMoment(lower), readMoment(upper)]
  return typeof a === 'object' && typeof b === 'object' && instantOf(a) > instantOf(b)
}

/** '1 Jan 2026 – 31 Jan 2026', 'from 5', 'below 10', 'empty'. Whole bounds are shown as what they include. */
function formatBounds(range: Range | 'empty' | undefined, field: KindField, context: FormatContext): string {
  if (range === undefined) return ''
  if (range === 'empty') return 'empty'
  const subtype = subtypeOf(field.column.sqlType)
  const isDiscrete = subtype === 'integer' || subtype === 'bigint' || subtype === 'date'
  const show = (bound: string) => formatBound(bound, subtype, context)
  const { lower, upper, isLowerIncluded, isUpperIncluded } = range
  const last = upper !== null && isDiscrete && !isUpperIncluded ? before(upper, subtype) : upper
  const includesLast = isUpperIncluded || last !== upper
  if (lower === null && last === null) return 'any'
  if (lower === null) return `${includesLast ? 'up to' : 'before'} ${show(last ?? '')}`
  const first = isLowerIncluded ? show(lower) : `after ${show(lower)}`
  if (last === null) return isLowerIncluded ? `from ${first}` : first
  if (includesLast && last === lower) return show(last)
  return isDiscrete || includesLast ? `${first} – ${show(last)}` : `${first} – before ${show(last)}`
}

function before(bound: string, subtype: Subtype): string {
  if (subtype !== 'date') return /^-?\d+$/.test(bound) ? String(BigInt(bound) - 1n) : bound
  const moment = readMoment(bound)
  if (typeof moment !== 'object' || moment.year < 1 || moment.year > 9999) return bound
  return new Date(instantOf(moment) - 86_400_000).toISOString().slice(0, 10)
}

function formatBound(bound: string, subtype: Subtype, context: FormatContext): string {
  if (subtype === 'date') return formatDate(bound, context.locale)
  if (subtype === 'timestamp' || subtype === 'timestamptz') return formatDateTime(bound, context, 'ifAny')
  return groupDigits(bound, context.locale)
}

/** Ranges and multiranges, typed as Postgres writes them; bounds without an offset are read in the site's zone. */
export const range = defineKind({
  name: 'range',
  longest: 10_000,
  operators: ['empty'],
  filter: 'none',
  parse: (input, field, context) => parseRange(input, field.column.sqlType, context),
  format(text, field, context) {
    if (!columnType(field.column.sqlType).base.endsWith('multirange'))
      return formatBounds(readRange(text), field, context) || text
    const ranges = readMultirange(text)
    return ranges ? ranges.map((range) => formatBounds(range, field, context)).join(', ') || 'empty' : text
  },
})
