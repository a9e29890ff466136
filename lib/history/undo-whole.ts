import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { Transaction } from '@/lib/db/transaction'
import { arrayOf } from './filters'
import { UNDO_LIMIT } from './undo-cascade'
import { undoPlan } from './undo-plan'
import { chosenBy, type UndoSelector } from './undo-selector'
import type { UndoStep } from './undo-step'

/** Records planned at a time. */
const PAGE = 2_000

/**
 * Plans an undo of any size, a page of records at a time: what keys would refuse is judged by all that the whole does, not
 * by the page. To look at: nothing is locked, and steps of different pages have no order. Records with more than 10,000
 * selected changes are passed over.
 * @param tx has a longer time limit until the first page, for a selection of millions
 */
export async function* planWhole(tx: Transaction, selector: UndoSelector): AsyncGenerator<UndoStep[]> {
  const [limit] = await tx.execute<{ usual: string }>(sql`select current_setting('statement_timeout') as usual`)
  await tx.execute(sql`select set_config('statement_timeout', '120s', true)`)
  await tx.execute(sql`
    declare undo_records no scroll cursor for
    select jsonb_agg(c.id::text order by c.id) as ids from kontor.changes as c where ${chosenBy(selector)}
    group by c.relation, c.record_id, case when c.record_id is null then c.id end
    having count(*) <= ${UNDO_LIMIT}::bigint order by c.relation, c.record_id`)
  for (;;) {
    const rows = await tx.execute<{ ids: string[] }>(sql`fetch ${sql.raw(String(PAGE))} from undo_records`)
    // The first page has found and sorted them all.
    await tx.execute(sql`select set_config('statement_timeout', ${limit!.usual}, true)`)
    for (const ids of inPlans(rows)) yield (await undoPlan(tx, { ids }, { cascades: false, whole: selector })).steps
    if (rows.length < PAGE) break
  }
  await tx.execute(sql`close undo_records`)
}

/** The changes of a page's records, in as many lists as a plan can take. */
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

/** How many records a selector's changes are of. */
export async function countRecords(db: Executor, selector: UndoSelector): Promise<number> {
  const [row] = await db.execute<{ n: number }>(sql`
    select count(*)::float8 as n
    from (select from kontor.changes as c where ${chosenBy(selector)} group by c.relation, c.record_id) as r`)
  return row?.n ?? 0
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
