import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { reachability } from './reachability'

/** A Drizzle database, or a transaction of one: everything that runs SQL takes this. */
export type Executor = Pick<PostgresJsDatabase, 'execute' | 'select' | 'insert' | 'update' | 'delete'>

export interface Database {
  /** Drizzle over the pool: what most code uses. */
  orm: PostgresJsDatabase
  /** The postgres.js pool itself: LISTEN, COPY, cursors and streaming. */
  sql: postgres.Sql
  /**
   * Whether the server answers, asked over a connection of its own: a pool that is merely busy says nothing about it.
   * Known within 1.5 s; asked at the same time, it is asked once.
   */
  isReachable(): Promise<boolean>
  /** Waits up to five seconds for running queries, then closes every connection. */
  close(): Promise<void>
}

export interface ConnectOptions {
  /** Most connections in the pool. Default 10. */
  max?: number
  /** Shown in pg_stat_activity. Default 'kontor'. */
  applicationName?: string
  /** Milliseconds after which the server stops a statement; 0 means never. Default 15,000. */
  statementTimeoutMs?: number
  /**
   * Whether the server plans each statement for the values it comes with. Lists want it: a plan made for any value
   * reads a whole table where a rare one is asked for. Drizzle's statements are prepared then, without which each takes two
   * round trips. Default: as the server decides, and Drizzle's are planned each time all the same.
   */
  plansEach?: boolean
  /** Seconds within which a connection is made; `?connect_timeout=` in the address goes first. Default 10. */
  connectTimeout?: number
}

/**
 * Seconds until a connection that failed is made again, after so many failures. A query waits for that: postgres.js's
 * own 20 s would let people wait for an answer that is known, and keep a server that is back out of use.
 */
const backoff = (failures: number) => Math.min(0.5, 0.02 * 2 ** failures)

/**
 * Output settings under which a value's text is its identity: the same row always gives the same text, whatever the
 * server's or role's defaults. Forms, versions and the change log all rely on it.
 */
export const PINNED_OUTPUT = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
} as const

const BOOL = 16
const BYTEA = 17

/**
 * Opens a pool on `url`. Strings given as parameters reach Postgres as they are, whatever the parameter's type
 * (postgres.js would turn the text 'true' into false and quote JSON texts a second time), so that a value's Postgres
 * text can be written to any column.
 */
export function connect(url: string, options: ConnectOptions = {}): Database {
  const sql = postgres(url, {
    max: options.max ?? 10,
    idle_timeout: 60,
    connect_timeout: connectTimeout(url) ?? options.connectTimeout ?? 10,
    backoff,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName ?? 'kontor',
      statement_timeout: options.statementTimeoutMs ?? 15_000,
      ...(options.plansEach && { plan_cache_mode: 'force_custom_plan' }),
      ...PINNED_OUTPUT,
    },
  })
  const orm = drizzle(options.plansEach ? preparing(sql) : sql)
  for (const oid of [BOOL, BYTEA]) {
    const serialize = sql.options.serializers[oid]
    sql.options.serializers[oid] = (value: unknown) => (typeof value === 'string' ? value : serialize?.(value))
  }
  const probe = reachability(url)
  return {
    orm,
    sql,
    isReachable: probe.ask,
    close: async () => {
      await Promise.all([sql.end({ timeout: 5 }), probe.close()])
    },
  }
}

/** What the address says of it, as libpq reads it; an address may name several hosts, which `URL` does not read. */
function connectTimeout(url: string): number | undefined {
  return Number(/[?&]connect_timeout=(\d+)/.exec(url)?.[1]) || undefined
}

/** Statements of Drizzle's that a client remembers to have seen, and as many again of those it prepares. */
const REMEMBERED = 500

/**
 * The client as Drizzle should use it: Drizzle forbids postgres.js to prepare its statements, which are then parsed and
 * described each time, at the price of a second round trip (drizzle-orm 0.45.4, postgres 3.4.9). A prepared statement
 * stays as long as its connection, so one is prepared from its second time on, and no more of them than a server holds.
 */
function preparing<T extends postgres.ISql>(client: T, isFrequent = frequency()): T {
  return new Proxy(client, {
    get(target, name) {
      const own = Reflect.get(target, name)
      if (name === 'unsafe') {
        return (query: string, values?: never[], options?: postgres.UnsafeQueryOptions) =>
          target.unsafe(query, values, { ...options, prepare: isFrequent(query) })
      }
      if (name === 'begin' || name === 'savepoint') {
        return (...args: unknown[]) => {
          const work = args.pop() as (tx: postgres.TransactionSql) => unknown
          return (own as (...args: unknown[]) => unknown)(...args, (tx: postgres.TransactionSql) =>
            work(preparing(tx, isFrequent)),
          )
        }
      }
      return own
    },
  })
}

/** Tells statements that come again from those that come once. */
function frequency(): (statement: string) => boolean {
  const seen = new Set<string>()
  const frequent = new Set<string>()
  return (statement) => {
    if (frequent.has(statement)) return true
    if (frequent.size < REMEMBERED && seen.delete(statement)) {
      frequent.add(statement)
      return true
    }
    if (seen.size === REMEMBERED) seen.clear()
    seen.add(statement)
    return false
  }
}
