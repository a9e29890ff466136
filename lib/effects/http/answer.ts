import type { Logger } from 'pino'
import { isTransient } from '@/lib/db/transient'
import { AdminError } from '@/lib/errors'

/** A JSON answer nobody stores. */
export function answer(status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

/** The answer to what went wrong: an AdminError says it, a database that is away asks for another try. */
export function answerError(error: unknown, log: Logger): Response {
  if (error instanceof AdminError) {
    const seconds = error.details.retryAfterSeconds
    const headers: Record<string, string> = typeof seconds === 'number' ? { 'retry-after': String(seconds) } : {}
    // A body that cannot be kept is malformed, whichever rule it breaks.
    return answer(error.code === 'invalid' ? 400 : error.status, { error: error.code, message: error.message }, headers)
  }
  log.error({ err: error }, 'an effects request failed')
  if (isTransient(error)) {
    return answer(
      503,
      { error: 'unavailable', message: 'The database is away. Send it again.' },
      { 'retry-after': '5' },
    )
  }
  return answer(500, { error: 'unexpected', message: 'Something went wrong. It was logged.' })
}
