import { sql } from 'drizzle-orm'
import { isConnectionLost } from '@/lib/db/postgres-errors'
import type { Transaction } from '@/lib/db/transaction'
import type { ExpiryReason, StoredRow } from '@/lib/storage'
import type { OperationContext, RequestContext } from '../context'
import { SYSTEM_ACTOR } from '../request-context'
import type { Resource } from '../tree'
import { type Expired, expireRows } from './expire-rows'
import { inTransaction } from './road'

/** The source that the change log gives for what expired. */
export const EXPIRY_ROAD = 'expiry'

/** Records in one transaction: few enough that nobody waits long for one of them. */
const CHUNK = 500
/** Where nothing has to be told of each record, many go in one statement. */
const CHUNK_UNWATCHED = 2_000

export interface ExpiryReport {
  /** Records that are gone now. */
  expired: number
  /** Records the database would not let go (something refers to them); they stay invisible and are tried again. */
  stuck: number
}

export interface ExpiryOptions {
  signal?: AbortSignal
  /** Told what a hook or callback threw, and what kept a record from going. */
  onProblem?: (problem: { resource: string; id: string; error: unknown; isStuck: boolean }) => void
}

/**
 * Removes the records of an ephemeral resource whose time is over, and the least active ones beyond its `maxRecords`,
 * as the actor 'system' by the road 'expiry': delete hooks run once for each, whatever they throw is told, and the
 * record goes anyway. Any number of processes may sweep at once; a record that somebody is writing is passed over.
 */
export async function expireRecords(
  ctx: RequestContext,
  resource: Resource,
  options: ExpiryOptions = {},
): Promise<ExpiryReport> {
  const report: ExpiryReport = { expired: 0, stuck: 0 }
  const { expiry } = resource.storage
  if (!expiry) return report
  const limit = resource.lifetime?.isWatched ? CHUNK : CHUNK_UNWATCHED
  const road = asSystem(ctx)
  const sweep = async (lock: (tx: Transaction) => Promise<StoredRow[]>, isMore: (chunk: ExpiryReport) => boolean) => {
    for (;;) {
      const chunk = await expireChunk(road, resource, lock, options)
      report.expired += chunk.expired
      report.stuck += chunk.stuck
      if (chunk.found < limit || !isMore(chunk) || options.signal?.aborted) return
    }
  }
  // Those that are stuck stay in front, so each chunk begins behind them.
  await sweep(
    (tx) => expiry.lockDue(tx, limit, report.stuck),
    () => true,
  )
  if (expiry.limits.maxRecords !== undefined)
    await sweep(
      (tx) => expiry.lockLeastActive(tx, limit),
      ({ expired }) => expired > 0,
    )
  return report
}

/** Makes room after a record was created; what goes wrong is left to the next sweep, since the creation stands. */
export async function evictBeyondLimit(ctx: RequestContext, resource: Resource): Promise<void> {
  if (resource.storage.expiry?.limits.maxRecords === undefined) return
  await expireRecords(ctx, resource).catch(() => undefined)
}

const KEPT_DAYS = 7

/** Forgets what expired a week ago. */
export async function forgetExpiries({ db, clock }: Pick<RequestContext, 'db' | 'clock'>): Promise<void> {
  const before = new Date(clock.now().getTime() - KEPT_DAYS * 86_400_000).toISOString()
  await db.execute(sql`delete from kontor.expiries where expired_at < ${before}`)
}

const asSystem = (ctx: RequestContext): RequestContext => ({
  ...ctx,
  actor: SYSTEM_ACTOR,
  user: SYSTEM_ACTOR,
  source: EXPIRY_ROAD,
})

async function expireChunk(
  ctx: RequestContext,
  resource: Resource,
  lock: (tx: Transaction) => Promise<StoredRow[]>,
  { onProblem }: ExpiryOptions,
): Promise<ExpiryReport & { found: number }> {
  const run = (isCareful: boolean) =>
    inTransaction({ ctx }, resource, async (inside) => {
      const found = await expireRows(inside, resource, await lock(inside.tx), isCareful)
      await note(inside, resource, found)
      return found
    })
  const outcomes = await run(false).catch((error: unknown) => {
    if (isConnectionLost(error)) throw error
    return run(true)
  })
  for (const { row, isGone, error } of outcomes)
    if (error !== undefined) onProblem?.({ resource: resource.key, id: row.id, error, isStuck: !isGone })
  const expired = outcomes.filter(({ isGone }) => isGone).length
  return { found: outcomes.length, expired, stuck: outcomes.length - expired }
}

async function note(ctx: OperationContext, resource: Resource, outcomes: readonly Expired[]): Promise<void> {
  const noted = outcomes
    .filter(({ isGone }) => isGone)
    .map(({ row, error }) => ({ id: row.id, reason: reasonOf(resource, row), error: error && messageOf(error) }))
  if (noted.length === 0) return
  await ctx.tx.execute(sql`
    insert into kontor.expiries (relation, record_id, expired_at, reason, error)
    select ${resource.shape.relation}, n.id, ${ctx.clock.now().toISOString()}::timestamptz, n.reason, n.error
    from jsonb_to_recordset(${JSON.stringify(noted)}::jsonb) as n(id text, reason text, error text)
    on conflict (relation, record_id) do update set expired_at = excluded.expired_at, reason = excluded.reason, error = excluded.error`)
}

const reasonOf = ({ storage }: Resource, row: StoredRow): ExpiryReason => storage.expiry?.reasonOf(row) ?? 'inactivity'

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, 1000)
