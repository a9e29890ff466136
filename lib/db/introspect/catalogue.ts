import type postgres from 'postgres'

/* What pg_catalog says, row by row. Every statement runs with an empty search_path, so that names come qualified. */

export interface RelationRow {
  oid: number
  schema: string
  name: string
  kind: 'r' | 'p' | 'f' | 'v' | 'm'
  comment: string | null
  isReadable: boolean
}

export interface ColumnRow {
  relation: number
  number: number
  name: string
  type: number
  modifier: number
  dimensions: number
  notNull: boolean
  identity: '' | 'a' | 'd'
  generated: '' | 's' | 'v'
  expression: string | null
}

export interface TypeRow {
  oid: number
  kind: 'b' | 'd' | 'e'
  schema: string
  name: string
  /** An array's element; 0 elsewhere. */
  element: number
  /** What a domain stands on; 0 elsewhere. */
  base: number
  modifier: number
  dimensions: number
  notNull: boolean
  default: string | null
  labels: string[] | null
}

export interface ConstraintRow {
  relation: number
  name: string
  kind: 'p' | 'u' | 'f' | 'c'
  columns: number[] | null
  target: number
  targetColumns: number[] | null
  onDelete: string
  onUpdate: string
  expression: string | null
  nullsNotDistinct: boolean
}

export interface IndexRow {
  relation: number
  name: string
  isUnique: boolean
  method: string
  where: string | null
  parts: {
    column: number
    expression: string
    operatorClass: string | null
    isDescending: boolean
    nullsFirst: boolean
  }[]
}

/**
 * Tables, partitioned tables (their partitions are not relations of their own), foreign tables and views, but for
 * Postgres's own, those an extension brought, and Kontor's.
 */
export function readRelations(sql: postgres.TransactionSql, schemas: readonly string[]): Promise<RelationRow[]> {
  return sql<RelationRow[]>`
    select c.oid as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
      obj_description(c.oid, 'pg_class') as comment,
      has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select') as "isReadable"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v', 'm') and not c.relispartition
      and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'kontor', 'kontor_queue')
      and (n.nspname, c.relname) <> ('drizzle', '__drizzle_migrations')
      and (cardinality(${schemas as string[]}::text[]) = 0 or n.nspname = any(${schemas as string[]}::text[]))
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by n.nspname <> 'public', n.nspname, c.relname`
}

/** Columns the role may read, in their order. */
export function readColumns(sql: postgres.TransactionSql, relations: readonly number[]): Promise<ColumnRow[]> {
  return sql<ColumnRow[]>`
    select a.attrelid as relation, a.attnum as number, a.attname as name, a.atttypid as type,
      a.atttypmod as modifier, a.attndims as dimensions, a.attnotnull as "notNull", a.attidentity as identity,
      a.attgenerated as generated, pg_get_expr(d.adbin, d.adrelid) as expression
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = any(${relations as number[]}::oid[]) and a.attnum > 0 and not a.attisdropped
      and has_column_privilege(a.attrelid, a.attnum, 'select')
    order by a.attrelid, a.attnum`
}

/** Base types, domains and enums by their oid; arrays know their element. */
export async function readTypes(sql: postgres.TransactionSql): Promise<Map<number, TypeRow>> {
  const rows = await sql<TypeRow[]>`
    select t.oid as oid, t.typtype as kind, n.nspname as schema, t.typname as name,
      coalesce((select e.oid from pg_type e where e.oid = t.typelem and e.typarray = t.oid), 0) as element,
      t.typbasetype as base, t.typtypmod as modifier, t.typndims as dimensions, t.typnotnull as "notNull",
      t.typdefault as default,
      (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('b', 'd', 'e')`
  return new Map(rows.map((row) => [row.oid, row]))
}

/** Types with their modifiers as SQL spells them, by `oid modifier`. */
export async function spellTypes(
  sql: postgres.TransactionSql,
  types: readonly (readonly [oid: number, modifier: number])[],
): Promise<Map<string, string>> {
  const rows = await sql<{ key: string; spelling: string }[]>`
    select t.oid || ' ' || t.modifier as key, format_type(t.oid, t.modifier) as spelling
    from unnest(${types.map(([oid]) => oid)}::oid[], ${types.map(([, modifier]) => modifier)}::int[])
      as t (oid, modifier)`
  return new Map(rows.map(({ key, spelling }) => [key, spelling]))
}

/** Primary keys, uniques, foreign keys and checks. What Postgres derives for partitions is not among them. */
export function readConstraints(sql: postgres.TransactionSql, relations: readonly number[]): Promise<ConstraintRow[]> {
  return sql<ConstraintRow[]>`
    select c.conrelid as relation, c.conname as name, c.contype as kind, c.conkey::int[] as columns,
      c.confrelid as target, c.confkey::int[] as "targetColumns", c.confdeltype as "onDelete",
      c.confupdtype as "onUpdate", pg_get_expr(c.conbin, c.conrelid) as expression,
      coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as "nullsNotDistinct"
    from pg_constraint c left join pg_index i on i.indexrelid = c.conindid and c.contype in ('p', 'u')
    where c.conrelid = any(${relations as number[]}::oid[]) and c.contype in ('p', 'u', 'f', 'c') and c.conparentid = 0
    order by c.conrelid, c.conname`
}

/** Indexes that no constraint made. */
export function readIndexes(sql: postgres.TransactionSql, relations: readonly number[]): Promise<IndexRow[]> {
  return sql<IndexRow[]>`
    select i.indrelid as relation, c.relname as name, i.indisunique as "isUnique", am.amname as method,
      pg_get_expr(i.indpred, i.indrelid) as where,
      (select json_agg(json_build_object(
        'column', i.indkey[k - 1],
        'expression', pg_get_indexdef(i.indexrelid, k, false),
        'operatorClass', case when not o.opcdefault then o.opcname end,
        'isDescending', (i.indoption[k - 1] & 1) = 1,
        'nullsFirst', (i.indoption[k - 1] & 2) = 2) order by k)
      from generate_series(1, i.indnkeyatts) as k join pg_opclass o on o.oid = i.indclass[k - 1]) as parts
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_am am on am.oid = c.relam
    where i.indrelid = any(${relations as number[]}::oid[]) and i.indislive
      and not exists (select from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u', 'x'))
    order by i.indrelid, c.relname`
}
