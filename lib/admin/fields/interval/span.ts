/*
 * Intervals as Postgres writes them ('1 year 2 mons -3 days +04:05:06.789') and as people type them ('2 weeks',
 * '1.5 hours', '90 min', '04:05', 'P1DT2H'). Pure.
 */

export type Unit = 'year' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second'

/** One part as written: the number keeps its sign and decimals. */
export interface Part {
  amount: string
  unit: Unit
}

const UNITS: Record<string, Unit> = {
  y: 'year',
  yr: 'year',
  year: 'year',
  mon: 'month',
  month: 'month',
  w: 'week',
  week: 'week',
  d: 'day',
  day: 'day',
  h: 'hour',
  hr: 'hour',
  hour: 'hour',
  m: 'minute',
  min: 'minute',
  minute: 'minute',
  s: 'second',
  sec: 'second',
  second: 'second',
}

const PART = /^([+-]?\d{1,12}(?:\.\d{0,12})?)\s*([a-z]+)\s*/i
const CLOCK = /^([+-]?)(\d{1,10}):(\d{2})(?::(\d{2}(?:\.\d*)?))?\s*/

/** Reads an interval into its parts; undefined where it is none. 'ago' turns every sign. */
export function readSpan(text: string): Part[] | undefined {
  const iso = text.trim().match(/^P(?!$)((?:-?\d+(?:\.\d+)?[YMWD])*)(?:T((?:-?\d+(?:\.\d+)?[HMS])+))?$/i)
  if (iso) return [...isoParts(iso[1] ?? '', 'M', 'month'), ...isoParts(iso[2] ?? '', 'M', 'minute')]
  let rest = text.trim().replace(/^@\s*/, '')
  const isAgo = /\sago$/i.test(rest)
  if (isAgo) rest = rest.replace(/\s+ago$/i, '')
  const parts: Part[] = []
  while (rest) {
    const clock = rest.match(CLOCK)
    const part = clock ? undefined : rest.match(PART)
    const unit = part && UNITS[(part[2] ?? '').toLowerCase().replace(/(?<=..)s$/, '')]
    if (clock) {
      const [, sign = '', hours = '0', minutes = '0', seconds = '0'] = clock
      parts.push(
        { amount: sign + hours, unit: 'hour' },
        { amount: sign + minutes, unit: 'minute' },
        { amount: sign + seconds, unit: 'second' },
      )
    } else if (part && unit) parts.push({ amount: part[1] ?? '0', unit })
    else return undefined
    rest = rest.slice((clock ?? part)?.[0].length)
  }
  if (parts.length === 0) return undefined
  return isAgo ? parts.map(({ amount, unit }) => ({ amount: turn(amount), unit })) : parts
}

function isoParts(text: string, shared: string, sharedUnit: Unit): Part[] {
  return [...text.matchAll(/(-?\d+(?:\.\d+)?)([YMWDHMS])/gi)].map(([, amount = '0', letter = '']) => ({
    amount,
    unit: letter.toUpperCase() === shared ? sharedUnit : (UNITS[letter.toLowerCase()] ?? 'day'),
  }))
}

const turn = (amount: string) => (amount.startsWith('-') ? amount.slice(1) : `-${amount.replace(/^\+/, '')}`)
