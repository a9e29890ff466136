import { readDecimal } from './decimal/decimal'
import type { FormatContext } from './field'
import { spokenLocale } from './spoken'
import { type Moment, momentText, offsetText, readMoment, wallOf } from './timestamp/moment'
import { offsetAt, wallInZone } from './timestamp/zone'

/*
 * How values read in the person's language and zone. Intl formatters are kept, since making one costs more than
 * formatting a whole page with it. Numbers and dates that JavaScript cannot hold exactly are formatted by their digits.
 */

type Formatter = Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat

const formatters = new Map<string, Formatter>()

function keep<T extends Formatter>(key: string, make: () => T): T {
  const kept = formatters.get(key)
  if (kept) return kept as T
  const made = make()
  formatters.set(key, made)
  return made
}

/** What options are called in a formatter's key; most are the same few objects again and again. */
const names = new WeakMap<object, string>()

function nameOf(options: object): string {
  const known = names.get(options)
  if (known !== undefined) return known
  const name = JSON.stringify(options)
  names.set(options, name)
  return name
}

const PLAIN: Intl.NumberFormatOptions = {}

/** A formatter of Intl's own for the language, made once. The options are not to be changed afterwards. */
export function numberFormat(locale: string, options = PLAIN): Intl.NumberFormat {
  return keep(`n${locale}${nameOf(options)}`, () => new Intl.NumberFormat(locale, options))
}

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const spoken = spokenLocale(locale)
  return keep(`d${spoken}${nameOf(options)}`, () => new Intl.DateTimeFormat(spoken, { ...options, timeZone: 'UTC' }))
}

/** A number's text with its digits grouped, exactly, whatever its size: '-1234567.50' → '-1,234,567.50'. */
export function groupDigits(text: string, locale: string): string {
  const decimal = readDecimal(text)
  if (!decimal || decimal === 'huge' || decimal.whole.length > 40) return text
  const { isNegative, whole, fraction } = decimal
  const grouped = numberFormat(locale).format(BigInt(whole || '0'))
  const point = fraction && separatorOf(locale) + localDigits(fraction, locale)
  return `${isNegative ? '-' : ''}${grouped}${point}`
}

function separatorOf(locale: string): string {
  return (
    numberFormat(locale)
      .formatToParts(1.5)
      .find(({ type }) => type === 'decimal')?.value ?? '.'
  )
}

function localDigits(digits: string, locale: string): string {
  const format = numberFormat(locale, { useGrouping: false })
  return format.format(0) === '0' ? digits : [...digits].map((digit) => format.format(Number(digit))).join('')
}

/** '3.4' → '€3.40'. Beyond fifteen digits the number is grouped exactly and the currency's code stands behind it. */
export function formatMoney(text: string, currency: string, locale: string): string {
  return exactly(text, locale, (number) => moneyFormat(locale, currency).format(number), ` ${currency}`)
}

const moneyFormat = (locale: string, currency: string) =>
  keep(`m${locale}${currency}`, () => new Intl.NumberFormat(locale, { style: 'currency', currency }))

/** '7.00' → '7%': the value is the percentage itself, not a share of one. */
export function formatPercent(text: string, locale: string): string {
  return exactly(text, locale, (number) => numberFormat(locale, PERCENT).format(number), '%')
}

const PERCENT: Intl.NumberFormatOptions = { style: 'unit', unit: 'percent', maximumFractionDigits: 2 }

/** Decimal units, as disks are sold: '1200' → '1.2 kB'. */
export function formatBytes(text: string, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte']
  return exactly(text, locale, (number) => {
    const step = Math.min(Math.max(Math.floor(Math.log10(Math.max(Math.abs(number), 1)) / 3), 0), units.length - 1)
    const unitDisplay = step === 0 ? 'long' : 'short'
    const options: Intl.NumberFormatOptions = {
      style: 'unit',
      unit: units[step],
      unitDisplay,
      maximumFractionDigits: 1,
    }
    return numberFormat(locale, options).format(number / 1000 ** step)
  })
}

function exactly(text: string, locale: string, format: (number: number) => string, suffix = ''): string {
  const decimal = readDecimal(text)
  if (!decimal || decimal === 'huge') return text
  return decimal.whole.length > 15 ? groupDigits(text, locale) + suffix : format(Number(text))
}

