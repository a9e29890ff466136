import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { FieldKind, Parsed } from '../field'
import { tooFine } from '../timestamp/check'

const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d*))?)?\s*([ap]m)?\s*(Z|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?)?$/i

/** Checks a time of day. One with a zone needs its offset: Postgres would take its own session's in silence. */
function parseTime(input: string, sqlType: string, hasZone: boolean): Parsed {
  const match = input.trim().match(TIME)
  const example = hasZone ? '06:30+01' : '06:30'
  if (!match) return refuse(`Write a time, like ${example}.`)
  const [, hours, minutes = '', seconds = '00', fraction = '', half, offset] = match
  const hour = hourOf(Number(hours), half)
  const isMidnight = hour === 24 && Number(minutes) === 0 && Number(seconds) === 0 && /^0*$/.test(fraction)
  if (hour === undefined || (hour > 23 && !isMidnight) || Number(minutes) > 59 || Number(seconds) > 59) {
    return refuse('Times run from 00:00 to 24:00.')
  }
  if (hasZone && !offset) return refuse(`Add the offset from UTC, like ${example}.`)
  if (!hasZone && offset) return refuse(`This time has no zone: leave out ${offset}.`)
  const problem = tooFine(fraction, typeArgument(columnType(sqlType)))
  if (problem) return refuse(problem)
  const exact = fraction.replace(/0+$/, '')
  return ok(`${String(hour).padStart(2, '0')}:${minutes}:${seconds}${exact && `.${exact}`}${shortOffset(offset)}`)
}

function hourOf(hour: number, half: string | undefined): number | undefined {
  if (!half) return hour
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
}

/** As Postgres writes it: '+01', '+05:30'. */
function shortOffset(offset: string | undefined): string {
  if (!offset) return ''
  if (/^z$/i.test(offset)) return '+00'
  const [, sign, hours = '', minutes, seconds] = offset.match(/^([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?$/) ?? []
  const tail = seconds && seconds !== '00' ? `:${minutes}:${seconds}` : minutes && minutes !== '00' ? `:${minutes}` : ''
  return `${sign}${hours.padStart(2, '0')}${tail}`
}

function timeKind(name: 'time' | 'timetz'): FieldKind {
  return defineKind({
    name,
    longest: 100,
    operators: ['eq', 'gte', 'lte', 'not', 'empty'],
    parse: (input, field) => parseTime(input, field.column.sqlType, name === 'timetz'),
    format: (text) => text.replace(/^(\d\d:\d\d):00(?![.\d])/, '$1'),
  })
}

/** A time of day. */
export const time = timeKind('time')

/** A time of day with its offset from UTC. */
export const timetz = timeKind('timetz')
