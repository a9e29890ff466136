/*
 * Dates and times as Postgres writes them under ISO output, to the microsecond and with years before Christ.
 * Pure, for both halves of the date kinds. Instants are milliseconds since 1970 in UTC; a "wall" instant is what
 * clocks show, read as if it were UTC.
 */

export interface Moment {
  /** Astronomical: 1 BC is 0, 2 BC is -1. */
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  /** What stands behind the seconds' point, as typed. */
  fraction: string
  hasTime: boolean
  /** Seconds east of UTC, where the text said so. */
  offset?: number
}

export type Infinite = 'infinity' | '-infinity'

const MOMENT =
  /^(\d{1,7})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d*))?)?)?\s*(Z|UTC|[+-]\d{1,2}(?::?\d{2}(?::\d{2})?)?)?(?:\s+(BC|AD))?$/i

/** Reads the text of a date or timestamp; undefined where it is none. Whether the day exists is not asked here. */
export function readMoment(text: string): Readonly<Moment> | Infinite | undefined {
  if (lastRead?.text === text) return lastRead.moment
  const moment = parseMoment(text)
  lastRead = { text, moment }
  return moment
}

/** One cell reads its text several times over: for what it shows, and for the exact moment behind it. */
let lastRead: { text: string; moment: Readonly<Moment> | Infinite | undefined } | undefined

function parseMoment(text: string): Moment | Infinite | undefined {
  const trimmed = text.trim()
  if (/^[+]?infinity$/i.test(trimmed)) return 'infinity'
  if (/^-infinity$/i.test(trimmed)) return '-infinity'
  const match = trimmed.match(MOMENT)
  if (!match) return undefined
  const [, year = '', month, day, hour, minute, second, fraction = '', zone, era] = match
  if (year.length < 4 && !era) return undefined // '26-01-02' could be anything
  const isBc = era?.toUpperCase() === 'BC'
  if (Number(year) === 0) return undefined
  return {
    year: isBc ? 1 - Number(year) : Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction,
    hasTime: hour !== undefined,
    offset: zone === undefined ? undefined : readOffset(zone),
  }
}

/** Seconds east of UTC: '+05:30', '-08', 'Z'. */
export function readOffset(text: string): number {
  const match = text.match(/^([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?$/)
  if (!match) return 0
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -seconds : seconds
}

/** '+02:00', '-03:30', '+00:53:28'. */
export function offsetText(seconds: number): string {
  const size = Math.abs(seconds)
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60]
  if (size % 60) parts.push(size % 60)
  return (seconds < 0 ? '-' : '+') + parts.map(two).join(':')
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** Milliseconds of what the clock shows, read as UTC. NaN beyond what JavaScript's Date reaches (year 275,760). */
export function wallOf(moment: Moment): number {
  const date = new Date(0)
  date.setUTCFullYear(moment.year, moment.month - 1, moment.day)
  const millis = Number(moment.fraction.padEnd(3, '0').slice(0, 3))
  return date.getTime() + ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000 + millis
}

/** The instant of a moment whose offset is known (UTC unless said). */
export const instantOf = (moment: Moment) => wallOf(moment) - (moment.offset ?? 0) * 1000

/** `YYYY-MM-DD HH:MM:SS[.ffffff][ BC]` of a wall instant, with `fraction` in place of its milliseconds where given. */
export function momentText(wall: number, fraction?: string): string {
  const date = new Date(wall)
  const digits = (fraction ?? String(date.getUTCMilliseconds()).padStart(3, '0')).replace(/0+$/, '')
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return `${dayText(wall, false)} ${clock}${digits && `.${digits}`}${date.getUTCFullYear() <= 0 ? ' BC' : ''}`
}

/** `YYYY-MM-DD[ BC]` of a wall instant. */
export function dayText(wall: number, withEra = true): string {
  const date = new Date(wall)
  const year = date.getUTCFullYear()
  const shown = String(year <= 0 ? 1 - year : year).padStart(4, '0')
  return `${shown}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}${withEra && year <= 0 ? ' BC' : ''}`
}

const two = (part: number) => String(part).padStart(2, '0')
