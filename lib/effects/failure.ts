import { type Duration, parseDuration } from '@/lib/db/duration'

/** Thrown by a handler when trying again cannot help: the effect is given up at once, with this reason. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
  /** Asked for instead of the class: a bundle and a module loaded beside it have two of them. */
  readonly permanent = true
}

/** Thrown by a handler that knows when to try again (a Retry-After header): counts as an attempt, replaces the backoff. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError'
  readonly retryAfterMs: number

  /** @param after milliseconds, or a duration such as '30s' */
  constructor(message: string, after: number | Duration, options?: ErrorOptions) {
    super(message, options)
    this.retryAfterMs = typeof after === 'number' ? after : (parseDuration(after) ?? 0)
  }
}

/** An attempt that ran past the handler's timeout. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** A payload that does not fit the handler's shape: no attempt of it can succeed. */
export class PayloadError extends PermanentError {
  override readonly name = 'PayloadError'
}

/** Whether the error says of itself that trying again is useless. */
export function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'permanent' in error && error.permanent === true
}

/** The wait an error asks for, in milliseconds. */
export function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined
  const wait = error.retryAfterMs
  return typeof wait === 'number' && Number.isFinite(wait) && wait >= 0 ? wait : undefined
}
