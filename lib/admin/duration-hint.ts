import { closest } from 'fastest-levenshtein'

const UNITS: Record<string, string> = {
  milliseconds: 'ms',
  millis: 'ms',
  seconds: 's',
  secs: 's',
  minutes: 'm',
  mins: 'm',
  hours: 'h',
  hrs: 'h',
  days: 'd',
  weeks: 'w',
}

/** What would be right in place of a duration that is none: '5 minuts' → 'Did you mean “5m”?' */
export function durationHint(text: unknown): string {
  const forms = "Durations look like '30s', '5m', '1h30m', '1d'."
  if (typeof text === 'number') return `${forms} ${text} would be '${text}ms' or '${text}s'.`
  if (typeof text !== 'string') return forms
  const [, sign, count, unit] = text.trim().match(/^(-?)\s*(\d+(?:\.\d+)?)\s*([a-z]*)$/i) ?? []
  if (count === undefined || Number(count) === 0) return forms
  if (sign) return `${forms} It cannot be negative.`
  if (!unit) return `${forms} Did you mean “${count}s”?`
  const word = closest(unit.toLowerCase(), Object.keys(UNITS))
  // A short word is near to everything: only its first letter says enough then.
  return word.startsWith(unit.charAt(0).toLowerCase()) ? `Did you mean “${count}${UNITS[word]}”?` : forms
}
