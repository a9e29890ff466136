import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { isErasedId, type LoggedValues, textsOf } from './change'
import { jsonOf, recordIdOf, valueCap } from './column-text'
import { arrayOf } from './filters'
import { quote } from './literal'
import { type ColumnFacts, readFacts, type TableFacts } from './table-facts'
import { jsonObject } from './trigger-parts'
import { asColumn } from './unfit'

/** Facts of the tables named, keyed by `schema.table`; tables that are gone are missing. */
export async function factsOf(db: Executor, relations: Iterable<string>): Promise<Map<string, TableFacts>> {
  const tables = [...new Set(relations)].map((relation) => {
    const [schema = '', ...rest] = relation.split('.')
    return { schema, name: rest.join('.') }
  })
  // db.execute's rows are what RunText promises; Drizzle cannot know the statement's shape.
  return readFacts((text) => db.execute(sql.raw(text)) as never, tables)
}

/**
 * `t.key = …` for the record id in `id`, each part read with its column's type. An id of before the key got another type
 * names no record, where the server can tell.
 */
export function keyMatches(
  facts: Pick<TableFacts, 'key' | 'columns' | 'canTryTypes'>,
  alias: string,
  id: string,
): string {
  return keyColumns(facts)
    .map((column, part) => {
      const text = facts.key.length === 1 ? id : `(kontor.record_key(${id}))[${part + 1}]`
      return `${alias}.${quote(column.name)} = ${asColumn(facts, column, text)}`
    })
    .join(' AND ')
}

export const keyColumns = ({ key, columns }: Pick<TableFacts, 'key' | 'columns'>): ColumnFacts[] =>
  key.map((name) => columns.find((column) => column.name === name)!)

/**
 * The records that exist now, by record id, every column as the log would hold it.
 * @param isLocked holds them until the transaction ends
 */
export async function presentRows(
  db: Executor,
  facts: TableFacts,
  recordIds: readonly string[],
  isLocked = false,
): Promise<Map<string, LoggedValues>> {
  const ids = recordIds.filter((id) => !isErasedId(id))
  const cap = valueCap(facts.columns)
  const row = jsonObject(facts.columns.map((column) => [column.name, jsonOf(column, `t.${quote(column.name)}`, cap)]))
  const rows = await db.execute<{ id: string; row: LoggedValues }>(sql`
    select k.id, ${textsOf(sql.raw(row))} as row
    from unnest(${arrayOf(ids)}) as k(id)
    cross join lateral (select t.* from ${tableOf(facts)} as t where ${sql.raw(keyMatches(facts, 't', 'k.id'))} limit 1 ${isLocked ? sql`for update` : sql``}) as t`)
  return new Map(rows.map(({ id, row: values }) => [id, values]))
}

export const tableOf = ({ schema, name }: { schema: string; name: string }) =>
  sql.raw(`${quote(schema)}.${quote(name)}`)

/** The record's id over `alias`, as SQL text. */
export const idOf = (facts: Pick<TableFacts, 'key' | 'columns'>, alias: string) => recordIdOf(keyColumns(facts), alias)
