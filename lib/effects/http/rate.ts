import type postgres from 'postgres'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { AdminError } from '@/lib/errors'

/**
 * Counts calls by `key` in Postgres, so that any number of processes share one count.
 * @returns a function that counts one call and throws AdminError `rate_limited` beyond `points` in `seconds`
 */
export function limitCalls(sql: postgres.Sql, points: number, seconds: number): (key: string) => Promise<void> {
  const limiter = new RateLimiterPostgres({
    storeClient: {
      async query({ text, values }: { text: string; values?: (string | number | null)[] }) {
        const rows = await sql.unsafe(text, values ?? [])
        return { rows, rowCount: rows.count }
      },
    },
    storeType: 'client',
    schemaName: 'kontor',
    tableName: 'rate_limits',
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: 'effects',
    points,
    duration: seconds,
  })
  return async (key) => {
    try {
      await limiter.consume(key)
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
      throw new AdminError('rate_limited', `Too many calls. Try again in ${retryAfterSeconds} s.`, {
        retryAfterSeconds,
      })
    }
  }
}
