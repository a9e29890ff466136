import { type Moment, momentText, readMoment, wallOf } from './moment'

/*
 * Between instants and what clocks show in a zone. Offsets come from Intl, so they are those of the running browser's
 * or server's time zone data. Pure, for both halves of the date kinds.
 */

const clocks = new Map<string, Intl.DateTimeFormat>()

const DAY = 86_400_000
const MOST_DAYS = 20_000

/** Milliseconds a zone is ahead of UTC all through a day of UTC, by zone and day; undefined on days when clocks change. */
const steadyDays = new Map<string, number | undefined>()

/** What a clock in `zone` shows at an instant, as a wall instant (milliseconds, read as UTC). */
export function wallAt(instant: number, zone: string): number {
  if (zone === 'UTC') return instant
  const ahead = aheadAllDay(Math.floor(instant / DAY), zone)
  return ahead === undefined ? askWall(instant, zone) : instant + ahead
}

function aheadAllDay(day: number, zone: string): number | undefined {
  const key = `${zone} ${day}`
  if (steadyDays.has(key)) return steadyDays.get(key)
  const [first, last] = [day * DAY, (day + 1) * DAY - 1]
  const ahead = askWall(first, zone) - first
  const steady = askWall(last, zone) - last === ahead ? ahead : undefined
  if (steadyDays.size >= MOST_DAYS) steadyDays.clear()
  steadyDays.set(key, steady)
  return steady
}

/** Asks Intl, which takes as long as drawing a row. */
function askWall(instant: number, zone: string): number {
  const parts: Record<string, string> = {}
  for (const { type, value } of clockOf(zone).formatToParts(instant)) parts[type] = value
  const year = parts.era?.startsWith('B') ? 1 - Number(parts.year) : Number(parts.year)
  const millis = ((instant % 1000) + 1000) % 1000
  return wallOf({
    year,
    month: Number(parts.month),
    day: Number(parts.day),
    hour: Number(parts.hour),
    minute: Number(parts.minute),
    second: Number(parts.second),
    fraction: String(millis).padStart(3, '0'),
    hasTime: true,
  })
}

/** Seconds east of UTC in `zone` at an instant. */
export function offsetAt(instant: number, zone: string): number {
  return Math.round((wallAt(instant, zone) - instant) / 1000)
}

/**
 * The instants at which clocks in `zone` show `wall`: one as a rule, two where clocks go back over it (the earlier
 * first), none where they jump over it.
 */
export function instantsAt(wall: number, zone: string): number[] {
  const [before, after] = [offsetAt(wall - DAY, zone), offsetAt(wall + DAY, zone)]
  const candidates = [...new Set([before, after])].map((offset) => wall - offset * 1000)
  return candidates.filter((instant) => wallAt(instant, zone) === wall).sort((a, b) => a - b)
}

/** Where clocks jump over `wall`: the instant of the jump, what they show before it and after. */
export function jumpOver(wall: number, zone: string): { instant: number; from: number; to: number } {
  const [before, after] = [offsetAt(wall - DAY, zone), offsetAt(wall + DAY, zone)]
  let [low, high] = [Math.floor((wall - DAY) / 1000), Math.ceil((wall + DAY) / 1000)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle * 1000, zone) === before) low = middle
    else high = middle
  }
  const instant = high * 1000
  return { instant, from: instant + before * 1000, to: instant + after * 1000 }
}

/**
 * What the text of a timestamptz (`2026-12-12 05:00:00.5+00`) shows in `zone`, to the microsecond: `2026-12-12
 * 06:00:00.5`. Texts it cannot place (infinity, beyond the year 275,760, no timestamp at all) come back as they are.
 */
export function textInZone(text: string, zone: string): string {
  const moment = readMoment(text)
  if (!moment || typeof moment !== 'object' || moment.offset === undefined) return text
  const wall = wallInZone(moment, zone)
  return Number.isNaN(wall) ? text : momentText(wall, moment.fraction)
}

/** The same as a wall instant; NaN beyond the year 275,760. */
export function wallInZone(moment: Moment, zone: string): number {
  const instant = wallOf(moment) - (moment.offset ?? 0) * 1000
  return Number.isNaN(instant) || Math.abs(instant) > 8.64e15 - DAY ? Number.NaN : wallAt(instant, zone)
}

function clockOf(zone: string): Intl.DateTimeFormat {
  const kept = clocks.get(zone)
  if (kept) return kept
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(zone, made)
  return made
}
