import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { Transaction } from '@/lib/db/transaction'
import { arrayOf } from './filters'
import { UNDO_LIMIT } from './undo-cascade'
import { chosenBy, type UndoSelector } from './undo-plan'

/** Records read from the database at a time. */
const PAGE = 2_000

/**
 * The records of a selection that others changed after it, whatever its size: the database finds them in one statement,
 * and they are read some at a time. Each page has all selected changes of its records, at most 10,000, oldest first, for
 * an `undoPlan`. Marks of a TRUNCATE count too; records with more than 10,000 selected changes do not.
 * @param tx has a longer time limit until the first page, for a selection of millions
 */
export async function* changedAgain(tx: Transaction, selector: UndoSelector): AsyncGenerator<string[]> {
  const [limit] = await tx.execute<{ usual: string }>(sql`select current_setting('statement_timeout') as usual`)
  await tx.execute(sql`select set_config('statement_timeout', '120s', true)`)
  await tx.execute(sql`
    declare changed_again no scroll cursor for
    select jsonb_agg(c.id::text order by c.id) as ids from kontor.changes as c where ${chosenBy(selector)}
    group by c.relation, c.record_id
    having count(*) <= ${UNDO_LIMIT}::bigint and bool_or(c.op = 'truncate' or c.record_id is null or exists (
      select from kontor.changes as f
      where f.relation = c.relation and left(f.record_id, 500) = left(c.record_id, 500) and f.record_id = c.record_id
        and f.id > c.id and (${chosenBy(selector, 'f')}) is not true))
    order by c.relation, c.record_id`)
  for (;;) {
    const rows = await tx.execute<{ ids: string[] }>(sql`fetch ${sql.raw(String(PAGE))} from changed_again`)
    // The first page has found and sorted them all.
    await tx.execute(sql`select set_config('statement_timeout', ${limit!.usual}, true)`)
    let page: string[] = []
    for (const { ids } of rows) {
      if (page.length + ids.length > UNDO_LIMIT) {
        yield page
        page = []
      }
      page.push(...ids)
    }
    if (page.length > 0) yield page
    if (rows.length < PAGE) break
  }
  await tx.execute(sql`close changed_again`)
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
