import type postgres from 'postgres'

/** A job this worker may work on, until the lease is over. */
export interface ClaimedJob {
  id: string
  kind: string
  params: unknown
  /** Null before it was prepared. */
  cursor: unknown
  /** Whether it still looks through the whole, and what it has found: null at the beginning. */
  checking: boolean
  found: unknown
  answer: unknown
  actor: string
  source: string
  reason: string | null
  token: string
  setbacks: number
}

/** A job that many workers vanished with, or whose chunk failed so often in a row, is set aside. */
export const MOST_SETBACKS = 5

/**
 * Takes the oldest job of these kinds that is due: a new one, or one whose worker gives no sign of life. Undefined where
 * there is none.
 */
export async function claimJob(
  sql: postgres.Sql,
  kinds: readonly string[],
  worker: string,
  leaseMs: number,
): Promise<ClaimedJob | undefined> {
  const [row] = await sql<(ClaimedJob & { state: string })[]>`
    with due as (
      select id, state = 'running' as was_lost from kontor.jobs
      where state in ('queued', 'running') and run_at <= now() and kind = any(${kinds as string[]}::text[])
        and (state = 'queued' or lease_until < clock_timestamp())
      order by run_at limit 1 for update skip locked
    )
    update kontor.jobs j set
      state = case when j.cancel_requested_at is not null then 'cancelled'
        when due.was_lost and j.setbacks + 1 >= ${MOST_SETBACKS}::int then 'failed' else 'running' end,
      setbacks = j.setbacks + due.was_lost::int,
      error = case when due.was_lost then 'The worker vanished while working on it' else j.error end,
      started_at = coalesce(j.started_at, clock_timestamp()),
      ended_at = case when j.cancel_requested_at is not null or (due.was_lost and j.setbacks + 1 >= ${MOST_SETBACKS}::int)
        then clock_timestamp() end,
      worker = ${worker}, lease_token = gen_random_uuid(), lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
    from due where j.id = due.id
    returning j.id, j.kind, j.params, j.cursor, j.checking, j.check_cursor as found, j.answer, j.actor, j.source, j.reason,
      j.lease_token as token, j.setbacks, j.state`
  if (!row) return undefined
  // Set aside or cancelled by the claim itself: there may be another one to work on.
  return row.state === 'running' ? row : claimJob(sql, kinds, worker, leaseMs)
}
