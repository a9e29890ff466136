import { type SQL, sql } from 'drizzle-orm'
import type { ColumnShape } from '@/lib/db/table-shape'
import {
  type AsOfTable,
  asOfRecords,
  asOfSource,
  changedIds,
  changedRecords,
  columnsNamed,
  countUnfit,
  holdsNow,
  idsToday,
  isOversize,
  type LoggedValues,
  type Moment,
  unfittingColumns,
} from '@/lib/history'
import type { PastRows, QualifiedName, Texts, Versions } from '@/lib/storage'
import type { RequestContext } from '../context'
import { planned } from '../list/planned'

/** Rows of one table as of a moment, and what today says of them. */
export interface PastTable extends PastRows {
  /** `Past.idsToday` of the tree. */
  idsToday?(db: RequestContext['db'], condition: (alias: string) => SQL): Promise<readonly string[] | undefined>
  /** Holds for rows whose record satisfies the condition as it is now too, or as it was when it went. */
  holdsNow(alias: string, condition: (alias: string) => SQL): SQL
  /** What a record held in columns that the table no longer has, or not as this type, as far as it changed since. */
  droppedValues(db: RequestContext['db'], id: string): Promise<Texts>
  /** `Past.erasedColumns` of the tree. */
  erasedColumns(db: RequestContext['db'], id: string): Promise<string[]>
  /** `Past.countUnfit` of the tree. */
  countUnfit(db: RequestContext['db']): Promise<number>
}

/** More records that meet a condition today are not listed one by one. */
const MOST_TODAY = 5000
/**
 * Listing them spares a lookup for each change since, which the planner thinks to cost several units and which costs less
 * than that; a scan of the table costs about what the planner thinks. So they must be cheap to find beside the changes.
 */
const WORTH = 5

/** Put together from the change log. */
export function pastOfLog(table: AsOfTable, moment: Moment): PastTable {
  return {
    source: (needing, required) =>
      asOfSource(table, moment, { columns: needing && columnsNamed(table, needing), required }),
    among: (ids) => asOfRecords(table, moment, ids),
    holdsNow: (alias, condition) => holdsNow(table, alias, condition),
    async idsToday(db, condition) {
      if (!moment.isFar) return undefined
      const asked = idsToday(table, condition)
      const [search, changes] = await Promise.all([
        planned(db, sql`from (${asked}) as asked`),
        planned(db, sql`from (${changedIds(table, moment)}) as changed`),
      ])
      if (search.cost * WORTH > changes.rows) return undefined
      const rows = await db.execute<{ id: string }>(sql`${asked} limit ${sql.raw(String(MOST_TODAY + 1))}`)
      return rows.length > MOST_TODAY ? undefined : rows.map(({ id }) => id)
    },
    countUnfit: (db) => countUnfit(db, table, moment),
    async erasedColumns(db, id) {
      const [row] = await db.execute<{ erased: string[] }>(changedRecords(table, moment, [id]))
      return row?.erased ?? []
    },
    async droppedValues(db, id) {
      const [row] = await db.execute<{ state: LoggedValues | null }>(changedRecords(table, moment, [id]))
      const state = row?.state ?? {}
      const shown = new Set(table.columns.map(({ name }) => name))
      for (const name of await unfittingColumns(db, table, state)) shown.delete(name)
      return Object.fromEntries(
        Object.entries(state).flatMap(([name, value]) => (shown.has(name) || isOversize(value) ? [] : [[name, value]])),
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
    erasedColumns: async () => [],
    countUnfit: async () => 0,
    holdsNow: (alias, condition) => sql`exists (select from ${all} as ${sql.identifier(NEWEST)}
      where ${sql.identifier(NEWEST)}.entry_id = ${sql.identifier(alias)}.entry_id and ${condition(NEWEST)}
        and ${sql.identifier(NEWEST)}.entry_version = (select max(v.entry_version) from ${all} as v where v.entry_id = ${sql.identifier(alias)}.entry_id))`,
  }
}

const NEWEST = 'kontor.newest'
