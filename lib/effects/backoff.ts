import { parseDuration } from '@/lib/db/duration'
import type { Backoff, HandlerOptions } from './handler'

const SECOND = 1000
export const DEFAULT_BACKOFF = { baseMs: 2 * SECOND, factor: 2, maxMs: 3600 * SECOND, jitter: 0.5 }

/**
 * The wait after a failed attempt, as the handler's option says.
 * @param random 0 to 1, for tests
 */
export function resolveBackoff(
  option: HandlerOptions<never, never>['backoff'],
  random: () => number = Math.random,
): (attempt: number, error: unknown) => number {
  if (typeof option === 'function') {
    return (attempt, error) => parseDuration(option(attempt, error)) ?? exponential(DEFAULT_BACKOFF, attempt, random())
  }
  const given: Backoff = typeof option === 'string' ? { base: option } : (option ?? {})
  const rule = {
    baseMs: parsed(given.base) ?? DEFAULT_BACKOFF.baseMs,
    factor: given.factor ?? DEFAULT_BACKOFF.factor,
    maxMs: parsed(given.max) ?? DEFAULT_BACKOFF.maxMs,
    jitter: given.jitter ?? DEFAULT_BACKOFF.jitter,
  }
  return (attempt) => exponential(rule, attempt, random())
}

/** base × factor^(attempt − 1), at most max; the random share is taken off, so that max is never exceeded. */
function exponential(rule: typeof DEFAULT_BACKOFF, attempt: number, random: number): number {
  const wait = Math.min(rule.maxMs, rule.baseMs * rule.factor ** (attempt - 1))
  return Math.round(wait * (1 - rule.jitter * random))
}

const parsed = (duration: string | undefined) => (duration === undefined ? undefined : parseDuration(duration))
