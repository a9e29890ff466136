import type { SQL } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { StoredRow } from './storage'

export type ExpiryReason = 'inactivity' | 'lifetime' | 'evicted'

export interface ExpiryLimits {
  /** Milliseconds without activity after which a record vanishes. Default: never. */
  inactivityMs?: number
  /** Milliseconds after its creation at which a record vanishes whatever happens. Default: never. */
  lifetimeMs?: number
  /** Above so many records the least active ones vanish. Default: any number. */
  maxRecords?: number
  /** A logged table: records survive a crash of the database server too. Default false. */
  durable: boolean
}

/** When one record vanishes; undefined: never. */
export interface Deadlines {
  /** Unless something happens before. */
  expiresAt?: Date
  /** Whatever happens. */
  livesUntil?: Date
}

/** What an ephemeral storage answers beside the rest. Every moment is the clock's it was made with. */
export interface Expiry {
  readonly limits: ExpiryLimits
  deadlines(row: Pick<StoredRow, 'texts'>): Deadlines
  /** Seconds a row over `alias` has left, as an expression to select or sort by; null: it never vanishes. */
  remaining(alias: string): SQL
  /**
   * Notes that a record was read. Writes at most once in a tenth of the inactivity timeout, and not while somebody is
   * writing the record: that is activity itself.
   * @returns whether it was written
   */
  touch(db: Executor, row: StoredRow): Promise<boolean>
  /** Starts the inactivity timeout anew. Undefined where there is no such record (any more). */
  keepAlive(db: Executor, id: string, where?: SQL): Promise<StoredRow | undefined>
  /** Up to `limit` rows that are due, locked; those that somebody holds are passed over. Soonest due first. */
  lockDue(db: Executor, limit: number, offset?: number): Promise<StoredRow[]>
  /** Up to `limit` living rows beyond the `maxRecords` most active ones, locked. */
  lockLeastActive(db: Executor, limit: number): Promise<StoredRow[]>
  /** Deletes rows locked before, in one statement. Returns the ids of those that went. */
  removeAll(db: Executor, rows: readonly StoredRow[]): Promise<Set<string>>
  /** Whether the record is still there past its time, waiting for the sweep. */
  hasExpired(db: Executor, id: string, where?: SQL): Promise<boolean>
  /** Why a row is due. */
  reasonOf(row: StoredRow): ExpiryReason
}
