import { refuse } from '../define-kind'
import type { FormatContext, Parsed } from '../field'
import { formatDate } from '../format'
import { daysInMonth, dayText, type Infinite, type Moment, momentText, offsetText, readMoment, wallOf } from './moment'
import { instantsAt, jumpOver, offsetAt, wallAt } from './zone'

/** The words of the day a person may type, as days from today in the site's zone. */
const SPOKEN: Record<string, number> = { today: 0, tomorrow: 1, yesterday: -1 }

/**
 * Reads what a person typed as a date or timestamp: ISO, or 'today', 'tomorrow', 'yesterday', 'now' in the site's zone.
 * `example` is quoted where it cannot be read.
 */
export function readTyped(
  input: string,
  context: FormatContext,
  example: string,
): Moment | Infinite | { message: string } {
  const word = input.trim().toLowerCase()
  const days = SPOKEN[word]
  if (days !== undefined || word === 'now') {
    const wall = wallAt(context.now.getTime() + (days ?? 0) * 86_400_000, context.timeZone)
    const moment = readMoment(word === 'now' ? momentText(wall) : dayText(wall))
    if (moment) return moment
  }
  const moment = readMoment(input)
  if (!moment) return { message: `Write it as year-month-day, like ${example}.` }
  if (typeof moment !== 'object') return moment
  const problem = impossible(moment)
  return problem ? { message: problem } : moment
}

function impossible(moment: Moment): string | undefined {
  if (moment.month < 1 || moment.month > 12) return `There is no month ${moment.month}.`
  const days = daysInMonth(moment.year, moment.month)
  if (moment.day < 1 || moment.day > days) {
    const month = new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' }).format(
      Date.UTC(2000, moment.month - 1),
    )
    return `${month} ${moment.year > 0 ? moment.year : `${1 - moment.year} BC`} has ${days} days.`
  }
  if (moment.hour > 23 || moment.minute > 59 || moment.second > 59) return 'Times run from 00:00 to 23:59:59.'
  if (moment.offset !== undefined && Math.abs(moment.offset) >= 16 * 3600) return 'Offsets stay within ±15:59.'
  return undefined
}

/** The last years Postgres holds; the first is 4713 BC. */
const LAST_YEAR = { date: 5_874_897, timestamp: 294_276 }

/** A message where the year lies outside what the type holds. */
export function outOfRange(moment: Moment, type: keyof typeof LAST_YEAR): string | undefined {
  if (moment.year >= -4712 && moment.year <= LAST_YEAR[type]) return undefined
  return `Years run from 4713 BC to ${LAST_YEAR[type]}.`
}

/** Decimals of a second beyond what the column keeps would be rounded; they are refused instead. */
export function tooFine(fraction: string, precision = 6): string | undefined {
  const exact = fraction.replace(/0+$/, '')
  if (exact.length <= precision) return undefined
  return precision === 0 ? 'Only whole seconds fit here.' : `At most ${precision} decimals of a second fit.`
}

/**
 * Places what clocks in the site's zone show. A time that clocks jump over is explained, and so is one they show twice:
 * nothing is moved in silence. `text` is the instant in UTC as Postgres writes it.
 */
export function placeTyped(moment: Moment, context: FormatContext): Parsed {
  const zone = context.timeZone
  const wall = wallOf({ ...moment, fraction: '' })
  if (Number.isNaN(wall)) return refuse('This date lies beyond what can be placed in a time zone.')
  const finish = (instant: number): Parsed => ({ ok: true, text: utcText(instant, moment.fraction) })
  if (moment.offset !== undefined) return finish(wall - moment.offset * 1000)
  const instants = instantsAt(wall, zone)
  const [first, second] = instants
  if (first !== undefined && second === undefined) return finish(first)
  const clock = clockText(wall)
  const day = formatDate(dayText(wall), context.locale)
  if (first !== undefined && second !== undefined) {
    const [early, late] = [first, second].map((instant) => offsetText(offsetAt(instant, zone)))
    return refuse(
      `${clock} comes twice on ${day} in ${zone}, as clocks go back. Write ${clock}${early} for the first, ${clock}${late} for the second.`,
    )
  }
  const { from, to } = jumpOver(wall, zone)
  return refuse(
    `${clock} does not exist on ${day} in ${zone}: clocks jump from ${clockText(from)} to ${clockText(to)}. Choose an earlier or later time.`,
  )
}

/** The first instant of a day in a zone, or the last microsecond of it, as filters need them. */
export function edgeOfDay(moment: Moment, zone: string, edge: 'start' | 'end'): string {
  const midnight =
    wallOf({ ...moment, hour: 0, minute: 0, second: 0, fraction: '' }) + (edge === 'end' ? 86_400_000 : 0)
  const start = instantsAt(midnight, zone)[0] ?? jumpOver(midnight, zone).instant
  return edge === 'start' ? utcText(start, '') : utcText(start - 1000, '999999')
}

/** `2026-12-12 05:00:00.5+00[ BC]` of an instant in milliseconds, with `fraction` behind its seconds. */
function utcText(instant: number, fraction: string): string {
  return momentText(instant, fraction).replace(/( BC)?$/, '+00$1')
}

function clockText(wall: number): string {
  return momentText(wall, '').match(/(\d\d:\d\d)(:00)?/)?.[1] ?? ''
}
