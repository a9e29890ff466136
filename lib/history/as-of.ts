import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import { type LoggedValues, textsOf } from './change'
import { isBounded, recordIdOf } from './column-text'
import { arrayOf } from './filters'
import { literal, quote } from './literal'
import { type Moment, sortable } from './moment'
import { columnsNamed, mayHaveMet, type Requirement } from './requirement'
import { type ColumnFacts, readTableFacts, type TableFacts } from './table-facts'
import { granularityOf } from './trigger-function'
import { asColumn, isAnyText, unfitting } from './unfit'

/** What time travel needs to know of a table: its columns as they are in the database now. */
export interface AsOfTable
  extends Pick<TableFacts, 'schema' | 'name' | 'relation' | 'columns' | 'key' | 'canTryTypes'> {
  /** Every id since the moment is known to fit the key's type (`knownToFit`): they need not be tried one by one. */
  keysFit?: boolean
  /** Virtual generated columns, which no log can hold: their expressions by name, to be computed anew. */
  computed?: ReadonlyMap<string, string>
  /** Keys can change hands within one statement, and the rows are logged one by one. */
  swapsKeys?: boolean
}

/**
 * Reads a table's columns and key from pg_catalog. Cheap (a millisecond), and right after a migration of others.
 * @throws AdminError 'invalid' where the table has no primary key: nothing then says which row a change was about
 */
export async function asOfTable(db: Executor, table: { schema: string; name: string }): Promise<AsOfTable> {
  const facts = await readTableFacts((text) => db.execute(sql.raw(text)) as never, {
    schema: table.schema,
    name: table.name,
  })
  if (!facts) throw new AdminError('not_found', `There is no table ${table.schema}.${table.name}.`)
  if (facts.key.length === 0) {
    throw new AdminError(
      'invalid',
      `${facts.relation} has no primary key, so it cannot be shown as of an earlier moment.`,
    )
  }
  return { ...facts, computed: await expressionsOf(db, facts), swapsKeys: await canSwapKeys(db, facts) }
}

async function canSwapKeys(db: Executor, facts: TableFacts): Promise<boolean> {
  if (granularityOf(facts) === 'statement') return false
  const rows = await db.execute(
    sql`select from pg_constraint where conrelid = ${facts.oid}::bigint::oid and contype = 'p' and condeferrable`,
  )
  return rows.length > 0
}

async function expressionsOf(db: Executor, { oid, columns }: TableFacts): Promise<ReadonlyMap<string, string>> {
  if (!columns.some(({ isVirtual }) => isVirtual)) return new Map()
  const rows = await db.execute<{ name: string; expression: string }>(sql`
    select a.attname as name, pg_get_expr(d.adbin, d.adrelid) as expression from pg_attribute as a
    join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = ${oid}::bigint::oid and a.attgenerated = 'v' and not a.attisdropped`)
  return new Map(rows.map(({ name, expression }) => [name, expression]))
}

export interface AsOfOptions {
  /**
   * Database columns the statement reads; the key's are always there. Fewer are faster: with the key alone, rows changed
   * since need not be looked up in the table. Default: all.
   */
  columns?: readonly string[]
  /** What the statement's WHERE asks of every row: rows that cannot meet it may be missing. It is asked there all the same. */
  required?: readonly Requirement[]
}

/**
 * The table's rows as of a moment, as a FROM item in parentheses: `select … from ${asOfSource(…)} as t where … order by …
 * limit …`. It has the table's own column names and types, and two columns more: "kontor.id", the record's id, and
 * "kontor.past", whether the row is put together from the log.
 *
 * Two branches: rows whose `columns` did not change since, straight from the table, and older versions put together from
 * the log. The first is a plain scan with a hashed exclusion, so WHERE, ORDER BY and LIMIT put on top reach the table's
 * indexes; the second grows with the changes since. A list should ask in two steps, as Kontor's own does: the page's ids with `columns`
 * limited to what it filters and sorts by, then those records by `asOfRecords`.
 *
 * What an erasure took from the log is null; virtual generated columns are computed from what the others held.
 */
