import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { isTransient, postgresErrorOf } from '@/lib/db/postgres-errors'
import { type Transaction, transact } from '@/lib/db/transaction'
import { AdminError } from '@/lib/errors'
import type { OperationContext, RequestContext } from '../context'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import { createInside } from './create'
import { deleteInside } from './delete'
import { EXPIRY_ROAD, expireRecords } from './expire'
import { explain } from './explain'
import { keepAliveInside } from './keep-alive'
import { updateInside } from './update'

/** Who asks, and the tree it is asked of: the first argument of every operation. */
export interface Road {
  ctx: RequestContext
  /** Why, in the person's words: kept in the change log. */
  reason?: string
}

const TRIES = 3

/**
 * Runs one operation in one transaction that names its writer. A deadlock or serialisation failure is tried again, and
 * so is a value taken by a record that has expired and only waited to be swept; anything else rolls all of it back and leaves as an AdminError a person can read.
 */
export async function inTransaction<T>(
  road: Road,
  resource: Resource,
  work: (ctx: OperationContext) => Promise<T>,
): Promise<T> {
  const { ctx, reason } = road
  const provenance = { actor: ctx.actor.id, source: ctx.source, requestId: ctx.requestId, reason }
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(ctx.db, provenance, (tx) => work(operationContext(ctx, tx)))
    } catch (error) {
      if (attempt === TRIES) throw await explain(error, { ctx, resource })
      if (await isTakenByExpired(ctx, error)) continue
      if (!isTransient(error)) throw await explain(error, { ctx, resource })
      await sleep(20 * attempt * (1 + Math.random()))
    }
  }
}

/** A unique value may be held by a record that nobody can see any more: it goes now, and the place is free. */
async function isTakenByExpired(ctx: RequestContext, error: unknown): Promise<boolean> {
  const found = postgresErrorOf(error)
  if (found?.code !== '23505' || ctx.source === EXPIRY_ROAD) return false
  const holder = ctx.admin.byRelation.get(`${found.schema_name}.${found.table_name}`)
  return holder?.storage.expiry !== undefined && (await expireRecords(ctx, holder)).expired > 0
}

/** What hooks, validators and actions receive: their further writes join the transaction and run their own hooks. */
export function operationContext(ctx: RequestContext, tx: Transaction): OperationContext {
  const find = (key: string): Resource => {
    const resource = ctx.admin.resources.get(key)
    if (!resource)
      throw new AdminError('misconfigured', `There is no resource “${key}”: the config names it in a hook.`)
    return resource
  }
  const inside: OperationContext = {
    ...ctx,
    tx,
    reject: (message) => {
      if (typeof message === 'string') throw new AdminError('hook_rejected', message)
      const fields = Object.fromEntries(Object.entries(message).map(([field, text]) => [field, [text]]))
      throw new AdminError('hook_rejected', Object.values(message)[0] ?? 'Turned down.', { fields })
    },
    create: async (key, values) => {
      const resource = find(key)
      return toRecord(resource, (await createInside(inside, resource, { typed: values })).texts)
    },
    update: async (key, id, values) => {
      const resource = find(key)
      return toRecord(resource, (await updateInside(inside, resource, id, { typed: values })).row.texts)
    },
    delete: async (key, id) => {
      await deleteInside(inside, find(key), id)
    },
    keepAlive: async (key, id) => {
      await keepAliveInside(inside, find(key), id)
    },
    effect: async (kind, payload, { dedupeKey, runAt } = {}) => {
      const rows = await tx.execute<{ id: string }>(sql`select kontor.request_effect(
        ${kind}, ${JSON.stringify(payload)}::jsonb, ${dedupeKey ?? null}, coalesce(${runAt?.toISOString() ?? null}::timestamptz, now())) as id`)
      return rows[0]?.id ?? ''
    },
  }
  return inside
}
