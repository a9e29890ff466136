import { and, type SQL, sql } from 'drizzle-orm'
import type { Operation } from './change'

/** What a history page can be narrowed to; every one is optional and they add up. */
export interface HistoryFilters {
  /** Only these tables (`schema.table`). An empty list finds nothing. */
  relations?: readonly string[]
  /** Changes of this column: updates that changed it, and inserts and deletes, which have every column. */
  field?: string
  /** Who, exactly as the log has it. */
  actor?: string
  source?: string
  op?: Operation
  /** At or after, at or before: anything Postgres reads as a timestamptz; a Date loses microseconds. */
  from?: string
  to?: string
  /** Beside `to`: the moment a page stands at. */
  until?: string
  request?: string
  tx?: string
  /** Anywhere in the values, the record's id or the reason, whatever the case. */
  text?: string
}

/** Conditions over `alias` that an index answers at any depth. */
export function indexedConditions(filters: HistoryFilters, alias: string): SQL | undefined {
  const c = sql.identifier(alias)
  const { relations } = filters
  return and(
    relations?.length === 1 ? sql`${c}.relation = ${relations[0]}` : undefined,
    relations && relations.length !== 1 ? sql`${c}.relation = any(${arrayOf(relations)})` : undefined,
    filters.actor === undefined ? undefined : sql`${c}.actor = ${filters.actor}`,
    // What the index over claimed actors is about.
    isClaimed(filters.actor) ? sql`strpos(${c}.actor, ':') > 0` : undefined,
    filters.from === undefined ? undefined : sql`${c}.at >= ${filters.from}::timestamptz`,
    filters.to === undefined ? undefined : sql`${c}.at <= ${filters.to}::timestamptz`,
    filters.until === undefined ? undefined : sql`${c}.at <= ${filters.until}::timestamptz`,
    filters.request === undefined ? undefined : sql`${c}.request_id = ${filters.request}`,
    filters.tx === undefined ? undefined : sql`${c}.tx = ${filters.tx}::xid8`,
  )
}

/** Whether somebody claimed to be this actor ('user:…', 'task:…'), and is no database role: those have an index. */
export const isClaimed = (actor: string | undefined): boolean => actor?.includes(':') === true

/** Conditions that only reading the rows answers. */
export function scannedConditions(filters: HistoryFilters, alias: string): SQL | undefined {
  const c = sql.identifier(alias)
  const pattern = filters.text === undefined ? '' : `%${filters.text.replace(/[\\%_]/g, '\\$&')}%`
  return and(
    filters.field === undefined
      ? undefined
      : sql`(${c}.changed @> ${arrayOf([filters.field])} or ${c}.op in ('insert', 'delete') and coalesce(${c}.after, ${c}.before) ? ${filters.field})`,
    filters.source === undefined ? undefined : sql`${c}.source = ${filters.source}`,
    filters.op === undefined ? undefined : sql`${c}.op = ${filters.op}`,
    filters.text === undefined
      ? undefined
      : sql`(${c}.before::text ilike ${pattern} or ${c}.after::text ilike ${pattern} or ${c}.record_id ilike ${pattern} or ${c}.reason ilike ${pattern})`,
  )
}

/** A text array parameter: Drizzle spreads a plain array into a list. */
export const arrayOf = (values: readonly string[]): SQL => sql`${sql.param([...values])}::text[]`
