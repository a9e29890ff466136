import { type SQL, sql } from 'drizzle-orm'
import { keep } from '@/lib/db/kept'
import type { TableShape } from '@/lib/db/table-shape'
import type { RequestContext } from '../context'

/** What the catalogue says of a table that decides how a list asks. All names are the database's. */
export interface TableFacts {
  /** The planner's own count; undefined where it never looked (views, new tables). */
  rows?: number
  /** Columns that an index begins with. */
  leading: ReadonlySet<string>
  /** Columns with a trigram index. */
  trigrams: ReadonlySet<string>
  /** Columns with a trigram index over an unaccenting function: the same expression over another value. */
  unaccented: ReadonlyMap<string, (value: SQL) => SQL>
  /** The schema of the unaccent extension, where it is installed. */
  unaccentSchema?: string
}

/** Read once a minute for each table: an index made meanwhile serves a minute later. */
export const tableFacts = keep({ ms: 60_000, load: readFacts, keyOf: ({ relation }: TableShape) => relation })

interface IndexColumn extends Record<string, unknown> {
  position: number
  name: string | null
  expression: string | null
  opclass: string | null
  method: string
}

async function readFacts(db: RequestContext['db'], shape: TableShape): Promise<TableFacts> {
  const relation = sql`to_regclass(format('%I.%I', ${shape.schema}::text, ${shape.name}::text))`
  const [about] = await db.execute<{ rows: number | null; unaccent: string | null }>(sql`
    select (select reltuples from pg_class where oid = ${relation} and reltuples >= 0 and relkind <> 'v') as rows,
      (select nspname from pg_extension join pg_namespace n on n.oid = extnamespace where extname = 'unaccent') as unaccent`)
  const indexes = await db.execute<IndexColumn>(sql`
    select k.position::int, a.attname as name, o.opcname as opclass, m.amname as method,
      case when k.attnum = 0 then pg_get_indexdef(i.indexrelid, k.position::int, true) end as expression
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_am m on m.oid = x.relam
    cross join lateral unnest(i.indkey::int2[], i.indclass::oid[]) with ordinality as k (attnum, opclass, position)
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and k.attnum > 0
    left join pg_opclass o on o.oid = k.opclass
    where i.indrelid = ${relation} and i.indisvalid and i.indpred is null`)
  const isTrigram = ({ opclass }: IndexColumn) => opclass === 'gin_trgm_ops' || opclass === 'gist_trgm_ops'
  const named = (rows: readonly IndexColumn[]) => new Set(rows.flatMap(({ name }) => name ?? []))
  return {
    rows: about?.rows ?? undefined,
    leading: named(indexes.filter(({ method, position }) => method === 'btree' && position === 1)),
    trigrams: named(indexes.filter(isTrigram)),
    unaccented: new Map(indexes.filter(isTrigram).flatMap(({ expression }) => readUnaccented(expression, shape))),
    unaccentSchema: about?.unaccent ?? undefined,
  }
}

/** `lower(f_unaccent(name))` as [name, value => lower(f_unaccent(value))]; nothing where it is more than that. */
function readUnaccented(expression: string | null, shape: TableShape): [string, (value: SQL) => SQL][] {
  if (!expression || !/unaccent/i.test(expression)) return []
  const found = shape.columns.flatMap(({ name }) => {
    const quoted = /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replace(/"/g, '""')}"`
    const pattern = new RegExp(`(?<![\\w".:'])${quoted.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&')}(?![\\w"(.'])`, 'g')
    const parts = expression.split(pattern)
    return parts.length === 2 ? [{ name, before: parts[0] ?? '', after: parts[1] ?? '' }] : []
  })
  const [only] = found
  if (!only || found.length > 1) return []
  return [[only.name, (value) => sql`${sql.raw(only.before)}${value}${sql.raw(only.after)}`]]
}
