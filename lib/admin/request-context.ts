import { findPerson } from '@/lib/auth'
import type { Database } from '@/lib/db/client'
import { forbidden } from '@/lib/errors'
import type { JobContext } from '@/lib/tasks'
import type { Actor, RequestContext } from './context'
import { type AdminSource, resolveTree } from './resolve'

/** Whoever asks: a signed-in person brings language and zone of their own. */
export type Asker = Actor & { locale?: string | null; timeZone?: string | null }

export interface RequestInput {
  source: AdminSource
  db: Database
  clock: { now(): Date }
  actor: Asker
  requestId: string
  /** The road the request comes by: 'form', 'api', 'task' … */
  road: string
}

/**
 * What every callback and operation of one request receives. A tree that is a function of the request is resolved
 * here, once, and checked like a literal one.
 * @throws ConfigError where that tree has mistakes
 */
export async function requestContext({
  source,
  db,
  clock,
  actor,
  requestId,
  road,
}: RequestInput): Promise<RequestContext> {
  const { admin, options, catalogue, treeOf } = source
  const ctx: RequestContext = {
    admin,
    actor,
    user: actor,
    db: db.orm,
    clock,
    requestId,
    source: road,
    locale: actor.locale ?? admin.locale,
    timeZone: actor.timeZone ?? admin.timeZone,
  }
  return treeOf ? { ...ctx, admin: resolveTree(options, await treeOf(ctx), catalogue, source.clock) } : ctx
}

/** Duties of the site itself: expiry, first start, housekeeping. */
export const SYSTEM_ACTOR: Actor = { id: 'system', name: 'Kontor', role: 'owner' }

/**
 * The context of a background job: that of the person on whose behalf it works, as they are by now; tasks, effects and
 * the site itself act with the owner's role.
 * @throws AdminError `forbidden` where the person is gone or disabled; ConfigError
 */
export async function jobContext(
  source: AdminSource,
  job: Pick<JobContext, 'actor' | 'source' | 'id' | 'db' | 'clock'>,
): Promise<RequestContext> {
  const { db, clock } = job
  const actor = job.actor.startsWith('user:')
    ? await findPerson(db.orm, job.actor)
    : { ...SYSTEM_ACTOR, id: job.actor, name: job.actor }
  if (!actor) throw forbidden('Whoever asked for this may no longer sign in.')
  return requestContext({ source, db, clock, actor, requestId: job.id, road: job.source })
}
