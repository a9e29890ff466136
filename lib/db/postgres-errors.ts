/** What Postgres says of an error, under the names of its protocol. */
export interface PostgresError extends Error {
  code: string
  constraint_name?: string
  schema_name?: string
  table_name?: string
  column_name?: string
  detail?: string
  hint?: string
}

/** The Postgres error inside whatever was thrown: Drizzle wraps the driver's. */
export function postgresErrorOf(error: unknown): PostgresError | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^[0-9A-Z]{5}$/.test(at.code)) return at as PostgresError
  }
  return undefined
}

const LOST = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
])

/** Whether the database could not be reached, went away or takes no more connections: the same call may work later. */
export function isConnectionLost(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && LOST.has(String(at.code))) return true
    if (at instanceof AggregateError && at.errors.some(isConnectionLost)) return true
  }
  return false
}

/** Two transactions got in each other's way; the same work may succeed when tried again. */
export function isTransient(error: unknown): boolean {
  const code = postgresErrorOf(error)?.code
  return code === '40001' || code === '40P01'
}

/** A value's text that its type cannot read, or that lies outside its range: an id of the wrong type, for one. */
export function isMalformedValue(error: unknown): boolean {
  const code = postgresErrorOf(error)?.code
  return code !== undefined && (code.startsWith('22') || code === '42883')
}
