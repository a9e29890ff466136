import type { StoredRow } from '@/lib/storage'
import type { OperationContext } from '../context'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import { type Attempt, attempt } from './savepoint'

/** What became of one record whose time was over. */
export interface Expired {
  row: StoredRow
  isGone: boolean
  /** What a callback or hook threw, or what kept the record from going. */
  error?: unknown
}

/**
 * Lets rows go that the transaction holds: each is saved and told to its hooks, and all are removed in one statement.
 * A step that throws is undone alone, and its record goes anyway. Where that statement fails, or the config removes
 * records itself, they go one by one instead, so that one in the way keeps no other.
 * @param isCareful never shares a savepoint: what to try after a transaction that failed without, see `attempt`
 */
export async function expireRows(
  ctx: OperationContext,
  resource: Resource,
  rows: readonly StoredRow[],
  isCareful: boolean,
): Promise<Expired[]> {
  if (rows.length === 0) return []
  if (!resource.overrides.delete) {
    let together: Expired[] = []
    const all = await attempt(ctx, async (inside) => {
      together = await expireTogether(inside, resource, rows, isCareful)
    })
    if (all.error === undefined) return together
  }
  const outcomes: Expired[] = []
  for (const row of rows) outcomes.push(await expireAlone(ctx, resource, row))
  return outcomes
}

async function expireTogether(
  ctx: OperationContext,
  resource: Resource,
  rows: readonly StoredRow[],
  isCareful: boolean,
): Promise<Expired[]> {
  const { lifetime, hooks, storage } = resource
  const records = rows.map((row) => toRecord(resource, row.texts))
  const errors: unknown[] = []
  const each = async (work: (inside: OperationContext, record: Record<string, unknown>) => unknown) => {
    const step = isCareful ? undefined : { writes: true }
    for (const [at, record] of records.entries()) {
      const { error } = await attempt(ctx, (inside) => work(inside, record), step)
      errors[at] ??= error
    }
  }
  if (lifetime?.onExpire) await each((inside, record) => lifetime.onExpire?.(inside, record))
  if (lifetime?.isWatched) await each((inside, record) => hooks.beforeDelete(inside, record))
  const gone = await storage.expiry?.removeAll(ctx.tx, rows)
  if (gone?.size !== rows.length) throw new Error('A record was not removed: a trigger or rule kept it.')
  if (lifetime?.isWatched) await each((inside, record) => hooks.afterDelete(inside, record))
  return rows.map((row, at) => ({ row, isGone: true, error: errors[at] }))
}

async function expireAlone(ctx: OperationContext, resource: Resource, row: StoredRow): Promise<Expired> {
  const { lifetime, hooks, overrides, storage } = resource
  const record = toRecord(resource, row.texts)
  const saved = await attempt(ctx, (inside) => lifetime?.onExpire?.(inside, record))
  const told: Attempt = await attempt(ctx, async (inside) => {
    await hooks.beforeDelete(inside, record)
    if (overrides.delete) await overrides.delete(inside, record)
    // After an override too: whatever it did, a record that stayed would expire again and again.
    await storage.expiry?.removeAll(inside.tx, [row])
    await hooks.afterDelete(inside, record)
  })
  const removed = await attempt(ctx, async (inside) => {
    const isThere = await storage.expiry?.hasExpired(inside.tx, row.id)
    if (isThere || told.error !== undefined) await storage.remove(inside.tx, row)
  })
  return { row, isGone: removed.error === undefined, error: removed.error ?? saved.error ?? told.error }
}
