import { and, eq, gt, isNull } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError, notFound } from '@/lib/errors'
import type { SiteEnv } from './context'
import { assertPassword, hashPassword } from './passwords'
import { digestSecret, newToken } from './secrets'
import { revokeSessionsOf } from './sessions'
import { siteUrl } from './site'
import { passwordResets, users } from './tables'
import { findAccount } from './users'

/** How long a link to choose a password works. */
export const RESET_LIFETIME_MS = 24 * 60 * 60 * 1000

export interface ResetLink {
  url: string
  expiresAt: Date
}

/**
 * Makes the link by which a person chooses a (first or new) password; it works once, for a day, and replaces any made
 * before. The link is shown only now: the database keeps its digest. Whether the caller may do this is asked by the caller.
 * @param createdBy the actor's id
 * @throws AdminError `not_found`, `invalid` for a disabled person
 */
export async function makeResetLink(
  tx: Executor,
  env: SiteEnv,
  request: { userId: string; createdBy: string; now: Date },
): Promise<ResetLink> {
  const account = await findAccount(tx, request.userId)
  if (!account) throw notFound('This person')
  if (account.status !== 'active') {
    throw new AdminError('invalid', `${account.name} is disabled. Enable the account before making a link.`)
  }
  const token = newToken()
  const expiresAt = new Date(request.now.getTime() + RESET_LIFETIME_MS)
  await tx.delete(passwordResets).where(and(eq(passwordResets.userId, account.id), isNull(passwordResets.usedAt)))
  await tx.insert(passwordResets).values({
    tokenHash: digestSecret(token),
    userId: account.id,
    createdAt: request.now,
    createdBy: request.createdBy,
    expiresAt,
  })
  return { url: `${siteUrl(env)}/reset/${token}`, expiresAt }
}

/** Whom a link is for, or undefined where it is unknown, used, replaced, out of date, or the person is disabled. */
export async function readResetToken(
  db: Executor,
  token: string,
  now: Date,
): Promise<{ userId: string; email: string; name: string } | undefined> {
  const [row] = await db
    .select({ userId: users.id, email: users.email, name: users.name })
    .from(passwordResets)
    .innerJoin(users, eq(users.id, passwordResets.userId))
    .where(
      and(
        eq(passwordResets.tokenHash, digestSecret(token)),
        isNull(passwordResets.usedAt),
        gt(passwordResets.expiresAt, now),
        eq(users.status, 'active'),
      ),
    )
  return row
}

/**
 * Sets the password a person chose through a link, uses the link up and ends all their sessions.
 * @param tx a transaction of its own: of two requests with one link the second waits for the first and is refused
 * @returns the person's id
 * @throws AdminError `expired` (the link does not work), `invalid` (the password; the link stays usable)
 */
export async function resetPassword(tx: Executor, token: string, password: string, now: Date): Promise<string> {
  const person = await readResetToken(tx, token, now)
  if (!person) throw linkExpired()
  assertPassword(password, person)
  const passwordHash = await hashPassword(password)
  const used = await tx
    .update(passwordResets)
    .set({ usedAt: now })
    .where(and(eq(passwordResets.tokenHash, digestSecret(token)), isNull(passwordResets.usedAt)))
    .returning({ userId: passwordResets.userId })
  if (used.length === 0) throw linkExpired()
  await tx.update(users).set({ passwordHash }).where(eq(users.id, person.userId))
  await revokeSessionsOf(tx, person.userId, now)
  return person.userId
}

function linkExpired(): AdminError {
  return new AdminError('expired', 'This link no longer works. Ask an administrator for a new one.')
}
