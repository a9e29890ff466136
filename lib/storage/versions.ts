import type { SQL } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { StoredRow, Texts } from './storage'

/** One version of an entry, as it was written. */
export interface VersionRow extends StoredRow {
  /** 1 for the first; the order of versions, whatever the clocks said. */
  number: number
  /** A tombstone: the entry was deleted then. Its texts are the last ones the entry had. */
  isDeleted: boolean
  /** Postgres text of a timestamptz. */
  at: string
  /** Actor id, or the database's user where nobody said. */
  by: string
  source: string
  reason: string | null
  /** Number of the newest version of the entry. */
  newest: number
}

/** What an append-only storage answers beside the rest. */
export interface Versions {
  /**
   * Versions of an entry, newest first, deleted or not.
   * @param before a version's number: only older ones. @param limit default 50
   */
  list(db: Executor, id: string, options?: { before?: number; limit?: number }): Promise<VersionRow[]>
  /** One version under further conditions over `alias` "t", or undefined; without `number` the newest, tombstones too. */
  load(db: Executor, id: string, options?: { number?: number; where?: SQL }): Promise<VersionRow | undefined>
  /** What stands in FROM to see the table as it was at a moment (Postgres text of a timestamptz): the newest versions then. */
  sourceAt(moment: string): SQL
  /**
   * Brings a deleted entry back as a further version: what it last was, with `texts` in place of its own.
   * @throws Postgres's unique violation where somebody else did so at the same time
   */
  undelete(db: Executor, id: string, texts: Texts): Promise<StoredRow>
}
