import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** How far a signature's moment may be from now, either way. */
export const TOLERANCE_MS = 5 * 60_000

/**
 * `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`: what `http.request` sends and `/api/effects` takes as
 * `X-Kontor-Signature`.
 */
export function sign(body: string | Buffer, secret: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000)
  return `t=${t},v1=${mac(t, body, secret)}`
}

/** Whether the header signs this body with `secret`, not longer ago than the tolerance. */
export function isSigned(header: string, body: string | Buffer, secret: string, nowMs: number): boolean {
  const [, t, v1] = /^t=(\d{1,12}),\s*v1=([0-9a-f]{64})$/.exec(header) ?? []
  if (!t || !v1 || Math.abs(nowMs - Number(t) * 1000) > TOLERANCE_MS) return false
  return timingSafeEqual(Buffer.from(v1, 'hex'), Buffer.from(mac(Number(t), body, secret), 'hex'))
}

/** Compares in a time that tells nothing, not even the length. */
export function isSameSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}

function mac(t: number, body: string | Buffer, secret: string): string {
  return createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')
}
