import { isMalformedValue } from '@/lib/db/postgres-errors'
import { AdminError, notFound } from '@/lib/errors'
import type { Deadlines, StoredRow } from '@/lib/storage'
import type { OperationContext } from '../context'
import { assertRecordAllowed, rowCondition } from '../policy'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import { absence } from './absence'
import { inTransaction, type Road } from './road'

/**
 * Starts the inactivity timeout of an ephemeral record anew, without a change: no hook runs and nothing is logged.
 * Whoever may open the record may do it, since opening is activity too.
 * @returns when it vanishes now
 * @throws AdminError `expired`, `not_found`, `forbidden`, `invalid` where the resource's records never vanish
 */
export function keepAlive(road: Road, resource: Resource, id: string): Promise<Deadlines> {
  return inTransaction(road, resource, async (ctx) => {
    const row = await keepAliveInside(ctx, resource, id)
    return resource.storage.expiry?.deadlines(row) ?? {}
  })
}

/** The same within a transaction that is already open. */
export async function keepAliveInside(ctx: OperationContext, resource: Resource, id: string): Promise<StoredRow> {
  const { expiry } = resource.storage
  if (!expiry) throw new AdminError('invalid', `${resource.plural} never expire, so there is nothing to keep alive.`)
  const where = await rowCondition(ctx, resource, 'read', 't')
  const row = await expiry.keepAlive(ctx.tx, id, where).catch((error: unknown) => {
    if (isMalformedValue(error)) throw notFound(`${resource.singular} ${id}`)
    throw error
  })
  if (!row) throw await absence(ctx, resource, id)
  await assertRecordAllowed(ctx, resource, 'read', toRecord(resource, row.texts))
  return row
}
