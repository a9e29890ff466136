import { and, desc, eq, gt, inArray, isNull, lt, ne, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { PersonActor, RequestFacts } from './context'
import { sessions, users } from './tables'
import { SESSION_LIFETIME_MS } from './token'

/** A session nobody used for this long is over. */
export const SESSION_IDLE_MS = 7 * 24 * 60 * 60 * 1000

/** How exact `seenAt` is: a session in use is written to once in this time, not at every request. */
const TOUCH_EVERY_MS = 60 * 1000

/** Begins a session; the caller hands its id to the browser sealed in a cookie. */
export async function startSession(tx: Executor, userId: string, from: RequestFacts, now: Date): Promise<string> {
  const [session] = await tx
    .insert(sessions)
    .values({
      userId,
      createdAt: now,
      seenAt: now,
      expiresAt: new Date(now.getTime() + SESSION_LIFETIME_MS),
      userAgent: from.userAgent?.slice(0, 400),
      ip: from.ip,
    })
    .returning({ id: sessions.id })
  await tx.update(users).set({ lastSeenAt: now }).where(eq(users.id, userId))
  return session!.id
}

/** What is read of whoever asks. */
const PERSON = {
  userId: users.id,
  name: users.name,
  email: users.email,
  role: users.role,
  locale: users.locale,
  timeZone: users.timeZone,
}

const isLive = (now: Date) =>
  and(
    isNull(sessions.revokedAt),
    gt(sessions.expiresAt, now),
    gt(sessions.seenAt, new Date(now.getTime() - SESSION_IDLE_MS)),
  )

/**
 * The person an actor's id ('user:<uuid>') names, as they are right now: for work that goes on without a session.
 * Undefined where they are gone or disabled.
 */
export async function findPerson(db: Executor, actorId: string): Promise<Omit<PersonActor, 'sessionId'> | undefined> {
  const userId = actorId.match(/^user:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/)?.[1]
  if (!userId) return undefined
  const [row] = await db
    .select(PERSON)
    .from(users)
    .where(and(eq(users.id, userId), eq(users.status, 'active')))
  return row && { id: actorId, ...row }
}

/**
 * Who a session belongs to right now: one query reads session, person and role, so that a revoked session, a disabled
 * person and a changed role count from the very next request. Undefined where the session is over or unknown.
 */
export async function findActor(db: Executor, sessionId: string, now: Date): Promise<PersonActor | undefined> {
  const [row] = await db
    .select({ ...PERSON, seenAt: sessions.seenAt })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, sessionId), eq(users.status, 'active'), isLive(now)))
  if (!row) return undefined
  const { seenAt, ...person } = row
  const touchBefore = new Date(now.getTime() - TOUCH_EVERY_MS)
  if (seenAt < touchBefore) {
    // The condition again, so that of many requests at once only the first writes.
    await db
      .update(sessions)
      .set({ seenAt: now })
      .where(and(eq(sessions.id, sessionId), lt(sessions.seenAt, touchBefore)))
  }
  return { id: `user:${person.userId}`, sessionId, ...person }
}

/** Who the sessions that are not over belong to. Does not count as use of them: a page that is left open follows along. */
export async function findActors(db: Executor, sessionIds: readonly string[], now: Date): Promise<PersonActor[]> {
  if (sessionIds.length === 0) return []
  const rows = await db
    .select({ ...PERSON, sessionId: sessions.id })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(inArray(sessions.id, [...sessionIds]), eq(users.status, 'active'), isLive(now)))
  return rows.map((row) => ({ id: `user:${row.userId}`, ...row }))
}

export interface SessionInfo {
  id: string
  createdAt: Date
  seenAt: Date
  expiresAt: Date
  userAgent: string | null
  ip: string | null
}

/** A person's sessions that still work, the most recently used first. */
export function listSessions(db: Executor, userId: string, now: Date): Promise<SessionInfo[]> {
  return db
    .select({
      id: sessions.id,
      createdAt: sessions.createdAt,
      seenAt: sessions.seenAt,
      expiresAt: sessions.expiresAt,
      userAgent: sessions.userAgent,
      ip: sessions.ip,
    })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isLive(now)))
    .orderBy(desc(sessions.seenAt), desc(sessions.id))
}

/**
 * Ends one session from the next request on.
 * @param of where given, only a session of this person is ended: what the account page may do
 * @returns false where there was no such session to end
 */
export async function revokeSession(tx: Executor, sessionId: string, now: Date, of?: string): Promise<boolean> {
  const ended = await tx
    .update(sessions)
    .set({ revokedAt: now })
    .where(
      and(
        eq(sessions.id, sessionId),
        isNull(sessions.revokedAt),
        of === undefined ? undefined : eq(sessions.userId, of),
      ),
    )
    .returning({ id: sessions.id })
  return ended.length > 0
}

/** Ends every session of a person but `except`; returns how many ended. */
export async function revokeSessionsOf(tx: Executor, userId: string, now: Date, except?: string): Promise<number> {
  const ended = await tx
    .update(sessions)
    .set({ revokedAt: now })
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.revokedAt),
        except === undefined ? undefined : ne(sessions.id, except),
      ),
    )
    .returning({ id: sessions.id })
  return ended.length
}

/**
 * Removes what sign-in leaves behind: sessions over for 30 days, links and counters out of date. A periodic duty.
 * @returns how many sessions went
 */
export async function sweepAuth(db: Executor, now: Date): Promise<number> {
  const cutoff = new Date(now.getTime() - SESSION_LIFETIME_MS).toISOString()
  const gone = await db.execute(sql`delete from kontor.sessions
    where expires_at < ${cutoff} or revoked_at < ${cutoff} or seen_at < ${cutoff} returning id`)
  await db.execute(sql`delete from kontor.password_resets where expires_at < ${cutoff}`)
  await db.execute(sql`delete from kontor.rate_limits where expire < ${now.getTime()}`)
  return gone.length
}
