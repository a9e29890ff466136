import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type Change, changeColumns, type Operation, selectChanges } from './change'
import { arrayOf, type HistoryFilters, indexedConditions, isClaimed, scannedConditions } from './filters'
import { changesById, type HistoryPaging } from './record-history'

/** One transaction on the activity page, or one background undo. */
export interface ActivityEntry {
  /** What it began with: its first change that passes the filters; the newest one where that is not among its first 1,001. */
  change: Change
  /** How many changes it has that pass the indexed filters, counted up to 1,001. */
  count: number
  /** The tables it changed, of the first 1,001 changes. */
  relations: string[]
  /** The operations of the same. */
  ops: Operation[]
  /** Set where a job made the changes in several transactions: under which request, and when the newest of them was made. */
  job?: { request: string; until: string }
}

export interface ActivityPage {
  /** Newest first. */
  entries: ActivityEntry[]
  /** Give it back for the following page; null where nothing older can match. */
  next: string | null
  /**
   * Set where a filter that no index answers (field, source, op, text) stopped after reading 50,000 changes, or where 2,000
   * transactions of jobs were passed: everything newer than this moment was looked at, `next` goes on from here.
   */
  searchedTo: string | null
}

/** Most changes read for one page where a filter has no index. */
const WINDOW = 50_000
const COUNTED = 1_001

/**
 * What happened on the whole site, newest first, one entry a transaction; what one background undo did in many is one
 * entry where the newest of it stands. Pages cost the same at any depth and size of
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

/** Most transactions passed by one page: those of a job are passed one by one. */
const MOST_HOPS = 2_000

/** What a large undo does in many transactions is one entry: its changes have the job's id as their request. */
const isOfJob = (alias: string) => {
  const c = sql.identifier(alias)
  return sql`${c}.source = 'undo' and ${c}.request_id is not null`
}

/** That the same job made a later change that is found too: the entry stands there. */
const isToldLater = (where: (alias: string) => SQL) => sql`(${isOfJob('c')} and exists (
  select from kontor.changes as n where n.request_id = c.request_id and n.source = 'undo' and n.id > c.id and ${where('n')}))`

/**
 * From each transaction's newest change to the next transaction's, index entry by index entry. The changes of one
 * statement share their moment, so a transaction of one statement, however many rows it has, is left in one hop.
 */
async function hop(db: Executor, filters: HistoryFilters, from: Position, limit: number): Promise<Found> {
  const where = (alias: string) => indexedConditions(filters, alias) ?? sql`true`
  const next = (at: SQL, id: SQL) => sql`
    select c.at, c.id, c.tx, first.at as first_at, first.id as first_id, ${isToldLater(where)} as is_told
    from kontor.changes as c
    cross join lateral (select f.at, f.id from kontor.changes as f where f.tx = c.tx order by f.id limit 1) as first
    where ${where('c')} and c.at <= ${at} and (c.at, c.id) < (${at}, ${id})
      and not exists (select from kontor.changes as n where n.tx = c.tx and n.id > c.id and ${where('n')})
    order by c.at desc, c.id desc limit 1`
  const rows = await db.execute<Change & Record<string, unknown> & { isTold: boolean; hop: number }>(
    sql`with recursive hops as (
      (select start.*, 1 as hop, (not start.is_told)::int as place
        from (${next(sql`${from.at}::timestamptz`, sql`${from.id}::bigint`)}) as start)
      union all
      select step.*, hops.hop + 1, hops.place + (not step.is_told)::int from hops cross join lateral (
        ${next(sql`hops.at`, sql`case when hops.first_at = hops.at then hops.first_id else hops.id end`)}
      ) as step where hops.place <= ${limit} and hops.hop < ${MOST_HOPS}
    )
    select ${changeColumns('c')}, hops.is_told as "isTold", hops.hop from hops
    join kontor.changes as c on c.id = hops.id and c.at = hops.at
    where not hops.is_told or hops.hop = ${MOST_HOPS} order by hops.hop`,
  )
  const changes = rows.filter(({ isTold }) => !isTold)
  const page = changes.slice(0, limit)
  if (changes.length > limit) return { changes: page, next: formatCursor(page.at(-1)!), searchedTo: null }
  const end = rows.find(({ hop }) => hop === MOST_HOPS)
  return { changes: page, next: end ? formatCursor(end) : null, searchedTo: end?.at ?? null }
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
      and not ${isToldLater(both)}
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
  const jobs = changes.map(({ source, requestId }) => (source === 'undo' ? requestId : null))
  const where = indexedConditions(filters, 'c') ?? sql`true`
  const rows = await db.execute<{
    tx: string
    count: number
    relations: string[]
    ops: Operation[]
    first: string | null
    isSpread: boolean | null
  }>(sql`
    select t.tx::text as tx, n.count, n.relations, n.ops, n.first::text as first,
      (select c.tx from kontor.changes as c where c.request_id = t.job and ${isOfJob('c')} and ${where}
        order by c.id limit 1) <> t.tx as "isSpread"
    from unnest(${arrayOf(changes.map(({ tx }) => tx))}::xid8[], ${sql.param(jobs)}::text[]) as t(tx, job)
    cross join lateral (
      select count(*)::int as count, array_agg(distinct c.relation::text) as relations, array_agg(distinct c.op::text) as ops,
        min(c.id) filter (where ${scannedConditions(filters, 'c') ?? sql`true`}) as first
      from (
        (select c.* from kontor.changes as c where t.job is null and c.tx = t.tx and ${where} order by c.id limit ${COUNTED})
        union all
        (select c.* from kontor.changes as c where c.request_id = t.job and ${isOfJob('c')} and ${where}
          order by c.id limit ${COUNTED})
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
  return changes.map((newest) => {
    const { tx, relation, op, requestId } = newest
    const { count = 1, relations = [relation], ops = [op], first, isSpread } = byTx.get(tx) ?? {}
    const change = begun.get(first ?? '') ?? newest
    return { change, count, relations, ops, ...(isSpread && { job: { request: requestId ?? '', until: newest.at } }) }
  })
}
