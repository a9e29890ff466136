import { createHmac, timingSafeEqual } from 'node:crypto'

/** Which attempt of which effect a callback completes, and until when. */
export interface DeferralClaim {
  id: string
  attempt: number
  deadlineMs: number
}

const BODY_BYTES = 16 + 4 + 6

/**
 * A callback's address part: names the attempt and its deadline, signed. Whoever holds it may complete that attempt once,
 * and nothing else.
 */
export function signDeferral(claim: DeferralClaim, secret: string): string {
  const body = Buffer.alloc(BODY_BYTES)
  Buffer.from(claim.id.replaceAll('-', ''), 'hex').copy(body)
  body.writeUInt32BE(claim.attempt, 16)
  body.writeUIntBE(claim.deadlineMs, 20, 6)
  return Buffer.concat([body, signature(body, secret)]).toString('base64url')
}

/** The claim of a token signed with `secret`, or undefined for any other text. Says nothing about its deadline. */
export function readDeferral(token: string, secret: string): DeferralClaim | undefined {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length !== BODY_BYTES + 32 || bytes.toString('base64url') !== token) return undefined
  const body = bytes.subarray(0, BODY_BYTES)
  if (!timingSafeEqual(bytes.subarray(BODY_BYTES), signature(body, secret))) return undefined
  const hex = body.toString('hex', 0, 16)
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { id, attempt: body.readUInt32BE(16), deadlineMs: body.readUIntBE(20, 6) }
}

/** A key of its own: a callback's signature is worth nothing anywhere else the secret is used. */
function signature(body: Buffer, secret: string): Buffer {
  return createHmac('sha256', `kontor-effect-callback:${secret}`).update(body).digest()
}
