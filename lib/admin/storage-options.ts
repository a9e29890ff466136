import { type InferInsertModel, type InferSelectModel, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { Duration } from '@/lib/db/duration'
import type { OperationContext } from './context'

/*
 * How the records of a resource live: `storage: 'table'` (the default), `appendOnly(…)` or `ephemeral(…)`.
 */

type MaybePromise<V> = V | Promise<V>
type RowOf<T> = T extends PgTable ? InferSelectModel<T> : never
type InsertOf<T> = T extends PgTable ? Partial<InferInsertModel<T>> : never

export interface AppendOnlyOptions {
  /** The table with `...currentColumns()` that holds the newest versions: it carries what is unique and what refers where. */
  current: PgTable
}

export interface EphemeralOptions<T> {
  /** How long a record stays without being opened or written: '30m'. Default: for ever. */
  inactivityTimeout?: Duration
  /** How long a record stays at most, whatever happens: '1d'. Default: for ever. */
  maximumLifetime?: Duration
  /** Above so many records the least active ones expire. Default: any number. */
  maxRecords?: number
  /** Survives a crash of the database server too, at the price of slower writes. Default false: such a crash empties the table. */
  durable?: boolean
  /** Loads what a new record starts with: answered values stand where the creator gave none. */
  onCreate?: (ctx: OperationContext, given: InsertOf<T>) => MaybePromise<InsertOf<T> | undefined>
  /** Saves what shall stay of an expiring record, in the transaction that removes it. What it throws is logged; the record goes anyway. */
  onExpire?: (ctx: OperationContext, record: RowOf<T>) => MaybePromise<void>
}

export interface AppendOnlyStorage extends AppendOnlyOptions {
  readonly kind: 'appendOnly'
}

export interface EphemeralStorage<T> extends EphemeralOptions<T> {
  readonly kind: 'ephemeral'
}

export type StorageOption<T> = 'table' | AppendOnlyStorage | EphemeralStorage<T>

/** Every update is a further version, every delete a tombstone; the database refuses to change or remove either. */
export function appendOnly(options: AppendOnlyOptions): AppendOnlyStorage {
  return { kind: 'appendOnly', ...options }
}

/** Records that vanish after inactivity or at the end of their lifetime. */
export function ephemeral<T>(options: EphemeralOptions<T> = {}): EphemeralStorage<T> {
  return { kind: 'ephemeral', ...options }
}

/** Whether `storage` says anything at all that can be resolved. */
export function isStorageOption(value: unknown): boolean {
  if (value === undefined || value === 'table') return true
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return value.kind === 'ephemeral' || (value.kind === 'appendOnly' && 'current' in value && is(value.current, PgTable))
}
