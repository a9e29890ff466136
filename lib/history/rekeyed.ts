import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { encodeRecordId } from '@/lib/db/record-id'
import { type Change, isErasedId, type LoggedValues, textsOf } from './change'
import { arrayOf } from './filters'
import type { TableFacts } from './table-facts'
import type { FoldedStep } from './undo-step'

type Key = TableFacts['key']

/** Changes of a table looked through for whole rows where a record has none. */
const NEIGHBOURHOOD = 1_000

/**
 * The records whose ids are of another key than the table has today: the same text then names another row, or none. Told by
 * whole rows (of inserts and deletes), which hold the key's columns beside the id: the record's own, else those logged
 * shortly before; and by updates of what is the key today, for a key is never updated in the log. What was changed after the
 * key was made needs no such proof.
 */
export async function rekeyed(
  db: Executor,
  steps: readonly FoldedStep[],
  { relation, key, oid }: TableFacts,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  const doubtful: FoldedStep[] = []
  const isSince = await isSinceKey(db, oid)
  for (const step of steps) {
    if (isErasedId(step.recordId)) continue
    const rows = step.changes.flatMap(({ op, before, after }) => (op === 'update' ? [] : [(after ?? before)!]))
    const isUpdated = step.changes.some(
      ({ op, changed }) => op === 'update' && changed.some((name) => key.includes(name)),
    )
    if (isUpdated || rows.some((row) => isOfOther(key, row, step.recordId))) found.add(step.recordId)
    else if (rows.length === 0 && !step.changes.every(isSince)) doubtful.push(step)
  }
  const own = await ownRows(db, relation, doubtful)
  const unknown = doubtful.filter(({ recordId }) => !own.has(recordId))
  for (const [recordId, row] of own) if (isOfOther(key, row, recordId)) found.add(recordId)
  if (unknown.length > 0 && (await wasOtherBefore(db, relation, key, unknown))) {
    for (const { recordId } of unknown) found.add(recordId)
  }
  return found
}

/**
 * Tells changes made after the table's primary key was: by the transaction that made it, whose number the catalog keeps. Of
 * changes that came along from another cluster, where numbers are others, it tells none.
 */
async function isSinceKey(db: Executor, oid: number): Promise<(change: Change) => boolean> {
  const [made] = await db.execute<{ tx: string; floor: string }>(sql`
    select (x.now - mod(x.now - k.xmin::text::numeric, 4294967296))::text as tx,
      coalesce((select s.floor from kontor.seals as s order by s.seq desc limit 1), 0)::text as floor
    from pg_constraint as k, (select pg_snapshot_xmax(pg_current_snapshot())::text::numeric as now) as x
    where k.conrelid = ${oid}::bigint::oid and k.contype = 'p'`)
  return ({ tx, id }) => made !== undefined && BigInt(tx) > BigInt(made.tx) && BigInt(id) > BigInt(made.floor)
}

/** Whether a whole row has another id by the key of today. Nothing is said where the log keeps part of the key to itself. */
function isOfOther(key: Key, row: LoggedValues, recordId: string): boolean {
  const values = key.map((name) => row[name])
  return values.every((value) => typeof value === 'string') && encodeRecordId(values as string[]) !== recordId
}

/** For each record the whole row that was logged last before its changes, else the first after them. */
async function ownRows(
  db: Executor,
  relation: string,
  steps: readonly FoldedStep[],
): Promise<ReadonlyMap<string, LoggedValues>> {
  if (steps.length === 0) return new Map()
  const rows = await db.execute<{ recordId: string; row: LoggedValues }>(sql`
    select s.record_id as "recordId", ${textsOf(sql`k.row`)} as row
    from unnest(${arrayOf(steps.map(({ recordId }) => recordId))}, ${arrayOf(steps.map(firstId))}::bigint[]) as s(record_id, first)
    join lateral (
      select coalesce(c.after, c.before) as row from kontor.changes as c
      where c.relation = ${relation} and left(c.record_id, 500) = left(s.record_id, 500) and c.record_id = s.record_id
        and c.op in ('insert', 'delete')
      order by c.id > s.first, abs(c.id - s.first) limit 1
    ) as k on true`)
  return new Map(rows.map(({ recordId, row }) => [recordId, row]))
}

/** Whether rows logged shortly before the records' changes were named by another key. */
async function wasOtherBefore(
  db: Executor,
  relation: string,
  key: Key,
  steps: readonly FoldedStep[],
): Promise<boolean> {
  const first = steps.map(firstId).reduce((a, b) => (BigInt(a) < BigInt(b) ? a : b))
  const rows = await db.execute<{ recordId: string; row: LoggedValues }>(sql`
    select c.record_id as "recordId", ${textsOf(sql`coalesce(c.after, c.before)`)} as row from (
      select * from kontor.changes as c where c.relation = ${relation} and c.id < ${first}::bigint
        and c.at <= (select f.at from kontor.changes as f where f.id = ${first}::bigint limit 1)
      order by c.at desc, c.id desc limit ${NEIGHBOURHOOD}
    ) as c where c.op in ('insert', 'delete') and c.record_id is not null limit 20`)
  return rows.some(({ recordId, row }) => !isErasedId(recordId) && isOfOther(key, row, recordId))
}

const firstId = ({ changes }: FoldedStep): string => changes[0]!.id
