import { type SQL, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { arrayOf } from './filters'
import type { TableFacts } from './table-facts'

type Columns = Pick<TableFacts, 'columns' | 'key'>

/**
 * What a statement asks of every row it takes. Told apart from its WHERE, it lets records be passed over by what the log
 * holds of them, before their rows are looked up and put together.
 */
export interface Requirement {
  /** At least one of them holds. Each is a function of the alias' columns: the same for equal values. */
  anyOf: readonly ((alias: string) => SQL)[]
  /** The ids of all records whose row of today meets it, where they are few. */
  today?: readonly string[]
}

const dialect = new PgDialect()

/** The columns whose names stand in a statement's text, all where it takes whole rows: rather one too many than one too few. */
export function columnsNamed({ columns }: Pick<Columns, 'columns'>, statement: SQL): string[] {
  const text = dialect.sqlToQuery(statement).sql.toLowerCase()
  const names = columns.map(({ name }) => name)
  return text.includes('.*') ? names : names.filter((name) => text.includes(name.toLowerCase().replaceAll('"', '""')))
}

/**
 * Whether a record may have met a requirement at the moment, told by its key and the columns its changes touched: true
 * wherever that is not enough to say no. A column nobody touched holds today what it held then, so where a condition
 * rests on such columns, `today` has the record.
 * @param changed alias of `record_id` and `state` (the columns touched, as they were)
 * @param then alias of the key and, where they were touched, of those columns, each with its type
 */
export function mayHaveMet(table: Columns, { anyOf, today }: Requirement, changed: string, then: string): SQL {
  const state = sql`${sql.identifier(changed)}.state`
  const conditions = anyOf.map((over) => {
    const condition = over(then)
    const named = columnsNamed(table, condition)
    // What a virtual column holds follows from others: the log says nothing of it.
    if (table.columns.some(({ name, isVirtual }) => isVirtual && named.includes(name))) return sql`true`
    const needed = named.filter((name) => !table.key.includes(name))
    if (needed.length === 0) return sql`(${condition})`
    // A record that is gone, or known in part, is in no list of today.
    const unknown = today
      ? sql`when ${state} ?| ${arrayOf([...needed, ...table.key])} then true else false`
      : sql`else true`
    return sql`case when ${state} ?& ${arrayOf(needed)} then (${condition}) ${unknown} end`
  })
  const listed = today && sql`${sql.identifier(changed)}.record_id in (select unnest(${arrayOf(today)}))`
  return sql`(${sql.join(listed ? [...conditions, listed] : conditions, sql` or `)})`
}
