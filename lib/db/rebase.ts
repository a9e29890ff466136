import { Column, is, SQL, sql } from 'drizzle-orm'
import type { Relation } from './table-shape'

/**
 * The same condition, asked of an alias: columns of `relation` in it become `"alias"."column"`. Conditions of the
 * config name columns of the table itself; the rows may come from a subselect (a moment in the past, the newest
 * versions), where Postgres would not find `"schema"."table"."column"`.
 * Drizzle subqueries inside the condition keep their own columns.
 */
export function rebase(condition: SQL, relation: Relation, alias: string): SQL {
  const chunks = condition.queryChunks.map((chunk) => {
    if (is(chunk, SQL)) return rebase(chunk, relation, alias)
    if (is(chunk, Column) && (chunk.table as unknown) === relation) return column(alias, chunk.name)
    return chunk
  })
  return new SQL(chunks)
}

/** `"alias"."name"`. */
export function column(alias: string, name: string): SQL {
  return sql`${sql.identifier(alias)}.${sql.identifier(name)}`
}
