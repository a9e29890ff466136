import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { groupBy } from '@/lib/db/group-by'
import { encodeRecordId } from '@/lib/db/record-id'
import { type Change, isErasedId, type LoggedValues, textsOf } from './change'
import { arrayOf } from './filters'
import type { Moment } from './moment'
import type { TableFacts } from './table-facts'

type Key = TableFacts['key']
type Table = Pick<TableFacts, 'relation' | 'key' | 'oid'>

/** A record with changes of it, oldest first. */
interface Changed {
  recordId: string
  changes: readonly Pick<Change, 'id' | 'tx' | 'op' | 'before' | 'after' | 'changed'>[]
}

/** Changes of a record looked through for whole rows, and of its table where it has none. */
const NEIGHBOURHOOD = 1_000

/** Changes that tell which key a table had. */
const FIRST = 50

/**
 * Whether a table's records had another key at the moment than they have now, and changed since under that one: by what
 * changed first since. Ids of then and of today, which the same text may be, must not be taken for each other.
 */
export async function hadOtherKey(db: Executor, table: Table, moment: Moment): Promise<boolean> {
  const keyOf = (row: SQL) =>
    sql`(select jsonb_object_agg(n, ${row} -> n) from unnest(${arrayOf(table.key)}) as n where ${row} ? n)`
  const first = await db.execute<Changed['changes'][number] & Record<string, unknown> & { recordId: string }>(sql`
    select c.id::text as id, c.tx::text as tx, c.record_id as "recordId", c.op, coalesce(c.changed, '{}') as changed,
      null as before, coalesce(${textsOf(keyOf(sql`coalesce(c.after, c.before)`))}, '{}') as after
    from (
      select * from kontor.changes as c where c.relation = ${table.relation} and c.at > ${moment.at}::timestamptz
        and c.record_id is not null order by c.at, c.id limit ${FIRST}
    ) as c order by c.id`)
  const records = groupBy(first, ({ recordId }) => recordId)
  const found = await rekeyed(
    db,
    [...records].map(([recordId, changes]) => ({ recordId, changes })),
    table,
  )
  return found.size > 0
}

/**
 * The records whose ids are of another key than the table has today: the same text then names another row, or none. Told by
 * whole rows (of inserts and deletes), which hold the key's columns beside the id: the record's own, else those logged
 * shortly before; and by updates of what is the key today, for a key is never updated in the log. What was changed after the
 * key was made needs no such proof.
 */
export async function rekeyed(
  db: Executor,
  steps: readonly Changed[],
  { relation, key, oid }: Table,
): Promise<ReadonlySet<string>> {
  if (steps.length === 0) return new Set()
  const found = new Set<string>()
  const doubtful: Changed[] = []
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
async function isSinceKey(db: Executor, oid: number): Promise<(change: Pick<Change, 'id' | 'tx'>) => boolean> {
  const [made] = await db.execute<{ tx: string; floor: string }>(sql`
    select (x.now - mod(x.now - k.xmin::text::numeric, 4294967296))::text as tx,
      coalesce((select s.floor from kontor.seals as s order by s.seq desc limit 1), 0)::text as floor
    from pg_constraint as k, (select pg_snapshot_xmax(pg_current_snapshot())::text::numeric as now) as x
    where k.conrelid = ${oid}::bigint::oid and k.contype = 'p'`)
  return ({ tx, id }) => made !== undefined && BigInt(tx) > BigInt(made.tx) && BigInt(id) > BigInt(made.floor)
}

/** Whether a whole row has another id by the key of today. Nothing is said where the log keeps part of the key to itself. */
function isOfOther(key: Key, row: LoggedValues | null, recordId: string): boolean {
  const values = key.map((name) => row?.[name])
  return values.every((value) => typeof value === 'string') && encodeRecordId(values as string[]) !== recordId
}

/** For each record the whole row that was logged last before its changes, else the first after them. */
async function ownRows(
  db: Executor,
  relation: string,
  steps: readonly Changed[],
): Promise<ReadonlyMap<string, LoggedValues | null>> {
  if (steps.length === 0) return new Map()
  const rowsOf = (side: SQL, order: SQL) => sql`
    select c.id, c.op in ('insert', 'delete') as is_whole, coalesce(c.after, c.before) as row from kontor.changes as c
    where c.relation = ${relation} and left(c.record_id, 500) = left(s.record_id, 500) and c.record_id = s.record_id and ${side}
    order by c.id ${order} limit ${NEIGHBOURHOOD}`
  const rows = await db.execute<{ recordId: string; row: LoggedValues | null }>(sql`
    select s.record_id as "recordId", ${textsOf(sql`k.row`)} as row
    from unnest(${arrayOf(steps.map(({ recordId }) => recordId))}, ${arrayOf(steps.map(firstId))}::bigint[]) as s(record_id, first)
    join lateral (
      select n.row from (
        (select 1 as turn, p.* from (${rowsOf(sql`c.id <= s.first`, sql`desc`)}) as p where p.is_whole order by p.id desc limit 1)
        union all
        (select 2, f.* from (${rowsOf(sql`c.id > s.first`, sql`asc`)}) as f where f.is_whole order by f.id limit 1)
      ) as n order by n.turn limit 1
    ) as k on true`)
  return new Map(rows.map(({ recordId, row }) => [recordId, row]))
}

/** Whether rows logged shortly before the records' changes were named by another key. */
async function wasOtherBefore(db: Executor, relation: string, key: Key, steps: readonly Changed[]): Promise<boolean> {
  const first = steps.map(firstId).reduce((a, b) => (BigInt(a) < BigInt(b) ? a : b))
  const rows = await db.execute<{ recordId: string; row: LoggedValues | null }>(sql`
    select c.record_id as "recordId", ${textsOf(sql`coalesce(c.after, c.before)`)} as row from (
      select * from kontor.changes as c where c.relation = ${relation} and c.id < ${first}::bigint
        and c.at <= (select f.at from kontor.changes as f where f.id = ${first}::bigint limit 1)
      order by c.at desc, c.id desc limit ${NEIGHBOURHOOD}
    ) as c where c.op in ('insert', 'delete') and c.record_id is not null limit 20`)
  return rows.some(({ recordId, row }) => !isErasedId(recordId) && isOfOther(key, row, recordId))
}

const firstId = ({ changes }: Changed): string => changes[0]!.id
