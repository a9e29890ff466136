import { eq } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { invalid, notFound } from '@/lib/errors'
import type { PersonActor } from './context'
import { assertPassword, hashPassword, verifyPassword } from './passwords'
import type { Limits } from './rate-limits'
import { revokeSessionsOf } from './sessions'
import { users } from './tables'
import { findAccount } from './users'

/**
 * Changes the person's own password and ends all their other sessions.
 * @param limits of the same database (`limitsOf(db.sql)`): a stolen session must not serve to guess the password
 * @returns how many other sessions ended
 * @throws AdminError `invalid` with `current` or `next`, `rate_limited`
 */
export async function changeOwnPassword(
  tx: Executor,
  actor: Pick<PersonActor, 'userId' | 'sessionId'>,
  input: { current: string; next: string; now: Date },
  limits: Limits,
): Promise<number> {
  const account = await findAccount(tx, actor.userId)
  if (!account) throw notFound('This person')
  await limits.consume(['ownPassword', account.id])
  if (!(await verifyPassword(account.passwordHash, input.current))) {
    throw invalid('The password was not changed.', { current: ['This is not your current password.'] })
  }
  await limits.forgive(['ownPassword', account.id])
  assertPassword(input.next, account, 'next')
  if (input.next === input.current) {
    throw invalid('The password was not changed.', { next: ['This is the password you have already.'] })
  }
  await tx
    .update(users)
    .set({ passwordHash: await hashPassword(input.next) })
    .where(eq(users.id, account.id))
  return revokeSessionsOf(tx, account.id, input.now, actor.sessionId)
}
