import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type Change, changeColumns, type Operation, selectChanges } from './change'
import { arrayOf, type HistoryFilters, indexedConditions, isClaimed, scannedConditions } from './filters'
import { changesById, type HistoryPaging } from './record-history'

/** One transaction on the activity page. */
export interface ActivityEntry {
  /** What it began with: its first change that passes the filters; the newest one where that is not among its first 1,001. */
  change: Change
  /** How many changes it has that pass the indexed filters, counted up to 1,001. */
  count: number
  /** The tables it changed, of the first 1,001 changes. */
  relations: string[]
  /** The operations of the same. */
  ops: Operation[]
}

export interface ActivityPage {
  /** Newest first. */
  entries: ActivityEntry[]
  /** Give it back for the following page; null where nothing older can match. */
  next: string | null
  /**
   * Set where a filter that no index answers (field, source, op, text) stopped after reading 50,000 changes: everything
   * newer than this moment was looked at, `next` goes on from here.
   */
  searchedTo: string | null
}

/** Most changes read for one page where a filter has no index. */
const WINDOW = 50_000
const COUNTED = 1_001

/**
 * What happened on the whole site, newest first, one entry a transaction. Pages cost the same at any depth and size of
 * the log. `relations` is how a caller says what the person may see; filtered by it nothing else is read.
 */
export async function siteHistory(
  db: Executor,
  filters: HistoryFilters = {},
  paging: HistoryPaging = {},
): Promise<ActivityPage> {
  const limit = Math.min(paging.limit ?? 50, 200)
  const cursor = parseCursor(paging.cursor)
  const found = isIndexed(filters) ? await hop(db, filters, cursor, limit) : await scan(db, filters, cursor, limit)
  return { ...found, entries: await countEach(db, filters, found.changes) }
}

/**
 * Two conditions with an index each may have nothing in common, and database roles have none: walking an index would then
 * never end.
 */
const isIndexed = ({ actor, relations, ...others }: HistoryFilters) =>
  !scannedConditions(others, 'c') && (actor === undefined || (isClaimed(actor) && relations === undefined))

interface Position {
  at: string
  id: string
}

interface Found {
  changes: Change[]
  next: string | null
  searchedTo: string | null
}

const formatCursor = ({ at, id }: Position) => `${at}_${id}`

/** A cursor somebody edited falls back to the newest. */
function parseCursor(text: string | null | undefined): Position {
  const match = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00)_(\d{1,18})$/.exec(text ?? '')
  return match ? { at: match[1]!, id: match[2]! } : { at: 'infinity', id: '0' }
}

/**
 * From each transaction's newest change to the next transaction's, index entry by index entry. The changes of one
 * statement share their moment, so a transaction of one statement, however many rows it has, is left in one hop.
 */
async function hop(db: Executor, filters: HistoryFilters, from: Position, limit: number): Promise<Found> {
  const where = (alias: string) => indexedConditions(filters, alias) ?? sql`true`
  const next = (at: SQL, id: SQL) => sql`
    select c.at, c.id, c.tx, first.at as first_at, first.id as first_id from kontor.changes as c
    cross join lateral (select f.at, f.id from kontor.changes as f where f.tx = c.tx order by f.id limit 1) as first
    where ${where('c')} and c.at <= ${at} and (c.at, c.id) < (${at}, ${id})
      and not exists (select from kontor.changes as n where n.tx = c.tx and n.id > c.id and ${where('n')})
    order by c.at desc, c.id desc limit 1`
  const changes = await selectChanges(
    db,
    sql`with recursive hops as (
      (select *, 1 as place from (${next(sql`${from.at}::timestamptz`, sql`${from.id}::bigint`)}) as start)
      union all
      select step.*, hops.place + 1 from hops cross join lateral (
        ${next(sql`hops.at`, sql`case when hops.first_at = hops.at then hops.first_id else hops.id end`)}
      ) as step where hops.place <= ${limit}
    )
    select ${changeColumns('c')} from hops join kontor.changes as c on c.id = hops.id and c.at = hops.at order by hops.place`,
  )
  const page = changes.slice(0, limit)
  return { changes: page, next: changes.length > limit ? formatCursor(page.at(-1)!) : null, searchedTo: null }
}

/** Reads a window of changes and keeps those that match: the last resort of filters without an index. */
async function scan(db: Executor, filters: HistoryFilters, from: Position, limit: number): Promise<Found> {
  const both = (alias: string) =>
    sql`${indexedConditions(filters, alias) ?? sql`true`} and ${scannedConditions(filters, alias) ?? sql`true`}`
  const walked = narrowest(filters)
  const window = sql`select * from kontor.changes as c where ${indexedConditions(walked, 'c') ?? sql`true`}
    and c.at <= ${from.at}::timestamptz and (c.at, c.id) < (${from.at}::timestamptz, ${from.id}::bigint)
    order by c.at desc, c.id desc`
  const changes = await selectChanges(
    db,
    sql`select ${changeColumns('c')} from (${window} limit ${WINDOW}) as c where ${both('c')}
      and not exists (select from kontor.changes as n where n.tx = c.tx and n.id > c.id and ${both('n')})
      order by c.at desc, c.id desc limit ${limit + 1}`,
  )
  if (changes.length > limit) {
    const page = changes.slice(0, limit)
    return { changes: page, next: formatCursor(page.at(-1)!), searchedTo: null }
  }
  const [end] = await db.execute<{ at: string; id: string }>(
    sql`select c.at::text as at, c.id::text as id from (${window} offset ${WINDOW - 1} limit 1) as c`,
  )
  return { changes, next: end ? formatCursor(end) : null, searchedTo: end?.at ?? null }
}

/** What the window is taken of: what one index gives in order. The rest is asked of the rows read. */
function narrowest(filters: HistoryFilters): HistoryFilters {
  if (filters.actor === undefined) return filters
  return isClaimed(filters.actor) ? { ...filters, relations: undefined } : { ...filters, actor: undefined }
}

async function countEach(db: Executor, filters: HistoryFilters, changes: Change[]): Promise<ActivityEntry[]> {
  if (changes.length === 0) return []
  const rows = await db.execute<{
    tx: string
    count: number
    relations: string[]
    ops: Operation[]
    first: string | null
  }>(sql`
    select t.tx::text as tx, n.count, n.relations, n.ops, n.first::text as first
    from unnest(${arrayOf(changes.map(({ tx }) => tx))}::xid8[]) as t(tx)
    cross join lateral (
      select count(*)::int as count, array_agg(distinct c.relation::text) as relations, array_agg(distinct c.op::text) as ops,
        min(c.id) filter (where ${scannedConditions(filters, 'c') ?? sql`true`}) as first
      from (
        select c.* from kontor.changes as c where c.tx = t.tx and ${indexedConditions(filters, 'c') ?? sql`true`}
        order by c.id limit ${COUNTED}
      ) as c
    ) as n`)
  const byTx = new Map(rows.map((row) => [row.tx, row]))
  const begun = new Map(
    (
      await changesById(
        db,
        rows.flatMap(({ first }) => first ?? []),
      )
    ).map((change) => [change.id, change]),
  )
  return changes.map((change) => {
    const { count = 1, relations = [change.relation], ops = [change.op], first } = byTx.get(change.tx) ?? {}
    return { change: begun.get(first ?? '') ?? change, count, relations, ops }
  })
}
