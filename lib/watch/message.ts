import type { InferSelectModel } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { ColumnOf, WatchedOp, Watcher } from './watcher'

type RowOf<T extends PgTable> = InferSelectModel<T>

/** What a handler is told: field names, and values as Drizzle types them. */
export interface Message<Row extends object = Record<string, unknown>, Extra extends object = Partial<Row>> {
  /** The watcher's label, else what it watches. */
  watcher: string | { resource: string; op: WatchedOp }
  /** The record's key; empty for tables without one, and where a TRUNCATE took too many records to name. */
  key: Partial<Row>
  /** Values of `extraColumns`: the new ones, or for deleted the last ones. */
  extra: Extra
  /** The same before an update. */
  old: Extra | undefined
  /** Fields that changed. */
  changed: readonly string[]
  /** Id of the row in kontor.changes; for one record the order of its changes. */
  seq: string
  at: Date
  actor: string
  source: string
  /** The whole table was emptied. */
  isTruncate: boolean
}

export type MessageOf<T extends PgTable, Extra extends string> = Message<
  RowOf<T>,
  Pick<RowOf<T>, Extra & keyof RowOf<T>>
>

/** Which changes a subscription wants: all, those of one record, or those where a column has (or had) a value. */
export type Selection<T extends PgTable = PgTable, Extra extends string = string> =
  | { all: true }
  | { key: string | number | bigint | Date | boolean | Partial<RowOf<T>> }
  | { where: { [K in Extra & keyof RowOf<T>]?: RowOf<T>[K] | null } }

/** A watcher by its declaration, by what it watches, or by its label. */
export type WatcherReference<T extends PgTable = PgTable, Extra extends string = string> =
  | Watcher<T, Extra>
  | { resource: T; op: WatchedOp }
  | string

/** Extra columns that a reference leaves open. */
export type AnyColumn<T extends PgTable> = ColumnOf<T>
