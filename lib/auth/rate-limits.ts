import { createHash } from 'node:crypto'
import type postgres from 'postgres'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { AdminError } from '@/lib/errors'

/**
 * How often something may be tried. Counted in Postgres, so any number of processes share one count.
 * `perPerson` meets guessing at one account from one place, `perAddress` guessing at one account from many places (high
 * enough that a stranger cannot easily lock somebody out), `perPlace` guessing at many accounts from one place.
 */
const RULES = {
  signInPerPerson: { points: 10, duration: 15 * 60 },
  signInPerAddress: { points: 50, duration: 60 * 60 },
  signInPerPlace: { points: 100, duration: 15 * 60 },
  setup: { points: 10, duration: 15 * 60 },
  ownPassword: { points: 10, duration: 15 * 60 },
} as const

export type LimitName = keyof typeof RULES
export type Attempt = readonly [limit: LimitName, key: string]

export interface Limits {
  /**
   * Counts one try against the given limits, in order up to the first that refuses, before it is made: parallel tries
   * cannot slip through together.
   * @throws AdminError `rate_limited` with `details.retryAfterSeconds`
   */
  consume(...attempts: Attempt[]): Promise<void>
  /** Takes back what `consume` counted: the try was a legitimate one. */
  forgive(...attempts: Attempt[]): Promise<void>
}

const cached = new WeakMap<postgres.Sql, Limits>()

/** The limits kept in the database behind `sql`; made once a pool. */
export function limitsOf(sql: postgres.Sql): Limits {
  const known = cached.get(sql)
  if (known) return known
  const made = createLimits(sql)
  cached.set(sql, made)
  return made
}

function createLimits(sql: postgres.Sql): Limits {
  const limiters = new Map<LimitName, RateLimiterPostgres>()
  for (const [name, rule] of Object.entries(RULES) as [LimitName, { points: number; duration: number }][]) {
    limiters.set(
      name,
      new RateLimiterPostgres({
        storeClient: pgClient(sql),
        storeType: 'client',
        schemaName: 'kontor',
        tableName: 'rate_limits',
        tableCreated: true,
        clearExpiredByTimeout: false, // sweepAuth does it: no timer that outlives the pool
        keyPrefix: name,
        ...rule,
      }),
    )
  }
  const of = (name: LimitName) => limiters.get(name)!
  return {
    async consume(...attempts) {
      // One after the other: a try refused here must not use up what other people have left further on.
      for (const [name, key] of attempts) {
        await of(name)
          .consume(digest(key))
          .catch((reason: unknown) => {
            throw reason instanceof RateLimiterRes ? tooManyAttempts(reason.msBeforeNext) : reason
          })
      }
    },
    async forgive(...attempts) {
      await Promise.all(attempts.map(([name, key]) => of(name).reward(digest(key))))
    },
  }
}

/** Keys are digests: the table shall not collect the addresses people mistype, and the column is 255 wide. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40)
}

function tooManyAttempts(waitMs: number): AdminError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new AdminError('rate_limited', `Too many attempts. Try again in ${describeWait(seconds)}.`, {
    retryAfterSeconds: seconds,
  })
}

/** '1 minute', '40 seconds', '14 minutes'. */
export function describeWait(seconds: number): string {
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** The two things the library asks of a node-postgres client, answered by postgres.js. */
function pgClient(sql: postgres.Sql) {
  return {
    async query({ text, values }: { text: string; values?: (string | number | null)[] }) {
      const rows = await sql.unsafe(text, values ?? [])
      return { rows, rowCount: rows.count }
    },
  }
}
