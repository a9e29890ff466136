import { decode, encode } from 'next-auth/jwt'
import { z } from 'zod'
import type { AuthEnv, SiteEnv } from './context'
import { cookiePath, isSecure } from './site'

/** A sign-in ends after this long whatever happens; see `sessions.ts` for the idle limit. */
export const SESSION_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000

const Claims = z.object({ sid: z.uuid() })

/** The cookie that carries the session; its name and attributes are shared by next-auth's routes and our own pages. */
export function sessionCookie(env: SiteEnv) {
  const secure = isSecure(env)
  return {
    name: `${secure ? '__Secure-' : ''}kontor.session`,
    options: { httpOnly: true, sameSite: 'lax' as const, secure, path: cookiePath(env) },
  }
}

/** The cookie's value for a session: next-auth's encrypted token with the session's id as the only claim of ours. */
export function sealSession(env: Pick<AuthEnv, 'secret'>, sessionId: string): Promise<string> {
  return encode({ token: { sid: sessionId }, secret: env.secret, maxAge: SESSION_LIFETIME_MS / 1000 })
}

/**
 * Values opened lately, by secret and value: next-auth derives its key anew for each, which costs a page more than asking
 * the database whether the session still counts. A value always names the same session; when it ends, that row knows.
 */
const opened = new Map<string, string>()
const MOST_OPENED = 1_000

/** The session id in a cookie's value; undefined for a missing, forged, foreign or outdated one. */
export async function openSession(
  env: Pick<AuthEnv, 'secret'>,
  value: string | undefined,
): Promise<string | undefined> {
  if (!value) return undefined
  const key = `${env.secret} ${value}`
  const known = opened.get(key)
  if (known) return known
  const token = await decode({ token: value, secret: env.secret }).catch(() => null)
  const sessionId = Claims.safeParse(token).data?.sid
  if (sessionId) {
    if (opened.size >= MOST_OPENED) opened.clear()
    opened.set(key, sessionId)
  }
  return sessionId
}
