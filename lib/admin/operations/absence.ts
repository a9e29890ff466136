import { sql } from 'drizzle-orm'
import { formatDuration } from '@/lib/db/duration'
import { isMalformedValue } from '@/lib/db/postgres-errors'
import { rebase } from '@/lib/db/rebase'
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
  const db = 'tx' in ctx ? ctx.tx : ctx.db
  const given = resource.scope(ctx)
  const scope = given && rebase(given, resource.relation, 't')
  const isWaiting = await expiry.hasExpired(db, id, scope).catch((error: unknown) => {
    if (isMalformedValue(error)) return false
    throw error
  })
  const noted = scope ? undefined : await notedReason(ctx, resource, id)
  if (isWaiting || noted)
    return new AdminError(
      'expired',
      `${name} has expired${because(resource, noted)}.${'tx' in ctx ? ' Nothing was saved.' : ''}`,
    )
  const message = `${name} is not there (any more): it expired, was deleted, or you may not change it.`
  return new AdminError('not_found', message, { mayHaveExpired: true })
}

async function notedReason(ctx: RequestContext | OperationContext, { shape }: Resource, id: string) {
  const rows = await ('tx' in ctx ? ctx.tx : ctx.db).execute<{ reason: string }>(
    sql`select reason from kontor.expiries where relation = ${shape.relation} and record_id = ${id}`,
  )
  return rows[0]?.reason
}

function because({ storage: { expiry } }: Resource, reason: string | undefined): string {
  const { inactivityMs, lifetimeMs } = expiry?.limits ?? {}
  if (reason === 'inactivity' && inactivityMs) return ` after ${formatDuration(inactivityMs)} without activity`
  if (reason === 'lifetime' && lifetimeMs) return ` at the end of its ${formatDuration(lifetimeMs)}`
  if (reason === 'evicted') return ' because newer ones needed the room'
  return ''
}
