import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type AsOfTable, inputsOf, keyOf, relationSql } from './as-of-table'
import type { LoggedValues } from './change'
import { among, changedSince, reconstructed } from './changed-since'
import { isBounded, recordIdOf } from './column-text'
import { arrayOf } from './filters'
import { keyFits, keyPart } from './key-fit'
import { literal, quote } from './literal'
import type { Moment } from './moment'
import { columnsNamed, mayHaveMet, type Requirement } from './requirement'
import type { ColumnFacts } from './table-facts'
import { asColumn, unfitting } from './unfit'

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

/**
 * Updates that left these columns alone are none here: the record is found by them where it stands today. Whole rows that
 * came or went always count.
 */
function touching(table: AsOfTable, columns: readonly ColumnFacts[]): SQL {
  if (columns.length === table.columns.length) return sql``
  return sql`and (c.op <> 'update' or c.changed && ${arrayOf(columns.map(({ name }) => name))})`
}

function chosen(table: AsOfTable, names: readonly string[] | undefined): ColumnFacts[] {
  if (!names) return table.columns
  const wanted = new Set([...names, ...names.flatMap((name) => inputsOf(table, name)), ...table.key])
  return table.columns.filter(({ name }) => wanted.has(name))
}

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
