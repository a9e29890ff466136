import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'

/** A foreign key as pg_catalog has it; partitions' copies of their root's are left out. */
export interface ForeignKey {
  name: string
  relation: string
  columns: string[]
  parent: string
  parentColumns: string[]
  /** pg_constraint.confdeltype: 'a' no action, 'r' restrict, 'c' cascade, 'n' set null, 'd' set default. */
  onDelete: 'a' | 'r' | 'c' | 'n' | 'd'
}

export interface UniqueKey {
  relation: string
  columns: string[]
}

/** Every foreign key of the database. */
export async function readForeignKeys(db: Executor): Promise<ForeignKey[]> {
  return [
    ...(await db.execute<ForeignKey & Record<string, unknown>>(sql`
      select k.conname as name, cn.nspname || '.' || c.relname as relation, pn.nspname || '.' || p.relname as parent,
        (select array_agg(a.attname::text order by o.place) from unnest(k.conkey) with ordinality as o(number, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.number) as columns,
        (select array_agg(a.attname::text order by o.place) from unnest(k.confkey) with ordinality as o(number, place)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.number) as "parentColumns",
        k.confdeltype as "onDelete"
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace cn on cn.oid = c.relnamespace
      join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
      where k.contype = 'f' and k.conparentid = 0 order by k.conname`)),
  ]
}

/** The unique keys of some tables that hold for every row: whole-table indexes over plain columns, the primary key apart. */
export async function readUniqueKeys(db: Executor, relations: readonly string[]): Promise<UniqueKey[]> {
  return [
    ...(await db.execute<UniqueKey & Record<string, unknown>>(sql`
      select n.nspname || '.' || c.relname as relation,
        (select array_agg(a.attname::text order by o.place) from unnest(i.indkey::int2[]) with ordinality as o(number, place)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = o.number where o.place <= i.indnkeyatts) as columns
      from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      where i.indisunique and not i.indisprimary and i.indpred is null and i.indexprs is null and i.indisvalid
        and n.nspname || '.' || c.relname = any(${sql.param([...relations])}::text[])`)),
  ]
}
