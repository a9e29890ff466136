import type { RequestContext } from './context'
import { whatDeletingDoes } from './operations/holders'
import { assertAllowed, assertRecordAllowed } from './policy'
import { toRecord } from './record'
import { loadReadable } from './record-view'
import type { Resource } from './tree'
import type { DeletionView } from './view'

/**
 * What deleting a record would mean to others, for somebody who may delete it.
 * @throws AdminError `not_found`, `expired`, `forbidden`
 */
export async function loadDeletionView(ctx: RequestContext, resource: Resource, id: string): Promise<DeletionView> {
  await assertAllowed(ctx, resource, 'delete')
  const row = await loadReadable(ctx, resource, id)
  await assertRecordAllowed(ctx, resource, 'delete', toRecord(resource, row.texts))
  return whatDeletingDoes(ctx, resource, row)
}
