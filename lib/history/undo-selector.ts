import { type SQL, sql } from 'drizzle-orm'
import { arrayOf, type HistoryFilters, indexedConditions, scannedConditions } from './filters'
import { isId } from './record-history'

/** Which changes to undo: chosen ones, transactions, everything of one request (an action, an import), or what a filter finds. */
export type UndoSelector =
  | { ids: readonly string[] }
  | { tx: string | readonly string[] }
  | { request: string }
  | { filter: HistoryFilters }

/** The condition by which a selector finds changes; `c` is their alias in the query. */
export function chosenBy(selector: UndoSelector, c: 'c' | 'f' = 'c'): SQL {
  const own = sql.raw(c)
  if ('ids' in selector) return sql`${own}.id = any(${arrayOf(selector.ids.filter(isId))}::bigint[])`
  if ('tx' in selector) {
    const txs = [selector.tx].flat().filter(isId)
    // Of one transaction the index gives them in the order of their ids, however many they are.
    return txs.length === 1 ? sql`${own}.tx = ${txs[0]}::xid8` : sql`${own}.tx = any(${arrayOf(txs)}::xid8[])`
  }
  if ('request' in selector) return sql`${own}.request_id = ${selector.request}`
  return sql`${indexedConditions(selector.filter, c) ?? sql`true`} and ${scannedConditions(selector.filter, c) ?? sql`true`}`
}
