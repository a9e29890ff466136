import { and, type SQL, sql } from 'drizzle-orm'
import { column } from '@/lib/db/rebase'
import type { RequestContext } from '../context'
import { isTimeout } from '../list/slow'
import { readWithin } from '../list/within'

/** A foreign key that points at a table, as the catalogue has it: the config may know neither key nor table. */
export interface Inbound {
  schema: string
  table: string
  columns: string[]
  targets: string[]
  /** pg_constraint.confdeltype: 'a' no action, 'r' restrict, 'c' cascade, 'n' set null, 'd' set default. */
  onDelete: string
  /** pg_constraint.confupdtype, the same letters. */
  onUpdate: string
  /** Whether the application may read the table at all. */
  isReadable: boolean
}

/** Texts by the database's column names. */
export type ColumnTexts = Readonly<Record<string, string | null>>

/** A row of any table, for as long as a question is asked. */
export interface FoundRow {
  /** What tells it from any other row of any table, until it is written. */
  place: string
  /** Whether the condition holds that was given along. */
  isSeen: boolean
  texts: ColumnTexts
}

export const ALIAS = 't'

/** For each answer: a foreign key without an index has the whole table read. */
const PATIENCE_MS = 1_500

/** Foreign keys of any table that point at this one. */
export async function inboundOf(
  ctx: RequestContext,
  { schema, name }: { schema: string; name: string },
): Promise<Inbound[]> {
  const rows = await ctx.db.execute<Inbound & Record<string, unknown>>(sql`
    select n.nspname as schema, c.relname as "table", k.confdeltype as "onDelete", k.confupdtype as "onUpdate",
      has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as "isReadable",
      (select array_agg(a.attname::text order by o.place) from unnest(k.conkey) with ordinality as o(number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.number) as columns,
      (select array_agg(a.attname::text order by o.place) from unnest(k.confkey) with ordinality as o(number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.number) as targets
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype = 'f' and k.conparentid = 0
      and k.confrelid = to_regclass(format('%I.%I', ${schema}::text, ${name}::text))
    order by n.nspname, c.relname, k.conname`)
  return [...rows]
}

/** The condition, over `ALIAS`, of rows whose `columns` hold the values of one of `keys`; undefined where none has any. */
export function oneOf(
  { schema, table }: { schema: string; table: string },
  columns: readonly string[],
  keys: readonly (readonly (string | null)[])[],
): SQL | undefined {
  const whole = keys.filter((values) => !values.includes(null))
  if (whole.length === 0) return undefined
  const list = whole.map((values) => Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null])))
  const names = (alias: string) =>
    sql.join(
      columns.map((name) => column(alias, name)),
      sql`, `,
    )
  const [only] = whole
  if (whole.length === 1) return and(...columns.map((name, at) => sql`${column(ALIAS, name)} = ${only?.[at] ?? null}`))
  // As rows of the table's own type, which reads each text as its column would.
  return sql`(${names(ALIAS)}) in (select ${names('g')} from json_array_elements(${JSON.stringify(list)}::json) as v(x)
    cross join lateral json_populate_record(null::${tableOf({ schema, table })}, v.x) as g)`
}

/**
 * Rows of a table, up to `limit`; undefined where finding them took too long.
 * @param asked.wanted the columns to read
 * @param asked.seen over `ALIAS`: what `isSeen` tells
 */
export async function findRows(
  ctx: RequestContext,
  table: { schema: string; table: string },
  where: SQL,
  asked: { wanted: readonly string[]; seen?: SQL; limit: number },
): Promise<FoundRow[] | undefined> {
  const { wanted, seen, limit } = asked
  const values = wanted.map((name, at) => sql`${column(ALIAS, name)}::text as ${sql.identifier(`c${at}`)}`)
  const place = sql`${column(ALIAS, 'tableoid')}::text || ${column(ALIAS, 'ctid')}::text as place`
  const isSeen = sql`${seen ? sql`coalesce((${seen}), false)` : sql`true`} as seen`
  const rows = await orLate(
    readWithin(ctx.db, PATIENCE_MS, (tx) =>
      tx.execute<Record<string, string | null> & { place: string; seen: boolean }>(sql`
        select ${sql.join([place, isSeen, ...values], sql`, `)} from ${tableOf(table)} as ${sql.identifier(ALIAS)}
        where ${where} limit ${sql.raw(String(limit))}`),
    ),
  )
  return rows?.map((row) => ({
    place: row.place,
    isSeen: row.seen,
    texts: Object.fromEntries(wanted.map((name, at) => [name, row[`c${at}`] ?? null])),
  }))
}

/** How many rows there are, up to `limit`; undefined where it took too long. */
export async function countUpTo(
  ctx: RequestContext,
  table: { schema: string; table: string },
  where: SQL,
  limit: number,
): Promise<number | undefined> {
  const rows = await orLate(
    readWithin(ctx.db, PATIENCE_MS, (tx) =>
      tx.execute<{ counted: number }>(sql`select count(*)::int as counted from (
        select from ${tableOf(table)} as ${sql.identifier(ALIAS)} where ${where} limit ${sql.raw(String(limit))}) as capped`),
    ),
  )
  return rows?.[0]?.counted
}

const tableOf = ({ schema, table }: { schema: string; table: string }) =>
  sql`${sql.identifier(schema)}.${sql.identifier(table)}`

function orLate<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (isTimeout(error)) return undefined
    throw error
  })
}