export function asOfSource(table: AsOfTable, moment: Moment, options: AsOfOptions = {}): SQL {
  const columns = chosen(table, options.columns)
  const required = options.required ?? []
  const own = relationSql(table)
  const id = sql.raw(recordIdOf(keyOf(table), 'p'))
  const only = touching(table, columns)
  const present = sql.join(
    columns.map((column) => sql.raw(`p.${quote(column.name)}`)),
    sql`, `,
  )
  const [few] = required.flatMap(({ today }) => (today ? [today] : [])).sort((a, b) => a.length - b.length)
  const unchanged = few
    ? sql`in (select i from unnest(${arrayOf(few)}) as i where i not in (
        select c.record_id from (${changedSince(table, moment, sql`${only} ${among(few)}`)}) as c))`
    : sql`not in (select unnest(array(select c.record_id from (${changedSince(table, moment, only)}) as c)))`
  return sql`(select * from (
    select ${present}, false as "kontor.past", (${id}) collate "C" as "kontor.id" from ${own} as p
    union all
    select ${past(table, columns)}, true, l.record_id collate "C" from (${reconstructed(table, moment, only)}) as l
    ${known(table, required)} ${lookedUp(table, columns, onlyWhereNeeded(table, columns))}
    where not l.born and ${keyFits(table, 'l.record_id')} ${sql.join(required.map((one) => sql` and ${mayHaveMet(table, one, 'l', THEN)}`))}
  ) as rows where rows."kontor.past" or rows."kontor.id" ${unchanged})`
}

/** The same for the given records only, whatever their number of changes: one row for each that existed then. */
export function asOfRecords(
  table: AsOfTable,
  moment: Moment,
  recordIds: readonly string[],
  options: AsOfOptions = {},
): SQL {
  const columns = chosen(table, options.columns)
  const ids = arrayOf(recordIds)
  return sql`(select ${past(table, columns)}, l.born is not null as "kontor.past", k.record_id as "kontor.id" from (
      select wanted.record_id, l.state, l.born from unnest(${ids}) as wanted(record_id)
      left join (${reconstructed(table, moment, among(recordIds))}) as l on l.record_id = wanted.record_id
    ) as k cross join lateral (select k.state, k.born, k.record_id) as l ${rowOfToday(table)}
    where l.born is not true and ${keyFits(table, 'l.record_id')} and (l.state ?& ${arrayOf(table.key)} or p.${sql.raw(quote(table.key[0]!))} is not null))`
}

/**
 * Whether a condition holds for a row's record as it is now or, where it is gone, as it was last: a row that differs from
 * today's may be shown only to those who may see today's.
 * @param alias of a row of `asOfSource` or `asOfRecords`
 * @param condition over the alias it is given
 */
export function holdsNow(table: AsOfTable, alias: string, condition: (alias: string) => SQL): SQL {
  const row = sql.identifier(alias)
  const now = sql.identifier(NOW)
  const asked = condition(NOW)
  const isIt = table.key.map((name) => sql.raw(`${quote(NOW)}.${quote(name)} = ${quote(alias)}.${quote(name)}`))
  const present = sql`from ${relationSql(table)} as ${now} where ${sql.join(isIt, sql` and `)}`
  const last = sql`from (select ${past(table, chosen(table, columnsNamed(table, asked)), () => 'null')} from (
    select c.before as state, c.record_id from kontor.changes as c where c.relation = ${table.relation} and c.op = 'delete'
      and left(c.record_id, 500) = left(${row}."kontor.id", 500) and c.record_id = ${row}."kontor.id"
    order by c.id desc limit 1) as l) as ${now}`
  return sql`(not ${row}."kontor.past" or case when exists (select ${present}) then exists (select ${present} and ${asked})
    else exists (select ${last} where ${asked}) end)`
}

const NOW = 'kontor.now'
const THEN = 'kontor.then'

/** What the log holds of the columns required: null where it holds nothing, but with the column's type and collation. */
function known(table: AsOfTable, required: readonly Requirement[]): SQL {
  if (required.length === 0) return sql``
  const named = required.flatMap(({ anyOf }) => anyOf.flatMap((over) => columnsNamed(table, over(THEN))))
  const none = `(null::${quote(table.schema)}.${quote(table.name)})`
  const values = past(table, chosen(table, named), (name) => `${none}.${name}`)
  return sql`cross join lateral (select ${values}) as ${sql.identifier(THEN)}`
}

/** Whether the record of a row of the table itself changed since the moment. @param alias of the row */
export const isChangedSince = (table: AsOfTable, moment: Moment, alias: string): SQL =>
  sql`(${sql.raw(recordIdOf(keyOf(table), alias))}) collate "C" in (select c.record_id from (${changedSince(table, moment)}) as c)`

/** The ids of the records whose row of today meets a condition over the alias it is given. */
export const idsToday = (table: AsOfTable, condition: (alias: string) => SQL): SQL =>
  sql`select ${sql.raw(recordIdOf(keyOf(table), 't'))} as id from ${relationSql(table)} as t where ${condition('t')}`

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

/**
 * Updates that left these columns alone are none here: the record is found by them where it stands today. Whole rows that
 * came or went always count.
 */
