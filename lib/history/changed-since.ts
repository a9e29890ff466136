import { type SQL, sql } from 'drizzle-orm'
import type { AsOfTable } from './as-of-table'
import { textsOf } from './change'
import { arrayOf } from './filters'
import type { Moment } from './moment'

/** The ids of all records that changed since. */
export const changedIds = (table: AsOfTable, moment: Moment): SQL =>
  sql`select distinct c.record_id as id from (${changedSince(table, moment)}) as c`

/**
 * The given records as far as they changed since: their earlier values as texts, the columns whose earlier value an erasure
 * took, and whether they began only then.
 */
export const changedRecords = (table: AsOfTable, moment: Moment, recordIds: readonly string[]): SQL => sql`
  select l.record_id as "recordId", ${textsOf(sql`l.state - l.erased`)} as state, l.born, l.erased
  from (${reconstructed(table, moment, among(recordIds))}) as l`

/** The ids of the changes since that deleted one of the given records. */
export const deletionsSince = (table: AsOfTable, moment: Moment, recordIds: readonly string[]): SQL =>
  sql`select c.id::text as id from (${changedSince(table, moment, among(recordIds))}) as c where c.op = 'delete'`

/** Only these records; the first condition is the index's. */
export function among(recordIds: readonly string[]): SQL {
  const ids = arrayOf(recordIds)
  return sql`and left(c.record_id, 500) = any(array(select left(i, 500) from unnest(${ids}) as i)) and c.record_id = any(${ids})`
}

/** The log rows that must be thought away: after the moment, or of transactions that had not finished by it. */
export function changedSince(table: AsOfTable, moment: Moment, only: SQL = sql``): SQL {
  const later = sql`select c.record_id, c.id, c.op, c.before, c.changed from kontor.changes as c
    where c.relation = ${table.relation} and c.at > ${moment.at}::timestamptz and ${IS_KNOWN} ${only}`
  if (moment.straddling.length === 0) return later
  return sql`${later} union all select c.record_id, c.id, c.op, c.before, c.changed from kontor.changes as c
    where c.tx = any(${arrayOf(moment.straddling)}::xid8[]) and c.relation = ${table.relation} and c.at <= ${moment.at}::timestamptz
      and ${IS_KNOWN} ${only}`
}

/** Whether an erasure took values of the change, and not just who made it. */
const WAS_ERASED = sql.raw(
  `c.id in (select e.change_id from kontor.erasures as e where e.columns is null or e.columns <> '{}')`,
)

/** Rows of a table without a key have no record, and those whose key was erased name none. */
const IS_KNOWN = sql`c.record_id is not null and not (starts_with(c.record_id, 'erased-') and ${WAS_ERASED})`

/** Stands in a record's state for a value that an erasure took. */
const ERASED = sql.raw(`'{"kontor.erased": true}'::jsonb`)

/**
 * For each record changed since: the columns that differ from today's row, as they were (its changes' `before`s, the
 * oldest on top; a delete has all columns), and whether the record began only then. Columns whose value of then an erasure
 * took are null there, and in `erased`.
 */
export function reconstructed(table: AsOfTable, moment: Moment, only?: SQL): SQL {
  const names = arrayOf(
    table.columns.flatMap(({ name, isVirtual }) => (isVirtual || table.key.includes(name) ? [] : [name])),
  )
  const taken = sql`(select jsonb_object_agg(n, ${ERASED}) from unnest(case c.op when 'update' then c.changed else ${names} end) as n
    where exists (select from kontor.erasures as e where e.change_id = c.id and (e.columns is null or n = any(e.columns))))`
  const state = sql`kontor.merge_objects(
    case when c.op <> 'insert' and ${WAS_ERASED} then coalesce(${taken}, '{}') || c.before else c.before end order by c.id desc)`
  return sql`
  select l.record_id, ${table.swapsKeys ? sql`l.born and not ${cameBefore(table)} as born` : sql`l.born`}, case when l.holes then (
      select coalesce(jsonb_object_agg(v.key, case when v.value = ${ERASED} then 'null' else v.value end), '{}') from jsonb_each(l.state) as v
    ) else l.state end as state,
    case when l.holes then array(select v.key from jsonb_each(l.state) as v where v.value = ${ERASED}) else '{}' end as erased
  from (
    select c.record_id, ${state} as state, min(c.id) as first_id, min((c.id << 1) | (c.op = 'insert')::int) & 1 = 1 as born,
      bool_or(c.op <> 'insert' and ${WAS_ERASED}) as holes
    from (${changedSince(table, moment, only)}) as c group by c.record_id
  ) as l`
}

/**
 * Whether the record was there although its first change since is an insertion: it was deleted right after, in the same
 * transaction, as another row than the one inserted, which came to the key before it had left (`l.first_id`).
 */
const cameBefore = (table: AsOfTable) => sql`exists (
    select from kontor.changes as i cross join lateral (
      select d.op, d.tx, d.before from kontor.changes as d where d.relation = ${table.relation}
        and left(d.record_id, 500) = left(i.record_id, 500) and d.record_id = i.record_id and d.id > i.id order by d.id limit 1
    ) as d
    where i.id = l.first_id and d.op = 'delete' and d.tx = i.tx
      and exists (select from jsonb_each(i.after) as v where d.before ? v.key and d.before -> v.key <> v.value))`
