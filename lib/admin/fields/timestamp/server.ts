import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { FormatContext, Operator, Parsed } from '../field'
import { formatDateTime } from '../format'
import { edgeOfDay, outOfRange, placeTyped, readTyped, tooFine } from './check'
import { momentText, offsetText, wallOf } from './moment'

const EXAMPLE = '2026-12-24 18:00'

/** Checks a timestamp without zone: what the clock shows, wherever. Postgres would ignore an offset; it is refused. */
export function parseTimestamp(input: string, sqlType: string, context: FormatContext): Parsed {
  const moment = readTyped(input, context, EXAMPLE)
  if (typeof moment !== 'object') return ok(moment)
  if ('message' in moment) return refuse(moment.message)
  if (moment.offset !== undefined) return refuse(`This moment has no zone: leave out ${offsetText(moment.offset)}.`)
  const problem = outOfRange(moment, 'timestamp') ?? tooFine(moment.fraction, typeArgument(columnType(sqlType)))
  if (problem) return refuse(problem)
  const wall = wallOf(moment)
  return ok(Number.isNaN(wall) ? input.trim() : momentText(wall, moment.fraction))
}

/** Checks a moment: with an offset it is taken as it is, without one it is what clocks in the site's zone show. */
export function parseTimestamptz(input: string, sqlType: string, context: FormatContext): Parsed {
  const moment = readTyped(input, context, EXAMPLE)
  if (typeof moment !== 'object') return ok(moment)
  if ('message' in moment) return refuse(moment.message)
  const problem = outOfRange(moment, 'timestamp') ?? tooFine(moment.fraction, typeArgument(columnType(sqlType)))
  if (problem) return refuse(problem)
  if (moment.offset !== undefined && Number.isNaN(wallOf(moment))) return ok(input.trim())
  return placeTyped(moment, context)
}

/** A day stands for its first instant, and behind `lte` for its last. Without a zone the day is that of the column. */
function operand(input: string, sqlType: string, context: FormatContext, operator: Operator | undefined): Parsed {
  const moment = readTyped(input, context, EXAMPLE)
  const isZoned = columnType(sqlType).base === 'timestamptz'
  if (typeof moment !== 'object' || 'message' in moment || moment.hasTime || Number.isNaN(wallOf(moment))) {
    return (isZoned ? parseTimestamptz : parseTimestamp)(input, '', context)
  }
  const edge = operator === 'lte' ? 'end' : 'start'
  const text = edgeOfDay(moment, isZoned ? context.timeZone : 'UTC', edge)
  return ok(isZoned ? text : text.replace('+00', ''))
}

const MOMENT = {
  longest: 100,
  operators: ['gte', 'lte', 'empty'],
  filter: 'datetime',
  format: (text: string, _field: unknown, context: FormatContext) => formatDateTime(text, context, 'ifAny'),
} as const

/** What a clock shows, without saying where. */
export const timestamp = defineKind({
  ...MOMENT,
  name: 'timestamp',
  parse: (input, field, context) => parseTimestamp(input, field.column.sqlType, context),
  parseOperand: (input, field, context, operator) => operand(input, field.column.sqlType, context, operator),
})

/** A moment, shown and typed in the site's zone. A save without a change never shifts it: its text is not parsed then. */
export const timestamptz = defineKind({
  ...MOMENT,
  name: 'timestamptz',
  parse: (input, field, context) => parseTimestamptz(input, field.column.sqlType, context),
  parseOperand: (input, field, context, operator) => operand(input, field.column.sqlType, context, operator),
})
