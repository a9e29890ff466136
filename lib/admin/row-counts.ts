import { sql } from 'drizzle-orm'
import { isConnectionLost, postgresErrorOf } from '@/lib/db/postgres-errors'
import type { RequestContext } from './context'
import { readWithin } from './list/within'
import { type RowEstimate, rowEstimates } from './row-estimates'
import type { Resource } from './tree'

/** How many rows a resource has. */
export interface RowCount {
  count: number
  /** There are more than `count`, and nobody knows how many. */
  isAtLeast?: boolean
}

/** Rows counted one by one; of more the estimate is shown. */
const MOST_COUNTED = 1_000
/** An estimate above says that counting would show nothing else, whatever it is wrong by. */
const CERTAINLY_MORE = 10 * MOST_COUNTED
/** So much is read at most, however many dead rows stand before the living: 8 MiB. */
const MOST_PAGES = 1_024
const MOST_VERSIONS = 50_000
/** Tables counted at a time, in one statement; the others' turn comes later, and their last count stands until then. */
const MOST_AT_ONCE = 100
const EVERY_MS = 5_000
/** A table that somebody has locked is not waited for. */
const PATIENCE_MS = 300

interface Kept {
  /** By resource key. */
  counts: Map<string, number>
  until: number
  /** The first of the resources whose turn is next. */
  next: number
  counting?: Promise<void>
}

const kept = new WeakMap<RequestContext['db'], Kept>()

/**
 * How many rows each resource has, whoever asks, for menus: small tables counted, of large ones what PostgreSQL believes.
 * Costs one or two statements every five seconds, whatever the number and the size of the tables.
 */
export async function rowCounts(ctx: RequestContext): Promise<(resource: Resource) => RowCount | undefined> {
  const estimates = await rowEstimates(ctx.db)
  const found = kept.get(ctx.db) ?? { counts: new Map<string, number>(), until: 0, next: 0 }
  kept.set(ctx.db, found)
  if (found.until <= Date.now()) {
    found.counting ??= countNext(ctx, found, estimates).finally(() => {
      found.until = Date.now() + EVERY_MS
      found.counting = undefined
    })
    await found.counting
  }
  return (resource) => countOf(found.counts.get(resource.key), estimates.get(relationOf(resource)))
}

/** Counts those whose turn it is. What cannot be counted just now keeps its last count, or its estimate. */
async function countNext(ctx: RequestContext, kept: Kept, estimates: ReadonlyMap<string, RowEstimate>): Promise<void> {
  const all = [...ctx.admin.resources.values()].filter((resource) => !resource.hidden)
  const small = all.filter((resource) => isCountable(resource, estimates.get(relationOf(resource))))
  const keys = new Set(small.map(({ key }) => key))
  for (const key of kept.counts.keys()) if (!keys.has(key)) kept.counts.delete(key)
  const from = kept.next < small.length ? kept.next : 0
  const turn = small.slice(from, from + MOST_AT_ONCE)
  kept.next = from + turn.length
  if (turn.length === 0) return
  try {
    for (const [key, count] of await countEach(ctx, turn)) kept.counts.set(key, count)
  } catch (error) {
    // A table that is locked, or gone since: the estimates serve until the next time.
    if (!postgresErrorOf(error) || isConnectionLost(error)) throw error
  }
}

/** One statement for all of them, each up to one more than is counted. */
function countEach(ctx: RequestContext, resources: readonly Resource[]): Promise<[string, number][]> {
  const selects = resources.map(
    ({ key, storage }) =>
      sql`select ${sql.param(key)}::text as key, (select count(*) from
        (select from ${storage.source()} as t limit ${sql.raw(String(MOST_COUNTED + 1))}) as capped)::int as count`,
  )
  return readWithin(ctx.db, PATIENCE_MS, async (tx) => {
    const rows = await tx.execute<{ key: string; count: number }>(sql.join(selects, sql` union all `))
    return rows.map(({ key, count }) => [key, count])
  })
}

function isCountable({ shape, storage }: Resource, estimate: RowEstimate | undefined): boolean {
  if (!estimate?.isReadable || (shape.kind !== 'table' && storage.kind === 'table')) return false
  return estimate.pages <= MOST_PAGES && estimate.versions <= MOST_VERSIONS && (estimate.rows ?? 0) <= CERTAINLY_MORE
}

function countOf(counted: number | undefined, estimate: RowEstimate | undefined): RowCount | undefined {
  if (counted !== undefined && counted <= MOST_COUNTED) return { count: counted }
  const rows = estimate?.rows === undefined ? undefined : Math.round(estimate.rows)
  if (rows !== undefined && (counted === undefined || rows > MOST_COUNTED)) return { count: rows }
  return counted === undefined ? undefined : { count: MOST_COUNTED, isAtLeast: true }
}

/** The table its rows stand in: of an append-only one that of the newest versions. */
const relationOf = ({ storage }: Resource): string => `${storage.logged.schema}.${storage.logged.name}`
