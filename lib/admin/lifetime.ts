import type { StoredRow } from '@/lib/storage'
import { remainingWords } from '@/lib/ui/countdown/remaining'
import type { RequestContext } from './context'
import { exactMoment, formatDateTime } from './fields/format'
import type { Resource } from './tree'
import type { CellView, LifetimeView } from './view'

type Row = Pick<StoredRow, 'texts'>

/** What a page counts down for an ephemeral record (or a row of a list that has read `expiresAt`); else undefined. */
export function lifetimeOf(
  { clock, locale, timeZone }: Pick<RequestContext, 'clock' | 'locale' | 'timeZone'>,
  { storage }: Resource,
  row: Row,
): LifetimeView | undefined {
  if (!storage.expiry) return undefined
  const { expiresAt, livesUntil } = storage.expiry.deadlines(row)
  const { inactivityMs } = storage.expiry.limits
  const now = clock.now()
  return {
    expiresAt: expiresAt?.toISOString(),
    livesUntil: livesUntil?.toISOString(),
    latest: livesUntil && formatDateTime(livesUntil.toISOString(), { locale, timeZone, now }),
    remainingMs: expiresAt && Math.max(0, expiresAt.getTime() - now.getTime()),
    canBeKept: inactivityMs !== undefined && (!livesUntil || !expiresAt || expiresAt < livesUntil),
  }
}

/** The field in which an ephemeral record's end stands. */
export const END_FIELD = 'expiresAt'

/** What a row of a list has left, to be counted down. */
export function expiryCell(ctx: RequestContext, resource: Resource, row: Row): CellView {
  const { remainingMs } = lifetimeOf(ctx, resource, row) ?? {}
  const text = row.texts[END_FIELD] ?? null
  return {
    kind: 'expiry',
    text: text ?? '',
    display: remainingMs === undefined ? 'never' : remainingWords(remainingMs),
    remainingMs,
    title: text === null ? undefined : exactMoment(text, ctx.timeZone),
  }
}
