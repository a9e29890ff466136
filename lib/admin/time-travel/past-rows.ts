import { type SQL, sql } from 'drizzle-orm'
import type { ColumnShape } from '@/lib/db/table-shape'
import {
  type AsOfTable,
  asOfRecords,
  asOfSource,
  changedRecords,
  columnsNamed,
  holdsNow,
  isOversize,
  type LoggedValues,
  type Moment,
} from '@/lib/history'
import type { PastRows, QualifiedName, Texts, Versions } from '@/lib/storage'
import type { RequestContext } from '../context'

/** Rows of one table as of a moment, and what today says of them. */
export interface PastTable extends PastRows {
  /** Holds for rows whose record satisfies the condition as it is now too, or as it was when it went. */
  holdsNow(alias: string, condition: (alias: string) => SQL): SQL
  /** What a record held in columns that the table no longer has, as far as it changed since. */
  droppedValues(db: RequestContext['db'], id: string): Promise<Texts>
}

/** Put together from the change log. */
export function pastOfLog(table: AsOfTable, moment: Moment): PastTable {
  return {
    source: (needing) => asOfSource(table, moment, { columns: needing && columnsNamed(table, needing) }),
    among: (ids) => asOfRecords(table, moment, ids),
    holdsNow: (alias, condition) => holdsNow(table, alias, condition),
    async droppedValues(db, id) {
      const [row] = await db.execute<{ state: LoggedValues | null }>(changedRecords(table, moment, [id]))
      const known = new Set(table.columns.map(({ name }) => name))
      return Object.fromEntries(
        Object.entries(row?.state ?? {}).flatMap(([name, value]) =>
          known.has(name) || isOversize(value) ? [] : [[name, value]],
        ),
      )
    },
  }
}

/**
 * An append-only table keeps its past itself.
 * @param table of all versions @param key its `entry_id`
 */
export function pastOfVersions(
  { schema, name }: QualifiedName,
  { sqlType }: ColumnShape,
  versions: Versions,
  moment: Moment,
): PastTable {
  const all = sql`${sql.identifier(schema)}.${sql.identifier(name)}`
  const source = () =>
    sql`(select v.*, true as "kontor.past", v.entry_id::text as "kontor.id" from ${versions.sourceAt(moment.at)} as v)`
  return {
    source,
    among: (ids) =>
      sql`(select * from ${source()} as v where v.entry_id = any(${sql.param([...ids])}::${sql.raw(sqlType)}[]))`,
    droppedValues: async () => ({}),
    holdsNow: (alias, condition) => sql`exists (select from ${all} as ${sql.identifier(NEWEST)}
      where ${sql.identifier(NEWEST)}.entry_id = ${sql.identifier(alias)}.entry_id and ${condition(NEWEST)}
        and ${sql.identifier(NEWEST)}.entry_version = (select max(v.entry_version) from ${all} as v where v.entry_id = ${sql.identifier(alias)}.entry_id))`,
  }
}

const NEWEST = 'kontor.newest'
