import { Column, is, SQL, type SQLWrapper, Subquery, sql, Table, View } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Relation } from './table-shape'

/**
 * The same condition, asked of an alias: columns of `relation` in it become `"alias"."column"`. Conditions of the
 * config name columns of the table itself; the rows may come from a subselect (a moment in the past, the newest
 * versions), where Postgres would not find `"schema"."table"."column"`.
 * A Drizzle subquery inside the condition is followed too, so that it may be correlated; one that reads `relation`
 * itself keeps its columns, since they are its own.
 */
export function rebase(condition: SQL, relation: Relation, alias: string): SQL {
  return new SQL(condition.queryChunks.map((chunk) => rebaseChunk(chunk, relation, alias) as SQL))
}

function rebaseChunk(chunk: unknown, relation: Relation, alias: string): unknown {
  if (is(chunk, SQL)) return rebase(chunk, relation, alias)
  if (is(chunk, Column)) return (chunk.table as unknown) === relation ? column(alias, chunk.name) : chunk
  if (Array.isArray(chunk)) return chunk.map((part) => rebaseChunk(part, relation, alias))
  if (!isQuery(chunk)) return chunk
  const query = chunk.getSQL()
  return readsFrom(query, relation) ? chunk : sql`(${rebase(query, relation, alias)})`
}

/** A query under construction: `db.select()…`, as `exists()` and `inArray()` take it. */
function isQuery(chunk: unknown): chunk is SQLWrapper {
  const isOther = is(chunk, Table) || is(chunk, View) || is(chunk, Subquery) || is(chunk, SQL.Aliased)
  return typeof chunk === 'object' && chunk !== null && 'getSQL' in chunk && 'toSQL' in chunk && !isOther
}

const dialect = new PgDialect()

/** Whether the query reads the relation under its own name: not as part of a column, and not under an alias. */
function readsFrom(query: SQL, relation: Relation): boolean {
  const name = dialect.sqlToQuery(sql`${relation}`).sql
  const text = dialect.sqlToQuery(query).sql
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const rest = text.slice(at + name.length, at + name.length + 2)
    if (rest !== '."' && rest !== ' "' && text[at - 1] !== '.') return true
  }
  return false
}

/** `"alias"."name"`. */
export function column(alias: string, name: string): SQL {
  return sql`${sql.identifier(alias)}.${sql.identifier(name)}`
}
