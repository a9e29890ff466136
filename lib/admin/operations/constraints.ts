import { type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../context'
import type { Resource } from '../tree'

/** What the catalogue says of a table's columns and rules. Names and expressions are the database's. */
export interface TableRules {
  columns: ReadonlyMap<string, ColumnRule>
  checks: readonly { rule: string; columns: readonly string[] }[]
  /** Each part is a column or an expression; `where` bounds the rows it is about. `columns` are all it depends on. */
  uniques: readonly {
    parts: readonly string[]
    indexed: readonly string[]
    columns: readonly string[]
    where: string | null
  }[]
  foreignKeys: readonly { columns: readonly string[]; target: string; targetColumns: readonly string[] }[]
  /** Whether the server tells what is wrong with a text without failing (PostgreSQL 16). */
  explainsInput: boolean
}

export interface ColumnRule {
  type: string
  hasDefault: boolean
  isGenerated: boolean
  /** Of a domain: its rules by name. */
  domain: Record<string, string> | null
}

/** Reads what the database will ask of a row of `resource`; of an append-only one, where its newest versions stand. */
export async function readTableRules(db: RequestContext['db'], { shape, storage }: Resource): Promise<TableRules> {
  const own = relation(shape.schema, shape.name)
  const kept = relation(storage.logged.schema, storage.logged.name)
  const [columns, checks, uniques, foreignKeys, version] = await Promise.all([
    db.execute<{ name: string } & ColumnRule & Record<string, unknown>>(sql`
      select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attgenerated <> '' as "isGenerated",
        a.atthasdef or a.attidentity <> '' or t.typdefault is not null as "hasDefault",
        (select json_object_agg(conname, pg_get_expr(conbin, 0)) from pg_constraint
          where contypid = t.oid and contype = 'c') as domain
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = ${own} and a.attnum > 0 and not a.attisdropped`),
    db.execute<TableRules['checks'][number] & Record<string, unknown>>(sql`
      select pg_get_expr(c.conbin, c.conrelid) as rule, ${named(sql`c.conkey`, sql`c.conrelid`)} as columns
      from pg_constraint c
      where c.conrelid = ${own} and c.contype = 'c' and cardinality(c.conkey) > 0 and not 0 = any (c.conkey)
        and coalesce((to_jsonb(c) ->> 'conenforced')::bool, true)
      order by c.conname`),
    db.execute<TableRules['uniques'][number] & Record<string, unknown>>(sql`
      select pg_get_expr(i.indpred, i.indrelid, true) as where,
        array(select pg_get_indexdef(i.indexrelid, part, true) from generate_series(1, i.indnkeyatts) as part) as parts,
        ${named(sql`i.indkey::int2[]`, sql`i.indrelid`)} as indexed,
        array(select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum > 0
          and (a.attnum = any (i.indkey::int2[]) or exists (select from pg_depend d where d.classid = 'pg_class'::regclass
            and d.objid = i.indexrelid and d.refobjid = i.indrelid and d.refobjsubid = a.attnum))
          order by array_position(i.indkey::int2[], a.attnum)) as columns
      from pg_index i
      where i.indrelid = ${kept} and i.indisunique and i.indisvalid and not i.indisexclusion`),
    db.execute<TableRules['foreignKeys'][number] & Record<string, unknown>>(sql`
      select ${named(sql`c.conkey`, sql`c.conrelid`)} as columns, format('%I.%I', n.nspname, t.relname) as target,
        ${named(sql`c.confkey`, sql`c.confrelid`)} as "targetColumns"
      from pg_constraint c join pg_class t on t.oid = c.confrelid join pg_namespace n on n.oid = t.relnamespace
      where c.conrelid = ${own} and c.contype = 'f' and not coalesce((to_jsonb(c) ->> 'conperiod')::bool, false)
        and coalesce((to_jsonb(c) ->> 'conenforced')::bool, true)`),
    db.execute<{ number: number }>(sql`select current_setting('server_version_num')::int as number`),
  ])
  return {
    columns: new Map(columns.map(({ name, ...rule }) => [name, rule])),
    checks,
    uniques,
    foreignKeys,
    explainsInput: (version[0]?.number ?? 0) >= 160_000,
  }
}

const relation = (schema: string, name: string): SQL =>
  sql`to_regclass(format('%I.%I', ${schema}::text, ${name}::text))`

/** The names of columns given by number, in that order. */
const named = (numbers: SQL, of: SQL): SQL => sql`array(
  select a.attname::text from unnest(${numbers}) with ordinality as k (number, place)
  join pg_attribute a on a.attrelid = ${of} and a.attnum = k.number order by k.place)`
