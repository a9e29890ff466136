import type { Database } from '@/lib/db/client'
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
