import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { arrayOf } from './filters'
import { isId } from './record-history'
import { UNDO_LIMIT } from './undo-cascade'
import { undoPlan } from './undo-plan'
import { chosenBy, type UndoSelector } from './undo-selector'
import type { UndoStep } from './undo-step'

/** Changes looked at by one part: a second of work. */
const PART = 5_000

/** A part of an undo of any size, to look at. */
export interface WholePart {
  steps: UndoStep[]
  /** Records whose newest selected change is in this part: over all parts each is counted once. */
  records: number
  /** Changes of this part. */
  size: number
  /** Give it back for the following part; null after the last. */
  next: string | null
}

/**
 * Plans the next part of an undo of any size, newest changes first. A record is planned with all its selected changes where
 * the newest of them is; what keys would refuse is judged by all that the whole does, not by the part. Nothing is locked,
 * and steps of different parts have no order. Records with more than 10,000 selected changes are passed over.
 */
export async function planPart(
  db: Executor,
  selector: UndoSelector,
  before: string | null,
  size = PART,
): Promise<WholePart> {
  const rows = await db.execute<{ id: string; relation: string; recordId: string | null }>(sql`
    select c.id::text as id, c.relation, c.record_id as "recordId" from kontor.changes as c where ${chosenBy(selector)}
      and ${isId(before) ? sql`c.id < ${before}::bigint` : sql`true`} order by c.id desc limit ${size + 1}`)
  const page = rows.slice(0, size)
  const records = await changesByRecord(db, page, selector, before)
  const steps: UndoStep[] = []
  for (const ids of inPlans(records)) {
    steps.push(...(await undoPlan(db, { ids }, { cascades: false, whole: selector })).steps)
  }
  const next = rows.length > size ? page.at(-1)!.id : null
  return { steps, records: records.length, size: page.length, next }
}

/**
 * All selected changes of each record of a page, but for those that an earlier page had. Read by the record's own index:
 * `coalesce` keeps the selector from being looked up instead, which would read all of the undo for each page.
 */
async function changesByRecord(
  db: Executor,
  page: readonly { id: string; relation: string; recordId: string | null }[],
  selector: UndoSelector,
  before: string | null,
): Promise<{ ids: string[] }[]> {
  // A row without a key is a record of its own.
  const single = page.filter(({ recordId }) => recordId === null).map(({ id }) => ({ ids: [id] }))
  const named = page.filter(({ recordId }) => recordId !== null)
  if (named.length === 0) return single
  const relations = arrayOf(named.map(({ relation }) => relation))
  const ids = arrayOf(named.map(({ recordId }) => recordId!))
  const rows = await db.execute<{ ids: string[] }>(sql`
    select f.ids from (select distinct * from unnest(${relations}, ${ids}) as g(relation, record_id)) as g
    cross join lateral (
      select jsonb_agg(f.id::text order by f.id) as ids, count(*) as n, max(f.id) as newest from kontor.changes as f
      where f.relation = g.relation and left(f.record_id, 500) = left(g.record_id, 500) and f.record_id = g.record_id
        and coalesce(${chosenBy(selector, 'f')}, false)
    ) as f
    where f.n <= ${UNDO_LIMIT}::bigint and ${isId(before) ? sql`f.newest < ${before}::bigint` : sql`true`}
    order by g.relation, g.record_id`)
  return [...single, ...rows]
}

/** The changes of a part's records, in as many lists as a plan can take. */
function* inPlans(records: Iterable<{ ids: string[] }>): Generator<string[]> {
  let list: string[] = []
  for (const { ids } of records) {
    if (list.length + ids.length > UNDO_LIMIT) {
      yield list
      list = []
    }
    list.push(...ids)
  }
  if (list.length > 0) yield list
}

/** What is committed now, as the text of a `pg_snapshot`: for `arisenSince`. */
export async function presentSnapshot(db: Executor): Promise<string> {
  const [row] = await db.execute<{ now: string }>(sql`select pg_current_snapshot()::text as now`)
  return row!.now
}

/** Of the given changes those a snapshot did not see yet, but for those of one request. */
export async function arisenSince(
  db: Executor,
  ids: readonly string[],
  snapshot: string,
  request: string,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db.execute<{ id: string }>(sql`
    select c.id::text as id from kontor.changes as c where c.id = any(${arrayOf(ids)}::bigint[])
      and not pg_visible_in_snapshot(c.tx, ${snapshot}::pg_snapshot) and c.request_id is distinct from ${request}`)
  return new Set(rows.map(({ id }) => id))
}
