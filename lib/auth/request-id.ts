/** Names one request in the log, the change log and error pages. Set by `proxy.ts` for pages. */
export const REQUEST_ID_HEADER = 'x-request-id'

const WELL_FORMED = /^[\w.-]{8,64}$/

/**
 * The id a request carries, or a new one. An id from outside is kept where it is well formed, so that traces across
 * services join; it names, it proves nothing.
 */
export function requestIdOf(headers: Headers): string {
  const given = headers.get(REQUEST_ID_HEADER)
  return given && WELL_FORMED.test(given) ? given : crypto.randomUUID()
}
