import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { whileReachable } from '@/lib/db/reachability'
import { AdminError } from '@/lib/errors'
import { clientAddress } from './client-address'
import type { AuthContext, PersonActor, RequestFacts } from './context'
import { requestIdOf } from './request-id'
import { findActor } from './sessions'
import { openSession, SESSION_LIFETIME_MS, sealSession, sessionCookie } from './token'

type WhoAsks = Pick<AuthContext, 'db' | 'env' | 'clock'>

/**
 * The second door of this domain: what works only while Next handles a request.
 *
 * Who asks, read from the database once for each request however often it is called; undefined for nobody.
 * @throws AdminError `unavailable` where the database does not answer: whatever a request wants, it begins here
 */
export const currentActor = cache(async (auth: WhoAsks): Promise<PersonActor | undefined> => {
  const sessionId = await currentSessionId(auth)
  return sessionId ? whileReachable(auth.db, findActor(auth.db.orm, sessionId, auth.clock.now())) : undefined
})

/** For pages: who asks, or the way to the sign-in page and back here afterwards. */
export async function requireActor(auth: WhoAsks): Promise<PersonActor> {
  const actor = await currentActor(auth)
  if (actor) return actor
  const path = (await headers()).get('x-kontor-path')
  redirect(path ? `/sign-in?callbackUrl=${encodeURIComponent(path)}` : '/sign-in')
}

/**
 * For server actions and route handlers: who asks.
 * @throws AdminError `unauthenticated`
 */
export async function assertActor(auth: WhoAsks): Promise<PersonActor> {
  const actor = await currentActor(auth)
  if (!actor) throw new AdminError('unauthenticated', 'You are not signed in any more. Sign in and try again.')
  return actor
}

/** The session the browser's cookie names, whether or not it still counts. */
export async function currentSessionId(auth: Pick<AuthContext, 'env'>): Promise<string | undefined> {
  return openSession(auth.env, (await cookies()).get(sessionCookie(auth.env).name)?.value)
}

/** Where this request comes from, for sessions, limits and the log. */
export const requestFacts = cache(async (): Promise<RequestFacts> => {
  const list = await headers()
  return { requestId: requestIdOf(list), ip: clientAddress(list), userAgent: list.get('user-agent') ?? undefined }
})

/** Hands the browser its session. Only in a server action or route handler. */
export async function setSessionCookie(auth: Pick<AuthContext, 'env' | 'clock'>, sessionId: string): Promise<void> {
  const { name, options } = sessionCookie(auth.env)
  const expires = new Date(auth.clock.now().getTime() + SESSION_LIFETIME_MS)
  const jar = await cookies()
  jar.set(name, await sealSession(auth.env, sessionId), { ...options, expires })
}

/** Takes the session from the browser; ending it in the database is the caller's. */
export async function clearSessionCookie(auth: Pick<AuthContext, 'env'>): Promise<void> {
  const { name, options } = sessionCookie(auth.env)
  const jar = await cookies()
  jar.set(name, '', { ...options, maxAge: 0 })
}