function touching(table: AsOfTable, columns: readonly ColumnFacts[]): SQL {
  if (columns.length === table.columns.length) return sql``
  return sql`and (c.op <> 'update' or c.changed && ${arrayOf(columns.map(({ name }) => name))})`
}

/** Only these records; the first condition is the index's. */
function among(recordIds: readonly string[]): SQL {
  const ids = arrayOf(recordIds)
  return sql`and left(c.record_id, 500) = any(array(select left(i, 500) from unnest(${ids}) as i)) and c.record_id = any(${ids})`
}

const keyOf = (table: AsOfTable): ColumnFacts[] =>
  table.key.map((name) => table.columns.find((column) => column.name === name)!)

const relationSql = ({ schema, name }: AsOfTable) => sql.raw(`${quote(schema)}.${quote(name)}`)

function chosen(table: AsOfTable, names: readonly string[] | undefined): ColumnFacts[] {
  if (!names) return table.columns
  const wanted = new Set([...names, ...names.flatMap((name) => inputsOf(table, name)), ...table.key])
  return table.columns.filter(({ name }) => wanted.has(name))
}

/** The log rows that must be thought away: after the moment, or of transactions that had not finished by it. */
function changedSince(table: AsOfTable, moment: Moment, only: SQL = sql``): SQL {
  const later = sql`select c.record_id, c.id, c.op, c.before, c.changed from kontor.changes as c
    where c.relation = ${table.relation} and c.at > ${moment.at}::timestamptz and ${IS_KNOWN} ${only}`
  if (moment.straddling.length === 0) return later
  return sql`${later} union all select c.record_id, c.id, c.op, c.before, c.changed from kontor.changes as c
    where c.tx = any(${arrayOf(moment.straddling)}::xid8[]) and c.relation = ${table.relation} and c.at <= ${moment.at}::timestamptz
      and ${IS_KNOWN} ${only}`
}

/** Rows of a table without a key have no record, and those whose key was erased name none. */
const IS_KNOWN = sql.raw(
  `c.record_id is not null and not (starts_with(c.record_id, 'erased-') and c.id in (select e.change_id from kontor.erasures as e))`,
)

/** Stands in a record's state for a value that an erasure took. */
const ERASED = sql.raw(`'{"kontor.erased": true}'::jsonb`)

/**
 * For each record changed since: the columns that differ from today's row, as they were (its changes' \`before\`s, the
 * oldest on top; a delete has all columns), and whether the record began only then. Columns whose value of then an erasure
 * took are null there, and in \`erased\`.
 */
