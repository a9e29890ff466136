import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import { arrayOf } from './filters'

/** A moment to look at, as `resolveMoment` found it in the log. */
export interface Moment {
  /** As Postgres text in UTC, with microseconds. */
  at: string
  /** Transactions that had begun to write by then and wrote on afterwards: none of their changes had happened yet. */
  straddling: string[]
  /** Whether more has changed since, in any table, than was looked through for those. */
  isFar: boolean
  /** A transaction that was writing then is still open: what it did will belong to this moment once it commits. */
  isProvisional: boolean
}

/** Changes after the moment that are searched for transactions under way at it. */
const NEIGHBOURHOOD = 2_000

/**
 * Reads a moment from an address: anything Postgres reads as a timestamptz.
 *
 * What is exact: for one record, the order of its changes. Across records a change counts from the moment its statement
 * ended, or from its transaction's last statement where the transaction wrote on; the commit itself comes a moment
 * later. A transaction whose next change lies more than 2,000 other changes past the moment is cut between statements.
 * @throws AdminError 'invalid' for what is no time, or a time to come
 */
export async function resolveMoment(db: Executor, at: string): Promise<Moment> {
  const moment = await readMoment(db, at)
  // The order by (tx, id) leaves the planner one index to use: by id alone it might walk through all the log.
  const [later] = await db.execute<{ count: number; straddling: string[] }>(sql`
    with near as materialized (
      select l.tx from kontor.changes as l where l.at > ${moment}::timestamptz order by l.at, l.id limit ${NEIGHBOURHOOD}
    ) select (select count(*)::int from near) as count, array(
      select c.tx::text from (select distinct n.tx from near as n) as c
      where (select f.at from kontor.changes as f where (f.tx, f.id) >= (c.tx, 0) order by f.tx, f.id limit 1) <= ${moment}::timestamptz
    ) as straddling`)
  return {
    at: moment,
    straddling: later?.straddling ?? [],
    isFar: (later?.count ?? 0) >= NEIGHBOURHOOD,
    isProvisional: await isProvisional(db, moment),
  }
}

async function readMoment(db: Executor, at: string): Promise<string> {
  let rows: readonly { at: string; future: boolean }[]
  try {
    rows = await db.execute<{ at: string; future: boolean }>(
      sql`select t.at::text as at, t.at > clock_timestamp() or not isfinite(t.at) as future from (select ${at}::timestamptz as at) as t`,
    )
  } catch (error) {
    // Class 22: the text is no time. Drizzle wraps what Postgres said.
    const cause = error instanceof Error && error.cause ? error.cause : error
    if (typeof cause !== 'object' || cause === null || !('code' in cause) || !`${cause.code}`.startsWith('22'))
      throw error
    throw new AdminError('invalid', `"${at.slice(0, 60)}" is not a date and time. Write it like 2026-03-31 14:05.`)
  }
  const [moment] = rows
  if (!moment || moment.future) {
    throw new AdminError('invalid', 'That moment is still to come: history ends now.')
  }
  return moment.at
}

/**
 * Whether somebody who was writing then has not committed yet. Writers are those who hold the log's write lock, which
 * everyone may see; when their transactions began only some may. Where it is hidden, a seal taken after the moment
 * proves it harmless: all transactions numbered below the seal's end are over, so those still open began later.
 */
async function isProvisional(db: Executor, at: string): Promise<boolean> {
  const [row] = await db.execute<{ provisional: boolean }>(sql`
    select exists (
      select from pg_locks as l left join pg_stat_activity as a on a.pid = l.pid
      where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.granted and l.pid <> pg_backend_pid()
        and l.database = (select oid from pg_database where datname = current_database())
        and l.relation in (select relid from pg_partition_tree('kontor.changes'))
        and (a.xact_start is null or a.xact_start <= ${at}::timestamptz)
    ) and not exists (
      select from kontor.seals as s where s.at >= ${at}::timestamptz
        and pg_snapshot_xmax(s.snapshot) <= pg_snapshot_xmin(pg_current_snapshot())
    ) as provisional`)
  return row?.provisional ?? false
}

/** How far back a table can be seen. */
export interface HistoryBounds {
  /** Since when its changes are recorded without a gap, as Postgres text; null where it is not recorded. */
  began: string | null
  /** The earliest moment that can be shown: `began`, or later where something stands in between. */
  visibleFrom: string | null
  /** What hides everything before `visibleFrom`. */
  because: 'began' | 'truncated' | 'retention' | null
}

/** Since when a table's history is known. Behind a truncate mark or a detached month nothing can be seen or undone. */
export async function historyBounds(db: Executor, relation: string): Promise<HistoryBounds> {
  const [row] = await db.execute<{ began: string; truncated: string | null; retained: string | null }>(sql`
    select t.began::text as began,
      (select c.at::text from kontor.changes as c where c.relation = ${relation} and c.op = 'truncate' and c.record_id is null
        and left(c.record_id, 500) is null order by c.id desc limit 1) as truncated,
      (select max((u.details ->> 'before')::timestamptz)::text from kontor.upkeep as u where u.kind = 'retention') as retained
    from kontor.tracked as t where t.relation = ${relation}`)
  if (!row) return { began: null, visibleFrom: null, because: null }
  const candidates = [
    { at: row.began, because: 'began' as const },
    { at: row.truncated, because: 'truncated' as const },
    { at: row.retained, because: 'retention' as const },
  ].filter((candidate): candidate is typeof candidate & { at: string } => candidate.at !== null)
  // Timestamps of one format in one zone compare as texts only with equal fractions: pad them.
  const latest = candidates.reduce((a, b) => (sortable(b.at) > sortable(a.at) ? b : a))
  return { began: row.began, visibleFrom: latest.at, because: latest.because }
}

/** Since when each of the tables ('schema.table') is recorded, as Postgres text; those that are not are missing. */
export async function recordedSince(db: Executor, relations: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.execute<{ relation: string; began: string }>(
    sql`select t.relation, t.began::text as began from kontor.tracked as t where t.relation = any(${arrayOf(relations)})`,
  )
  return new Map(rows.map(({ relation, began }) => [relation, began]))
}

/** '2026-01-02 03:04:05.6+00' → '2026-01-02 03:04:05.600000' */
export function sortable(timestamp: string): string {
  const [seconds = '', fraction = ''] = timestamp.replace(/\+00$/, '').split('.')
  return `${seconds}.${fraction.padEnd(6, '0')}`
}
