import { defineKind, ok, refuse } from '../define-kind'
import type { FormatContext, Parsed } from '../field'
import { formatDate } from '../format'
import { outOfRange, readTyped } from '../timestamp/check'
import { dayText, wallOf } from '../timestamp/moment'

const EXAMPLE = '2026-12-24'

/** Checks a day of the calendar; it has no zone and is never shifted by one. */
export function parseDate(input: string, context: FormatContext): Parsed {
  const moment = readTyped(input, context, EXAMPLE)
  if (typeof moment !== 'object') return ok(moment)
  if ('message' in moment) return refuse(moment.message)
  if (moment.hasTime || moment.offset !== undefined) return refuse(`Only a day fits here, like ${EXAMPLE}.`)
  const wall = wallOf(moment)
  const problem = outOfRange(moment, 'date')
  if (problem) return refuse(problem)
  return ok(Number.isNaN(wall) ? input.trim() : dayText(wall))
}

export const date = defineKind({
  name: 'date',
  longest: 100,
  operators: ['eq', 'gte', 'lte', 'not', 'empty'],
  filter: 'date',
  parse: (input, _field, context) => parseDate(input, context),
  format: (text, _field, context) => formatDate(text, context.locale),
})
