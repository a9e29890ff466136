import type { SQL } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { Requirement } from '@/lib/history'
import type { Expiry, ExpiryLimits } from './expiry'
import type { PastRows } from './past'
import type { RowSets } from './row-sets'
import type { Versions } from './versions'

/** Postgres texts by field name. */
export type Texts = Record<string, string | null>

/** A record as its storage holds it. */
export interface StoredRow {
  /** The key's text; parts of a composite key joined by ',' with ',' and '\' escaped by '\'. */
  id: string
  /** What counts as "unchanged since": equal versions mean no conflict. Empty where the storage has none (views). */
  version: string
  texts: Texts
}

/**
 * How the records of a resource live. Operations and lists know only this contract; `table.ts`, `append-only.ts` and
 * `ephemeral.ts` implement it. Every method throws AdminError codes from `lib/errors` and Postgres errors untranslated.
 */
export interface Storage {
  readonly kind: 'table' | 'appendOnly' | 'ephemeral'
  /** Fields the storage keeps itself: no form offers them, and what a write gives for them is left out. */
  readonly managed: ReadonlySet<string>
  /** The table whose triggers see every change of a record as one insert, update or delete. */
  readonly logged: LoggedTable
  /**
   * What stands in FROM: the rows that exist now, with the table's own column names.
   * @param needing what the statement asks of them. A storage that has to put its rows together leaves out columns that
   *   are not named there; without it all are there
   * @param required what the statement's WHERE asks of every row: such a storage may leave out rows that cannot meet it
   */
  source(needing?: SQL, required?: readonly Requirement[]): SQL
  /** The same for these records only: there where it is quicker than a condition on `source()`. */
  among?(ids: readonly string[]): SQL
  /** The version as a text expression over `alias`, or undefined where there is none. */
  version(alias: string): SQL | undefined
  /**
   * One record by id under further conditions over `alias` "t" (scope, policy), or undefined.
   * `lock` holds the row until the transaction ends (FOR UPDATE).
   */
  load(db: Executor, id: string, options?: { where?: SQL; lock?: boolean }): Promise<StoredRow | undefined>
  /** Inserts; fields not given take their defaults. Returns the row as stored. */
  insert(db: Executor, texts: Texts): Promise<StoredRow>
  /** Updates the given fields of the row loaded (and locked) before. Returns the row as stored, whose id may be new. */
  update(db: Executor, row: StoredRow, texts: Texts): Promise<StoredRow>
  /** Deletes the row loaded (and locked) before. */
  remove(db: Executor, row: StoredRow): Promise<void>
  /** Many records at once, where the storage can; else they are written one by one. */
  readonly sets?: RowSets
  /** What `migrate` has to set up in the database beside the table itself. */
  readonly setup?: StorageSetup
  /** The versions of each entry, where the storage keeps them. */
  readonly versions?: Versions
  /** How and when records vanish by themselves, where they do. */
  readonly expiry?: Expiry
  /** The same records at an earlier moment, read from `rows` and never written. */
  past(rows: PastRows): Storage
}

/** Given to `installStorage`. Relations are 'schema.table'. */
export type StorageSetup =
  | { kind: 'appendOnly'; versions: QualifiedName; current: QualifiedName }
  | { kind: 'ephemeral'; table: QualifiedName; limits: ExpiryLimits; refersTo: readonly string[] }

export interface QualifiedName {
  schema: string
  name: string
}

/** What the change log has to know of a storage's table. Names are the database's. */
export interface LoggedTable {
  schema: string
  name: string
  /** Columns that are bookkeeping: never in the log, and a write that changes nothing else is no change. */
  ignored: readonly string[]
}
