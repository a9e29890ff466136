import type { StoredRow } from '@/lib/storage'
import type { OperationContext } from '../context'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import { inTransaction, type Road } from './road'
import { loadForWrite } from './update'

/**
 * Deletes records, all in one transaction: either every one goes, or none.
 * @throws AdminError `not_found`, `forbidden`, `hook_rejected`, `conflict` where other records hold on to one
 */
export function deleteRecords(road: Road, resource: Resource, ids: readonly string[]): Promise<StoredRow[]> {
  return inTransaction(road, resource, async (ctx) => {
    const rows: StoredRow[] = []
    // In a fixed order, so that two deletions of overlapping selections wait for each other instead of deadlocking.
    for (const id of [...new Set(ids)].sort()) rows.push(await deleteInside(ctx, resource, id))
    return rows
  })
}

/**
 * One record, within a transaction that is already open.
 * @param locked the record where the caller has loaded it for this very deletion
 */
export async function deleteInside(
  ctx: OperationContext,
  resource: Resource,
  id: string,
  locked?: StoredRow,
): Promise<StoredRow> {
  const row = locked ?? (await loadForWrite(ctx, resource, id, 'delete'))
  const record = toRecord(resource, row.texts)
  await resource.hooks.beforeDelete(ctx, record)
  if (resource.overrides.delete) await resource.overrides.delete(ctx, record)
  else await resource.storage.remove(ctx.tx, row)
  await resource.hooks.afterDelete(ctx, record)
  return row
}
