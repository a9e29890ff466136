import type postgres from 'postgres'
import { AdminError } from '@/lib/errors'
import { isBusy, LOCK_TIMEOUT_MS, whenFree } from './busy'

/** Who runs an upkeep command, and why. */
export interface UpkeepBy {
  /** The person, as the log shall name them. */
  actor: string
  reason: string
}

/**
 * Runs `work` in one transaction that may change the log, which only its owner may; the lock it needs is tried for two
 * seconds at a time, so that writers never queue long behind it.
 * @param owner a connection of the role that owns schema kontor
 * @throws AdminError 'forbidden' where the role does not own the log, 'unavailable' where the lock was never free
 */
export async function withUpkeep<T>(
  owner: postgres.Sql,
  work: (tx: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  const [role] = await owner<{ owns: boolean; name: string }[]>`
    select pg_has_role(relowner, 'USAGE') as owns, current_user as name from pg_class where oid = 'kontor.changes'::regclass`
  if (!role?.owns) {
    throw new AdminError(
      'forbidden',
      `The role "${role?.name}" does not own the change log. Set DATABASE_OWNER_URL to one that does.`,
    )
  }
  try {
    return await whenFree(
      () =>
        // What begin() resolves to cannot be told apart, by its type, from a list of queries.
        owner.begin(async (tx) => {
          await tx`select set_config('kontor.upkeep', 'on', true), set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}`}, true),
            set_config('statement_timeout', '0', true), pg_advisory_xact_lock(1802465908, 24)`
          return work(tx)
        }) as Promise<T>,
    )
  } catch (error) {
    if (!isBusy(error)) throw error
    throw new AdminError('unavailable', 'The change log stayed locked by writers. Try again at a quieter time.')
  }
}

/** The name of the connection's role where it could alter the log: it owns it, or is a superuser. */
export async function roleOverLog(sql: postgres.ISql): Promise<string | undefined> {
  const [role] = await sql<{ name: string }[]>`
    select current_user as name from pg_class where oid = to_regclass('kontor.changes') and pg_has_role(relowner, 'USAGE')`
  return role?.name
}

/** A month's partition of the log. */
export interface Month {
  /** Its table in schema kontor. */
  partition: string
  /** Bounds as Postgres text in UTC, the end exclusive. */
  from: string
  to: string
}

/** The attached months, oldest first. */
export async function monthsOf(db: postgres.ISql): Promise<Month[]> {
  return db<Month[]>`
    select c.relname as partition, m[1]::timestamptz::text as from, m[2]::timestamptz::text as to
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    cross join lateral regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM [(]'([^']+)'[)] TO [(]'([^']+)'[)]$$) as m
    where i.inhparent = 'kontor.changes'::regclass and m is not null order by m[1]::timestamptz`
}
