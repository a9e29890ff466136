import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type Change, changeColumns, selectChanges } from './change'
import { arrayOf, type HistoryFilters, indexedConditions, scannedConditions } from './filters'
import type { RecordName } from './undo-step'

export interface HistoryPage {
  /** Newest first. */
  changes: Change[]
  /** Give it back for the page after this one; null on the last. */
  next: string | null
}

export interface HistoryPaging {
  /** Default 50, at most 1,000. */
  limit?: number
  /** The `next` of the page before. */
  cursor?: string | null
}

/**
 * One record's changes, newest first, in the order in which they happened to it (ids are given while its row is locked).
 * @param recordId the key's text, as addresses have it
 */
export async function recordHistory(
  db: Executor,
  relation: string,
  recordId: string,
  options: HistoryPaging & { filters?: Omit<HistoryFilters, 'relations'> } = {},
): Promise<HistoryPage> {
  const limit = Math.min(options.limit ?? 50, 1_000)
  const { filters = {} } = options
  const changes = await selectChanges(
    db,
    sql`select ${changeColumns('c')} from kontor.changes as c
      where c.relation = ${relation} and left(c.record_id, 500) = left(${recordId}, 500) and c.record_id = ${recordId}
        and ${indexedConditions(filters, 'c') ?? sql`true`} and ${scannedConditions(filters, 'c') ?? sql`true`}
        and ${isId(options.cursor) ? sql`c.id < ${options.cursor}::bigint` : sql`true`}
      order by c.id desc limit ${limit + 1}`,
  )
  const page = changes.slice(0, limit)
  return { changes: page, next: changes.length > limit ? page.at(-1)!.id : null }
}

/** Of which tables; all of them unless given. */
type Within = Pick<HistoryFilters, 'relations'>

/** The changes of one transaction in the order they were made, from after the id `cursor` on. */
export const changesOfTransaction = (
  db: Executor,
  tx: string,
  { relations, ...paging }: HistoryPaging & Within = {},
): Promise<HistoryPage> => inOrder(db, { tx }, relations, paging)

/** The changes of one request, of all its transactions, in the order they were made, from after the id `cursor` on. */
export const changesOfRequest = (
  db: Executor,
  request: string,
  { relations, ...paging }: HistoryPaging & Within = {},
): Promise<HistoryPage> => inOrder(db, { request }, relations, paging)

/**
 * Equality would make the order one by id alone, for which the planner may walk through all the log: bounds leave it the
 * index that begins with what is asked for.
 */
async function inOrder(
  db: Executor,
  of: { tx: string } | { request: string },
  relations: readonly string[] | undefined,
  paging: HistoryPaging,
): Promise<HistoryPage> {
  if ('tx' in of && !isId(of.tx)) return { changes: [], next: null }
  const limit = Math.min(paging.limit ?? 50, 1_000)
  const after = isId(paging.cursor) ? paging.cursor : '0'
  const [column, value] = 'tx' in of ? [sql`c.tx`, sql`${of.tx}::xid8`] : [sql`c.request_id`, sql`${of.request}::text`]
  const changes = await selectChanges(
    db,
    sql`select ${changeColumns('c')} from kontor.changes as c
      where (${column}, c.id) > (${value}, ${after}::bigint) and ${column} <= ${value}
        and ${indexedConditions({ relations }, 'c') ?? sql`true`}
      order by ${column}, c.id limit ${limit + 1}`,
  )
  const page = changes.slice(0, limit)
  return { changes: page, next: changes.length > limit ? page.at(-1)!.id : null }
}

/** Changes by id, oldest first; unknown ids are left out. */
export const changesById = (db: Executor, ids: readonly string[]): Promise<Change[]> =>
  selectChanges(
    db,
    sql`select ${changeColumns('c')} from kontor.changes as c
      where c.id = any(${sql.param(ids.filter(isId))}::bigint[]) order by c.id`,
  )

/** How records went that are gone: the newest change of each that ends with its deletion. */
export const lastDeletions = (db: Executor, records: readonly RecordName[]): Promise<Change[]> =>
  selectChanges(
    db,
    sql`select ${changeColumns('c')}
      from unnest(${arrayOf(records.map(({ relation }) => relation))}, ${arrayOf(records.map(({ recordId }) => recordId))})
        as g(relation, record_id)
      cross join lateral (
        select * from kontor.changes as k where k.relation = g.relation and left(k.record_id, 500) = left(g.record_id, 500)
          and k.record_id = g.record_id order by k.id desc limit 1
      ) as c where c.op = 'delete'`,
  )

/** Whether a text from an address can be an id or a transaction number. */
export const isId = (value: string | null | undefined): value is string => /^\d{1,18}$/.test(value ?? '')