function reconstructed(table: AsOfTable, moment: Moment, only?: SQL): SQL {
  const names = arrayOf(
    table.columns.flatMap(({ name, isVirtual }) => (isVirtual || table.key.includes(name) ? [] : [name])),
  )
  const taken = sql`(select jsonb_object_agg(n, ${ERASED}) from unnest(case c.op when 'update' then c.changed else ${names} end) as n)`
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

const WAS_ERASED = sql.raw('c.id in (select e.change_id from kontor.erasures as e)')

/** Today's row of a changed record, found by its key; not needed where only the key is read. */
function lookedUp(table: AsOfTable, columns: readonly ColumnFacts[], condition: SQL = sql``): SQL {
  return columns.every(({ name }) => table.key.includes(name)) ? sql`` : rowOfToday(table, condition)
}

function rowOfToday(table: AsOfTable, condition: SQL = sql``): SQL {
  const matches = keyOf(table).map((column, part) =>
    sql.raw(`t.${quote(column.name)} = ${keyPart(table, column, part)}`),
  )
  // LIMIT keeps it a lookup for each record: a join could be planned as a scan of the whole table.
  return sql`left join lateral (select t.* from ${relationSql(table)} as t where ${sql.join(matches, sql` and `)} ${condition} limit 1) as p on true`
}

/** Where the log has every column that is read, today's row says nothing more. */
const onlyWhereNeeded = (table: AsOfTable, columns: readonly ColumnFacts[]): SQL =>
  sql`and not l.state ?& ${arrayOf(columns.flatMap(({ name }) => (table.key.includes(name) ? [] : [name])))}`

/** Which of a record's logged values their columns cannot hold as they are today; none where the server cannot tell. */
export async function unfittingColumns(db: Executor, table: AsOfTable, values: LoggedValues): Promise<string[]> {
  if (!table.canTryTypes) return []
  const tried = table.columns.flatMap((column) => {
    const text = values[column.name]
    return typeof text === 'string' ? [{ column, text }] : []
  })
  return (await unfitting(db, tried)).map(({ column }) => column.name)
}

/** A part of the id, as its column holds it. One that the column cannot hold any more is null, where the server can tell. */
const keyPart = (table: AsOfTable, column: ColumnFacts, part: number) =>
  asColumn({ canTryTypes: canTryKeys(table) }, column, keyText(table, 'l.record_id', part))

const canTryKeys = ({ canTryTypes, keysFit = false }: AsOfTable) => canTryTypes && !keysFit

const keyText = ({ key }: AsOfTable, id: string, part: number) =>
  key.length === 1 ? id : `(kontor.record_key(${id}))[${part + 1}]`

/** Whether an id (an expression) is one of the key as it is today: `true` where every text is, or the server cannot tell. */
function keyFits(table: AsOfTable, id: string): SQL {
  if (!canTryKeys(table)) return sql`true`
  const tried = keyOf(table).flatMap((column, part) =>
    isAnyText(column) ? [] : [`pg_input_is_valid(${keyText(table, id, part)}, ${literal(column.sqlType)})`],
  )
  return tried.length === 0 ? sql`true` : sql.raw(`(${tried.join(' and ')})`)
}

/** Changes looked through for ids that do not fit: beyond them it is not told. */
const MOST_TRIED = 200_000

/**
 * Since when every id in the log is known to fit, by table and types: what is logged under a type fits it, so that the same
 * changes need not be looked through for each page.
 */
const fitting = new WeakMap<Executor, Map<string, string>>()

const typedKey = (table: AsOfTable) =>
  JSON.stringify([table.relation, ...keyOf(table).map(({ name, sqlType }) => [name, sqlType])])

/** The table with what `countUnfit` has found before. */
export function knownToFit(db: Executor, table: AsOfTable, moment: Moment): AsOfTable {
  const since = fitting.get(db)?.get(typedKey(table))
  return { ...table, keysFit: since !== undefined && sortable(since) <= sortable(moment.at) }
}

/**
 * How many records that were there at the moment `asOfSource` leaves out, because the key got a type since that cannot hold
 * theirs.
 */
export async function countUnfit(db: Executor, table: AsOfTable, moment: Moment): Promise<number> {
  if (!canTryKeys(table) || keyOf(table).every(isAnyText)) return 0
  const [row] = await db.execute<{ tried: number; unfit: number; born: number }>(sql`
    with tried as materialized (select c.record_id, c.id, c.op from (${changedSince(table, moment)} limit ${MOST_TRIED}) as c)
    select (select count(*)::int from tried) as tried, count(*)::int as unfit, count(*) filter (where l.born)::int as born from (
      select min((c.id << 1) | (c.op = 'insert')::int) & 1 = 1 as born from tried as c
      where not ${keyFits(table, 'c.record_id')} group by c.record_id
    ) as l`)
  const { tried, unfit, born } = row!
  if (unfit === 0 && tried < MOST_TRIED) {
    fitting.set(db, (fitting.get(db) ?? new Map<string, string>()).set(typedKey(table), moment.at))
  }
  return unfit - born
}

/** The columns that a virtual one is computed from; none of any other. */
const inputsOf = ({ columns, computed }: Pick<AsOfTable, 'columns' | 'computed'>, name: string): string[] => {
  const expression = computed?.get(name)
  if (expression === undefined) return []
  return columns.flatMap((input) =>
    !input.isVirtual && expression.includes(input.name.replaceAll('"', '""')) ? [input.name] : [],
  )
}

/** The columns of a record as it was: from the log where it has them, else as today (`p`, or what `otherwise` says). */
function past(
  table: AsOfTable,
  columns: readonly ColumnFacts[],
  otherwise: (name: string) => string = (name) => `p.${name}`,
): SQL {
  return sql.join(
    columns.map((column) => {
      const name = quote(column.name)
      const part = table.key.indexOf(column.name)
      if (part >= 0) return sql.raw(`(${keyPart(table, column, part)}) as ${name}`)
      const expression = table.computed?.get(column.name)
      if (expression !== undefined) {
        const inputs = table.columns.filter((input) => inputsOf(table, column.name).includes(input.name))
        return sql`(select (${sql.raw(expression)}) from (select ${past(table, inputs, otherwise)}) as "kontor.inputs") as ${sql.raw(name)}`
      }
      const text = `l.state ->> ${literal(column.name)}`
      // The place of a value too large for the log is empty.
      const kept = isBounded(column)
        ? `(${text})`
        : `(case when jsonb_typeof(l.state -> ${literal(column.name)}) = 'object' and l.state -> ${literal(column.name)} ?& '{size,sha256}' then null else ${text} end)`
      return sql.raw(
        `case when l.state ? ${literal(column.name)} then ${asColumn(table, column, kept)} else ${otherwise(name)} end as ${name}`,
      )
    }),
    sql`, `,
  )
}
