import { inspect } from 'node:util'
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

/** An error as the row keeps it: its name where that says something, message and causes, cut at 2,000 characters. */
export function describeError(error: unknown): string {
  return clean(chain(error).map(oneLine).join(' ← ')).slice(0, 2000)
}

/** An error as the attempt keeps it: with its stack, cut at 8,000 characters. */
export function traceError(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined
  const causes = chain(error).slice(1).map(oneLine)
  return clean([stack ?? oneLine(error), ...causes.map((cause) => `caused by ${cause}`)].join('\n')).slice(0, 8000)
}

function chain(error: unknown): unknown[] {
  const found: unknown[] = []
  for (let next = error; next !== undefined && next !== null && found.length < 5; ) {
    found.push(next)
    next = next instanceof Error ? next.cause : undefined
  }
  return found.length > 0 ? found : [error]
}

function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : `Thrown: ${inspect(error, { depth: 2 })}`
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`
}

/** Postgres text holds no NUL and no half of a surrogate pair. */
function clean(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD')
}
