import type { InferSelectModel } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'

/** What a watcher waits for. */
export type WatchedOp = 'inserted' | 'updated' | 'deleted'

export type ColumnOf<T extends PgTable> = Extract<keyof T['_']['columns'], string>
type RowOf<T extends PgTable> = InferSelectModel<T>

/** A change as `when` is asked about it: the record before and after it, in field names and JavaScript types. */
export interface WatchedRows<T extends PgTable = PgTable> {
  /** Undefined for inserted. */
  old: RowOf<T> | undefined
  /** Undefined for deleted. */
  new: RowOf<T> | undefined
  /** Fields that changed; empty for inserted and deleted. */
  changed: readonly string[]
}

export interface WatchOptions<T extends PgTable = PgTable> {
  on: WatchedOp
  /** What subscriptions and logs call it. Needed where a table is watched twice for the same. */
  label?: string
  /** For 'updated': only when a value of these really changed. Default: any column. */
  triggerColumns?: readonly ColumnOf<T>[]
  /** Values that come with each message, and that subscriptions may select by. Default: the key alone. */
  extraColumns?: readonly ColumnOf<T>[]
  /** Asked of each change before a subscription is told or a tag revalidated. Not beside `effect` or `webhook`: a trigger cannot ask a function. */
  when?: (change: WatchedRows<T>) => boolean
  /** The kind of an effect requested in the transaction of the change itself, by its trigger. */
  effect?: string
  /** Added to the effect's payload, which always has relation, record_id, op, change (the log row's id) and changed. */
  payload?: Readonly<Record<string, unknown>>
  /** Calls this address, signed, by the effect `http.request`: durable and tried again like any effect. */
  webhook?: string | { url: string; secret?: string }
  /** Next cache tags to revalidate, in every web process. */
  revalidate?: string | readonly string[]
}

/** A watcher whose table's types were let go. */
export interface AnyWatcher {
  readonly kind: 'watcher'
  readonly table: PgTable
  readonly options: object
}

/** A watcher of one table, for `watch` at the site and to subscribe to with types. Made by `watcher`. */
export interface Watcher<T extends PgTable, Extra extends string> extends AnyWatcher {
  readonly table: T
  readonly options: WatchOptions<T> & { extraColumns?: readonly Extra[] }
}

/** Declares a watcher of a table: `watcher(products, { on: 'updated', extraColumns: ['price'] })`. */
export function watcher<T extends PgTable, const Extra extends ColumnOf<T> = never>(
  table: T,
  options: WatchOptions<T> & { extraColumns?: readonly Extra[] },
): Watcher<T, Extra> {
  return { kind: 'watcher', table, options }
}

export const isWatcher = (value: unknown): value is AnyWatcher =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'watcher'

/** A watcher with every default filled in: what the config's checks make of it. */
export interface ResolvedWatcher {
  /** The label, else 'schema.table updated'. */
  name: string
  label: string | undefined
  shape: TableShape
  on: WatchedOp
  /** Empty: any. */
  trigger: readonly ColumnShape[]
  extra: readonly ColumnShape[]
  when: ((change: WatchedRows<never>) => boolean) | undefined
  effect: { kind: string; payload: Record<string, unknown> } | undefined
  webhook: { url: string; secret?: string } | undefined
  revalidate: readonly string[]
}

/** The log's word for it. */
export const loggedOp = { inserted: 'insert', updated: 'update', deleted: 'delete' } as const
