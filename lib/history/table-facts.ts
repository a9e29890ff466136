import { AdminError } from '@/lib/errors'
import { literal } from './literal'

/** A column as pg_catalog describes it; domains are seen through to their base type, enums and the rest by category. */
export interface ColumnFacts {
  name: string
  /** Position, which a rename keeps. */
  number: number
  /** The declared type as SQL spells it, schema-qualified where it must be. */
  sqlType: string
  /** The base type's name in pg_type, e.g. 'int4', 'numeric', '_text'. */
  baseType: string
  /** pg_type.typtype of the declared type: 'b' base, 'd' domain, 'e' enum, 'c' composite, 'r' range, 'm' multirange. */
  typeKind: string
  /** Whether the type belongs to Postgres itself. */
  isBuiltIn: boolean
  /** The declared modifier (length, precision and scale), -1 where there is none. */
  modifier: number
  /** False for collations under which different texts may be equal. */
  isDeterministic: boolean
  notNull: boolean
  hasDefault: boolean
  /** GENERATED ALWAYS AS (…): never written. */
  isGenerated: boolean
  /** GENERATED … AS IDENTITY: 'always' needs OVERRIDING SYSTEM VALUE. */
  identity: 'always' | 'byDefault' | null
}

/** What the log needs to know of a table, read from pg_catalog. */
export interface TableFacts {
  oid: number
  schema: string
  name: string
  /** `schema.table`, as `kontor.changes.relation` has it. */
  relation: string
  isPartitioned: boolean
  /** The root of which this table is a partition, as `schema.table`. */
  partitionOf: string | null
  isUnlogged: boolean
  columns: ColumnFacts[]
  /** How many columns the table ever had: the next one added gets the following number. */
  width: number
  /** Names of the primary key's columns in its order; empty where there is none. */
  key: string[]
  /** Leaf partitions, quoted for SQL: TRUNCATE can name them one by one. */
  leaves: string[]
  /** Whether the server can say if a text is a value of a type without failing where it is none: PostgreSQL 16 and later. */
  canTryTypes: boolean
}

/** Runs one statement without parameters: over postgres.js for owners' commands, over Drizzle within a request. */
export type RunText = <Row>(statement: string) => Promise<readonly Row[]>

/**
 * Reads one table's facts, or undefined where there is no such table.
 * @throws AdminError 'misconfigured' for anything that is not a table (a view, a foreign table).
 */
export async function readTableFacts(
  run: RunText,
  table: { schema: string; name: string },
): Promise<TableFacts | undefined> {
  const relation = `${table.schema}.${table.name}`
  const [found] = await run<{
    oid: number
    kind: string
    persistence: string
    partitionOf: string | null
    width: number
    key: string[]
    leaves: string[]
    canTryTypes: boolean
  }>(`
    select to_regprocedure('pg_catalog.pg_input_is_valid(text,text)') is not null as "canTryTypes", c.oid::int8 as oid, c.relkind as kind, c.relpersistence as persistence, c.relnatts as width,
      case when c.relispartition then (select rn.nspname || '.' || r.relname from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
        where r.oid = pg_partition_root(c.oid)) end as "partitionOf",
      coalesce((select array_agg(a.attname::text order by place) from pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality as part(number, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = part.number
        where i.indrelid = c.oid and i.indisprimary), '{}') as key,
      case when c.relkind = 'p' then array(select format('%I.%I', n2.nspname, c2.relname) from pg_partition_tree(c.oid) t
        join pg_class c2 on c2.oid = t.relid join pg_namespace n2 on n2.oid = c2.relnamespace
        where t.isleaf and c2.relkind = 'r' order by 1) else '{}' end as leaves
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${literal(table.schema)} and c.relname = ${literal(table.name)}`)
  if (!found) return undefined
  if (found.kind !== 'r' && found.kind !== 'p') {
    throw new AdminError('misconfigured', `${relation} is not a table, so its changes cannot be recorded.`)
  }
  return {
    oid: Number(found.oid),
    ...table,
    relation,
    isPartitioned: found.kind === 'p',
    partitionOf: found.partitionOf,
    isUnlogged: found.persistence === 'u',
    columns: await readColumns(run, Number(found.oid)),
    width: found.width,
    key: found.key,
    leaves: found.leaves,
    canTryTypes: found.canTryTypes,
  }
}

async function readColumns(run: RunText, oid: number): Promise<ColumnFacts[]> {
  return [
    ...(await run<ColumnFacts>(`
    with recursive base as (
      select t.oid as declared, t.oid, t.typtype, t.typbasetype, t.typname, t.typtypmod from pg_type t
      where t.oid in (select atttypid from pg_attribute where attrelid = ${oid} and attnum > 0)
      union all
      select b.declared, t.oid, t.typtype, t.typbasetype, t.typname, t.typtypmod from base b join pg_type t on t.oid = b.typbasetype
      where b.typtype = 'd'
    )
    select a.attname as name, a.attnum as number, format_type(a.atttypid, a.atttypmod) as "sqlType", b.typname as "baseType",
      t.typtype as "typeKind", t.typnamespace = 'pg_catalog'::regnamespace as "isBuiltIn", a.atttypmod as modifier,
      coalesce(l.collisdeterministic, true) as "isDeterministic", a.attnotnull as "notNull",
      a.atthasdef and a.attgenerated = '' as "hasDefault", a.attgenerated <> '' as "isGenerated",
      case a.attidentity when 'a' then 'always' when 'd' then 'byDefault' end as identity
    from pg_attribute a
    join base b on b.declared = a.atttypid and b.typtype <> 'd'
    join pg_type t on t.oid = a.atttypid
    left join pg_collation l on l.oid = a.attcollation
    where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped
    order by a.attnum`)),
  ]
}
