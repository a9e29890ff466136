/** Stands in the log for a value above 1 MiB: its bytes and digest. */
export interface Oversize {
  size: number
  sha256: string
}

/**
 * Values by the database's column names, as the log holds them: a string is the value's Postgres text, numbers and
 * booleans are themselves where JavaScript reads them exactly, JSON columns too; null is SQL NULL.
 */
export type LoggedJson = Record<string, unknown>

/** One row of kontor.changes, as the feed hands it out. */
export interface FeedChange {
  /** For one record, the order of ids is the order of its changes. */
  id: string
  /** When the statement ended, by the server's clock, as Postgres text in UTC. */
  at: string
  tx: string
  /** `schema.table`; the root of a partitioned table. */
  relation: string
  /** The key's text before the change; null for tables without a key and for 'truncate'. */
  recordId: string | null
  op: 'insert' | 'update' | 'delete' | 'truncate'
  /** Whole for delete, the columns that changed for update, null for insert. */
  before: LoggedJson | null
  /** Whole for insert, the columns that changed for update, null for delete. */
  after: LoggedJson | null
  /** Columns that changed; empty for insert and delete. Names redacted ones too. */
  changed: string[]
  actor: string
  dbUser: string
  source: string
  requestId: string | null
  reason: string | null
}

/** A relation of which more changed at once than is worth telling one by one. */
export interface ManyChanged {
  relation: string
  count: number
}

export const isOversize = (value: unknown): value is Oversize =>
  typeof value === 'object' && value !== null && 'sha256' in value && 'size' in value && Object.keys(value).length === 2

/** A logged value's Postgres text; null for NULL and for a value too large to keep. */
export function textOf(value: unknown): string | null {
  if (value === null || value === undefined || isOversize(value)) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
