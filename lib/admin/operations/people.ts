import { changeOwnPassword, limitsOf, makeResetLink, type ResetLink, revokeSession, revokeSessionsOf } from '@/lib/auth'
import type { SiteEnv } from '@/lib/auth/context'
import type { Database } from '@/lib/db/client'
import { AdminError, notFound } from '@/lib/errors'
import type { RequestContext } from '../context'
import { assertAllowed } from '../policy'
import type { Resource } from '../tree'
import { createInside } from './create'
import { type Attempt, withAllThatIsWrong } from './foresee'
import { inTransaction } from './road'

/** People are records of this resource: created, changed and disabled by the same operations as everything else. */
export function peopleOf(ctx: RequestContext): Resource {
  const people = ctx.admin.resources.get('system/users')
  if (!people) throw new AdminError('misconfigured', 'People are not part of this admin.')
  return people
}

/**
 * Adds a person and makes the link by which they choose a password.
 * @throws AdminError `forbidden`, `invalid` with messages on name, email and role
 */
export function invitePerson(
  ctx: RequestContext,
  env: SiteEnv,
  input: { name: string | null; email: string | null; role: string | null },
): Promise<ResetLink> {
  const people = peopleOf(ctx)
  const attempt: Attempt = {}
  const invited = inTransaction({ ctx }, people, async (inside) => {
    const row = await createInside(inside, people, { values: { ...input } }, attempt)
    return makeResetLink(inside.tx, env, { userId: row.id, createdBy: ctx.actor.id, now: ctx.clock.now() })
  })
  return invited.catch(async (error: unknown) => {
    throw await withAllThatIsWrong(error, ctx, people, attempt)
  })
}

/**
 * A new link for somebody who cannot get in; the one made before stops working.
 * @throws AdminError `forbidden`, `not_found`, `invalid` for a disabled person
 */
export async function renewLink(ctx: RequestContext, env: SiteEnv, userId: string): Promise<ResetLink> {
  const people = peopleOf(ctx)
  await assertAllowed(ctx, people, 'create')
  if (!isUuid(userId)) throw notFound('This person')
  return inTransaction({ ctx }, people, (inside) =>
    makeResetLink(inside.tx, env, { userId, createdBy: ctx.actor.id, now: ctx.clock.now() }),
  )
}

/** Changes the person's own password; their other sessions end. @returns how many did */
export function changePassword(
  ctx: RequestContext,
  db: Database,
  input: { current: string; next: string },
): Promise<number> {
  const own = ownSession(ctx)
  return inTransaction({ ctx }, peopleOf(ctx), (inside) =>
    changeOwnPassword(inside.tx, own, { ...input, now: ctx.clock.now() }, limitsOf(db.sql)),
  )
}

/** Ends one of the person's own sessions. @throws AdminError `not_found` */
export async function endOwnSession(ctx: RequestContext, sessionId: string): Promise<void> {
  const { userId } = ownSession(ctx)
  if (!isUuid(sessionId)) throw notFound('This session')
  const hasEnded = await inTransaction({ ctx }, peopleOf(ctx), (inside) =>
    revokeSession(inside.tx, sessionId, ctx.clock.now(), userId),
  )
  if (!hasEnded) throw notFound('This session')
}

/** Ends all of the person's sessions but the one that asks. @returns how many did */
export function endOtherSessions(ctx: RequestContext): Promise<number> {
  const { userId, sessionId } = ownSession(ctx)
  return inTransaction({ ctx }, peopleOf(ctx), (inside) =>
    revokeSessionsOf(inside.tx, userId, ctx.clock.now(), sessionId),
  )
}

function ownSession({ actor }: RequestContext): { userId: string; sessionId: string } {
  if (!actor.userId || !actor.sessionId) throw new AdminError('forbidden', 'Only a signed-in person has an account.')
  return { userId: actor.userId, sessionId: actor.sessionId }
}

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
