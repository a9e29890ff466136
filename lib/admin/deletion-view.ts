import { notFound } from '@/lib/errors'
import type { StoredRow } from '@/lib/storage'
import type { RequestContext } from './context'
import { whatDeletingDoes } from './operations/holders'
import { assertAllowed, assertRecordAllowed } from './policy'
import { toRecord } from './record'
import { loadReadable } from './record-view'
import type { Resource } from './tree'
import type { DeletionView } from './view'

/** As many as a list has on a page. */
const MOST_ASKED = 100

/**
 * What deleting records would mean to others, for somebody who may delete each of them.
 * @throws AdminError `not_found`, `expired`, `forbidden`
 */
export async function loadDeletionView(
  ctx: RequestContext,
  resource: Resource,
  ids: readonly string[],
): Promise<DeletionView> {
  await assertAllowed(ctx, resource, 'delete')
  const rows: StoredRow[] = []
  // One after the other: a question must not take the pool's connections from everybody else.
  for (const id of new Set(ids.slice(0, MOST_ASKED))) {
    const row = await loadReadable(ctx, resource, id)
    await assertRecordAllowed(ctx, resource, 'delete', toRecord(resource, row.texts))
    rows.push(row)
  }
  if (rows.length === 0) throw notFound(`The ${resource.singular.toLowerCase()} to delete`)
  const view = await whatDeletingDoes(ctx, resource, rows)
  return ids.length > MOST_ASKED ? { ...view, isCut: true } : view
}
