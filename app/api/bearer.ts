import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether the request carries this token as `Authorization: Bearer …`; never where there is none. */
export function hasBearer({ headers }: Request, token: string | undefined): boolean {
  const given = headers.get('authorization')?.match(/^Bearer (.+)$/i)?.[1]
  if (given === undefined || token === undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
