/** Every way a request can be turned down; addresses, forms and the API each map the code to their own answer. */
export type ErrorCode =
  | 'not_found'
  | 'forbidden'
  | 'unauthenticated'
  | 'invalid'
  | 'conflict'
  | 'stale_record'
  | 'hook_rejected'
  | 'expired'
  | 'read_only'
  | 'too_large'
  | 'rate_limited'
  | 'timeout'
  | 'unavailable'
  | 'misconfigured'
  | 'unexpected'

/** Messages by field name; the key `''` holds what belongs to the record as a whole. */
export type FieldErrors = Record<string, string[]>

const STATUS: Record<ErrorCode, number> = {
  not_found: 404,
  forbidden: 403,
  unauthenticated: 401,
  invalid: 422,
  conflict: 409,
  stale_record: 409,
  hook_rejected: 422,
  expired: 410,
  read_only: 403,
  too_large: 413,
  rate_limited: 429,
  timeout: 504,
  unavailable: 503,
  misconfigured: 500,
  unexpected: 500,
}

/**
 * An error whose message may be shown to the person: it says what happened, to what, and what to do next.
 * Anything that is not an AdminError is logged and shown as a reference number only.
 */
export class AdminError extends Error {
  override readonly name = 'AdminError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Per-field messages and further facts a page may draw (for a conflict: the two values). */
    readonly details: { fields?: FieldErrors; [fact: string]: unknown } = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  /** The HTTP status this error answers with. */
  get status(): number {
    return STATUS[this.code]
  }
}

export const notFound = (what: string) => new AdminError('not_found', `${what} was not found.`)

export const forbidden = (what = 'You may not do this.') => new AdminError('forbidden', what)

export const invalid = (message: string, fields: FieldErrors = {}) => new AdminError('invalid', message, { fields })
