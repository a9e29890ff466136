import { groupBy } from '@/lib/db/group-by'
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
  /** Such a column that is not even stored, of PostgreSQL 18 and later: triggers may not read it. */
  isVirtual: boolean
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
  /** Whether it is parent or child of another by INHERITS: a statement on the parent changes rows of its children. */
  hasKin: boolean
  /**
   * Whether its own triggers may change its rows again while a statement's changes are not logged yet: they run for each row
   * or come first by name, or a foreign key carries its new keys on to its other rows.
   */
  isNested: boolean
  /** Leaf partitions, quoted for SQL: TRUNCATE can name them one by one. */
  leaves: string[]
  /** Whether the server can say if a text is a value of a type without failing where it is none: PostgreSQL 16 and later. */
  canTryTypes: boolean
}

/** Runs one statement without parameters: over postgres.js for owners' commands, over Drizzle within a request. */
export type RunText = <Row>(statement: string) => Promise<readonly Row[]>

/**
 * Reads the facts of tables, keyed by `schema.table`, in two statements however many they are. Tables that are not there
 * are missing.
 * @throws AdminError 'misconfigured' for anything that is not a table (a view, a foreign table).
 */
export async function readFacts(
  run: RunText,
  tables: readonly { schema: string; name: string }[],
): Promise<Map<string, TableFacts>> {
  if (tables.length === 0) return new Map()
  const named = tables.map(({ schema, name }) => `(${literal(schema)}::name, ${literal(name)}::name)`)
  const found = await run<Omit<TableFacts, 'columns' | 'relation' | 'isPartitioned'> & { kind: string }>(`
    select to_regprocedure('pg_catalog.pg_input_is_valid(text,text)') is not null as "canTryTypes", c.oid::int8::float8 as oid,
      n.nspname as schema, c.relname as name, c.relkind as kind, c.relpersistence = 'u' as "isUnlogged", c.relnatts as width,
      case when c.relispartition then (select rn.nspname || '.' || r.relname from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
        where r.oid = pg_partition_root(c.oid)) end as "partitionOf",
      coalesce((select array_agg(a.attname::text order by place) from pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality as part(number, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = part.number
        where i.indrelid = c.oid and i.indisprimary), '{}') as key,
      c.relkind = 'r' and not c.relispartition and exists (select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)) as "hasKin",
      exists (select from pg_trigger t join pg_proc p on p.oid = t.tgfoid where t.tgrelid = c.oid and not t.tgisinternal
          and t.tgtype & 66 = 0 and (t.tgtype & 1 = 1 or t.tgname < 'kontor_log') and p.pronamespace is distinct from to_regnamespace('kontor'))
        or exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = c.oid and f.confrelid = c.oid and f.confupdtype in ('c', 'n', 'd')) as "isNested",
      case when c.relkind = 'p' then array(select format('%I.%I', n2.nspname, c2.relname) from pg_partition_tree(c.oid) t
        join pg_class c2 on c2.oid = t.relid join pg_namespace n2 on n2.oid = c2.relnamespace
        where t.isleaf and c2.relkind = 'r' order by 1) else '{}' end as leaves
    from (values ${named.join(', ')}) as w(schema, name)
    join pg_namespace n on n.nspname = w.schema join pg_class c on c.relnamespace = n.oid and c.relname = w.name`)
  const columns = await readColumns(
    run,
    found.map(({ oid }) => oid),
  )
  return new Map(
    found.map(({ kind, ...facts }) => {
      const relation = `${facts.schema}.${facts.name}`
      if (kind !== 'r' && kind !== 'p')
        throw new AdminError('misconfigured', `${relation} is not a table, so its changes cannot be recorded.`)
      return [relation, { ...facts, relation, isPartitioned: kind === 'p', columns: columns.get(facts.oid) ?? [] }]
    }),
  )
}

/** The same of one table, or undefined where there is no such table. */
export async function readTableFacts(
  run: RunText,
  table: { schema: string; name: string },
): Promise<TableFacts | undefined> {
  return (await readFacts(run, [table])).get(`${table.schema}.${table.name}`)
}

async function readColumns(run: RunText, oids: readonly number[]): Promise<Map<number, ColumnFacts[]>> {
  if (oids.length === 0) return new Map()
  const of = `any('{${oids.join(',')}}'::oid[])`
  const rows = await run<ColumnFacts & { oid: number }>(`
    with recursive base as (
      select t.oid as declared, t.oid, t.typtype, t.typbasetype, t.typname, t.typtypmod from pg_type t
      where t.oid in (select atttypid from pg_attribute where attrelid = ${of} and attnum > 0)
      union all
      select b.declared, t.oid, t.typtype, t.typbasetype, t.typname, t.typtypmod from base b join pg_type t on t.oid = b.typbasetype
      where b.typtype = 'd'
    )
    select a.attrelid::int8::float8 as oid, a.attname as name, a.attnum as number, format_type(a.atttypid, a.atttypmod) as "sqlType",
      b.typname as "baseType", t.typtype as "typeKind", t.typnamespace = 'pg_catalog'::regnamespace as "isBuiltIn",
      a.atttypmod as modifier, coalesce(l.collisdeterministic, true) as "isDeterministic", a.attnotnull as "notNull",
      a.atthasdef and a.attgenerated = '' as "hasDefault", a.attgenerated <> '' as "isGenerated", a.attgenerated = 'v' as "isVirtual",
      case a.attidentity when 'a' then 'always' when 'd' then 'byDefault' end as identity
    from pg_attribute a
    join base b on b.declared = a.atttypid and b.typtype <> 'd'
    join pg_type t on t.oid = a.atttypid
    left join pg_collation l on l.oid = a.attcollation
    where a.attrelid = ${of} and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum`)
  const byTable = groupBy(rows, ({ oid }) => oid)
  return new Map([...byTable].map(([oid, own]) => [oid, own.map(({ oid: _, ...column }) => column)]))
}