/** '12 Dec 2026' of a date's or timestamp's text. */
export function formatDate(text: string, locale: string): string {
  const moment = readMoment(text)
  if (moment === 'infinity' || moment === '-infinity') return moment
  const wall = moment ? wallOf({ ...moment, hour: 0, minute: 0, second: 0, fraction: '' }) : Number.NaN
  return moment && !Number.isNaN(wall) ? dateFormat(locale, hasEra(moment) ? DAY_OF_ERA : DAY).format(wall) : text
}

/** '12 Dec 2026, 06:00' of a timestamp's text; one with an offset is shown as clocks in `timeZone` do. */
export function formatDateTime(text: string, context: FormatContext, seconds: 'never' | 'ifAny' = 'never'): string {
  const moment = readMoment(text)
  if (moment === 'infinity' || moment === '-infinity') return moment
  const wall = moment ? placeInZone(moment, context.timeZone) : Number.NaN
  if (!moment || Number.isNaN(wall)) return text
  const clock = seconds === 'ifAny' && moment.second > 0 ? TO_THE_SECOND : TO_THE_MINUTE
  return dateFormat(context.locale, hasEra(moment) ? { ...clock, ...ERA } : clock).format(wall)
}

/** The exact moment for a tooltip, to the microsecond, with its offset: '2026-12-12 06:00:00.5 +01:00 Europe/Berlin'. */
export function exactMoment(text: string, timeZone: string): string {
  const moment = readMoment(text)
  if (!moment || typeof moment !== 'object' || moment.offset === undefined) return text
  const wall = wallInZone(moment, timeZone)
  if (Number.isNaN(wall)) return text
  const offset = offsetAt(wallOf(moment) - moment.offset * 1000, timeZone)
  return `${momentText(wall, moment.fraction)} ${offsetText(offset)} ${timeZone}`
}

const FRESH_MS = 7 * 86_400_000

/**
 * 'now', '2 min ago', 'in 3 hr', 'yesterday' within a week of `context.now`; undefined beyond it, where the date itself
 * says more. `instant` is in milliseconds.
 */
export function relativeTime(instant: number, context: FormatContext): string | undefined {
  const distance = instant - context.now.getTime()
  if (!(Math.abs(distance) < FRESH_MS)) return undefined
  const seconds = Math.trunc(distance / 1000)
  const format = keep(
    `r${context.locale}`,
    () =>
      new Intl.RelativeTimeFormat(spokenLocale(context.locale), {
        numeric: 'auto',
        style: 'short',
      }),
  )
  if (Math.abs(seconds) < 45) return format.format(0, 'second')
  const minutes = Math.round(seconds / 60)
  if (Math.abs(minutes) < 60) return format.format(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  if (Math.abs(hours) < 24) return format.format(hours, 'hour')
  return format.format(Math.round(hours / 24), 'day')
}

/** Elements of a list in one line, as many as fit the eye: above four, three and "n more". */
export function formatList(parts: readonly string[], locale: string): string {
  if (parts.length <= 4) return parts.join(', ')
  return `${parts.slice(0, 3).join(', ')} and ${numberFormat(locale).format(parts.length - 3)} more`
}

/** 'low_stock' → 'Low stock': an enum's value in words. Values that are written with care keep their spelling. */
export function wordsOf(value: string): string {
  if (!/^[a-z\d]+([_-][a-z\d]+)*$|^[A-Z\d]+(_[A-Z\d]+)+$/.test(value)) return value
  const words = value.replace(/[_-]+/g, ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const ERA = { era: 'short' } as const
const DAY = { day: 'numeric', month: 'short', year: 'numeric' } as const
const DAY_OF_ERA = { ...DAY, ...ERA }
const TO_THE_MINUTE = { ...DAY, hour: '2-digit', minute: '2-digit' } as const
const TO_THE_SECOND = { ...TO_THE_MINUTE, second: '2-digit' } as const

const hasEra = (moment: Moment) => moment.year <= 0

function placeInZone(moment: Moment, zone: string): number {
  return moment.offset === undefined ? wallOf(moment) : wallInZone(moment, zone)
}
