const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** A span of time as a config spells it: '250ms', '30s', '5m', '1h30m', '1d'. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}` | (string & {})

/** Milliseconds of a duration's text, or undefined where it is none (or beyond ten thousand days). */
export function parseDuration(text: string): number | undefined {
  if (!/^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$/.test(text)) return undefined
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g)) {
    total += Number(count) * (UNITS[unit ?? ''] ?? 0)
  }
  return total <= 10_000 * 86_400_000 ? Math.round(total) : undefined
}

const MOST_WAIT_MS = 24 * 3_600_000

/** Milliseconds a Retry-After header asks for, in seconds or as a date; a day at most. Undefined where it says neither. */
export function parseRetryAfter(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined
  const wait = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), MOST_WAIT_MS)
}

/** '1h 30m', '5m', '250ms': milliseconds as people read them. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms)
  const parts: string[] = []
  for (const [unit, size] of Object.entries(UNITS).toReversed()) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return parts.slice(0, 2).join(' ') || '0s'
}
