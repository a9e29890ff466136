const CLIENT_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Class 08 (connection), 40 (rolled back: deadlock, serialisation), 53 (out of resources), 57P (shutting down). */
const SERVER_CODE = /^(08|40|53|57P)/

/** Whether the same statement may succeed a moment later: the connection or the server was the trouble, not the data. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') return false
  return CLIENT_CODES.has(error.code) || SERVER_CODE.test(error.code)
}
