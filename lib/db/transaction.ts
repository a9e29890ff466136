import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

/** A transaction with who and why already told to the database. */
export type Transaction = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0]

/** Who writes and why: what the change log adds to what the triggers see by themselves. */
export interface Provenance {
  /** The actor's id as the log keeps it, e.g. 'user:4f0c…', 'task:Nightly count', 'system'. */
  actor: string
  /** The road: 'form', 'api', 'import', 'undo', 'task', 'effect', 'expiry', an action's key … */
  source: string
  requestId: string
  reason?: string
}

/**
 * Runs `work` in one transaction whose `kontor.*` settings name the writer; any throw rolls all of it back.
 * The settings are local to the transaction, so a pooled connection never carries them to the next one.
 */
export function transact<T>(
  orm: PostgresJsDatabase,
  provenance: Provenance,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return orm.transaction(async (tx) => {
    await tx.execute(sql`select
      set_config('kontor.actor', ${provenance.actor}, true),
      set_config('kontor.source', ${provenance.source}, true),
      set_config('kontor.request_id', ${provenance.requestId}, true),
      set_config('kontor.reason', ${provenance.reason ?? ''}, true)`)
    return work(tx)
  })
}
