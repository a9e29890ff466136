import { Cron } from 'croner'
import { formatDuration, parseDuration } from '@/lib/db/duration'
import type { Schedule } from './task'

/** What is wrong with a schedule, and what would be right. */
export interface ScheduleMistake {
  message: string
  hint: string
}

const FIELDS = ['minute', 'hour', 'day', 'month', 'weekday']

/** An interval of seconds or of a span's text; an object without `after` says what is wrong. */
export function everySchedule(every: number | string): Schedule | ScheduleMistake {
  const everyMs = typeof every === 'number' ? Math.round(every * 1000) : parseDuration(every)
  if (everyMs === undefined || !(everyMs >= 100 && everyMs <= 400 * 86_400_000)) {
    return {
      message: `every is ${JSON.stringify(every)}.`,
      hint: "Seconds, or a span from '1s' to '400d' such as '5m'.",
    }
  }
  return { text: `every ${formatDuration(everyMs)}`, everyMs, after: (moment) => new Date(moment.getTime() + everyMs) }
}

/** A cron pattern in a zone; an object without `after` says what is wrong, and at which character. */
export function cronSchedule(pattern: string, zone = 'UTC'): Schedule | ScheduleMistake {
  const mistake = zoneMistake(zone) ?? patternMistake(pattern)
  if (mistake) return mistake
  const cron = new Cron(pattern, { timezone: zone, paused: true })
  const after = (moment: Date) => cron.nextRun(moment) ?? undefined
  if (!after(new Date())) {
    return { message: `cron "${pattern}" names a moment that never comes.`, hint: 'Check the day and the month.' }
  }
  // A moment far in the future stands for never again: a year field can make a pattern end.
  return { text: `cron ${pattern} in ${zone}`, everyMs: undefined, after: (moment) => after(moment) ?? NEVER }
}

const NEVER = new Date('9999-12-31T00:00:00Z')

function zoneMistake(zone: string): ScheduleMistake | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return undefined
  } catch {
    return { message: `zone "${zone}" is not a time zone.`, hint: "An IANA name such as 'Europe/Berlin'." }
  }
}

function patternMistake(pattern: string): ScheduleMistake | undefined {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(pattern)) return undefined
  const fields = [...pattern.matchAll(/\S+/g)].map((match) => ({ text: match[0], at: match.index + 1 }))
  const hint = 'Five fields: minute hour day month weekday, or six with seconds first.'
  if (fields.length < 5 || fields.length > 6) {
    return { message: `cron "${pattern}" has ${fields.length} fields, at character ${pattern.length + 1}.`, hint }
  }
  const names = fields.length === 6 ? ['second', ...FIELDS] : FIELDS
  for (const [index, { text, at }] of fields.entries()) {
    // Each field alone among stars: the one that is refused is the one that is wrong.
    const alone = names.map((_, other) => (other === index ? text : '*')).join(' ')
    const reason = refusal(alone)
    if (reason)
      return { message: `cron "${pattern}": ${names[index]} "${text}" at character ${at} is wrong (${reason}).`, hint }
  }
  const reason = refusal(pattern)
  return reason ? { message: `cron "${pattern}" at character 1: ${reason}.`, hint } : undefined
}

function refusal(pattern: string): string | undefined {
  try {
    new Cron(pattern, { paused: true, mode: '5-or-6-parts' })
    return undefined
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern:\s*/, '').replace(/\.$/, '')
  }
}
