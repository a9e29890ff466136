import type { StoredRow } from '@/lib/storage'
import type { RequestContext } from './context'
import type { Resource } from './tree'
import type { LifetimeView } from './view'

/** What a page counts down for an ephemeral record (or a row of a list that has read `expiresAt`); else undefined. */
export function lifetimeOf(
  { clock }: Pick<RequestContext, 'clock'>,
  { storage }: Resource,
  row: Pick<StoredRow, 'texts'>,
): LifetimeView | undefined {
  if (!storage.expiry) return undefined
  const { expiresAt, livesUntil } = storage.expiry.deadlines(row)
  const { inactivityMs } = storage.expiry.limits
  return {
    expiresAt: expiresAt?.toISOString(),
    livesUntil: livesUntil?.toISOString(),
    remainingMs: expiresAt && Math.max(0, expiresAt.getTime() - clock.now().getTime()),
    canBeKept: inactivityMs !== undefined && (!livesUntil || !expiresAt || expiresAt < livesUntil),
  }
}
