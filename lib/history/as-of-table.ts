import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import { quote } from './literal'
import { type ColumnFacts, readTableFacts, type TableFacts } from './table-facts'
import { granularityOf } from './trigger-function'

/** What time travel needs to know of a table: its columns as they are in the database now. */
export interface AsOfTable
  extends Pick<TableFacts, 'schema' | 'name' | 'relation' | 'oid' | 'columns' | 'key' | 'canTryTypes'> {
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

/** The columns that a virtual one is computed from; none of any other. */
export const inputsOf = ({ columns, computed }: Pick<AsOfTable, 'columns' | 'computed'>, name: string): string[] => {
  const expression = computed?.get(name)
  if (expression === undefined) return []
  return columns.flatMap((input) =>
    !input.isVirtual && expression.includes(input.name.replaceAll('"', '""')) ? [input.name] : [],
  )
}

export const keyOf = (table: AsOfTable): ColumnFacts[] =>
  table.key.map((name) => table.columns.find((column) => column.name === name)!)

export const relationSql = ({ schema, name }: AsOfTable) => sql.raw(`${quote(schema)}.${quote(name)}`)
