import { sql } from 'drizzle-orm'
import type { Transaction } from '@/lib/db/transaction'
import type { RequestContext } from '../context'

/**
 * Reads with less patience than the connection has: the database itself stops what takes longer than `ms`
 * (Postgres error 57014).
 */
export function readWithin<T>(db: RequestContext['db'], ms: number, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction(
    async (tx) => {
      await tx.execute(sql`select set_config('statement_timeout', ${String(ms)}, true)`)
      return work(tx)
    },
    { accessMode: 'read only' },
  )
}
