import { sql } from 'drizzle-orm'
import { formatDuration } from '@/lib/db/duration'
import { isMalformedValue } from '@/lib/db/postgres-errors'
import { AdminError } from '@/lib/errors'
import type { OperationContext, RequestContext } from '../context'
import type { Resource } from '../tree'

/**
 * What to say of a record that is not there: that it expired, where the storage lets records expire and this one did.
 * Where a scope narrows what the person may see, no answer tells records of others from those that never were.
 * @returns AdminError `expired` or `not_found`, to be thrown
 */
export async function absence(
  ctx: RequestContext | OperationContext,
  resource: Resource,
  id: string,
): Promise<AdminError> {
  const { expiry } = resource.storage
  const name = `${resource.singular} ${id}`
  if (!expiry) return new AdminError('not_found', `${name} does not exist (any more), or you may not change it.`)
  if (resource.scope(ctx))
    return new AdminError(
      'expired',
      `${name} is not there (any more): it expired, was deleted, or is not yours to see.`,
    )
  const db = 'tx' in ctx ? ctx.tx : ctx.db
  const isWaiting = await expiry.hasExpired(db, id).catch((error: unknown) => {
    if (isMalformedValue(error)) return false
    throw error
  })
  const [noted] = await db.execute<{ reason: string }>(
    sql`select reason from kontor.expiries where relation = ${resource.shape.relation} and record_id = ${id}`,
  )
  if (!isWaiting && !noted)
    return new AdminError('not_found', `${name} does not exist (any more), or you may not change it.`)
  return new AdminError('expired', `${name} has expired${because(resource, noted?.reason)}. Nothing was saved.`)
}

function because({ storage: { expiry } }: Resource, reason: string | undefined): string {
  const { inactivityMs, lifetimeMs } = expiry?.limits ?? {}
  if (reason === 'inactivity' && inactivityMs) return ` after ${formatDuration(inactivityMs)} without activity`
  if (reason === 'lifetime' && lifetimeMs) return ` at the end of its ${formatDuration(lifetimeMs)}`
  if (reason === 'evicted') return ' because newer ones needed the room'
  return ''
}
