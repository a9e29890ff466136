import type postgres from 'postgres'

/**
 * Asks a job to stop: at once where it waits, after its chunk where it runs. What its finished chunks did stays, and can
 * be undone. Answers whether there was anything to stop.
 */
export async function cancelJob(sql: postgres.Sql, id: string, actor: string): Promise<boolean> {
  const rows = await sql`
    update kontor.jobs set cancel_requested_at = coalesce(cancel_requested_at, now()), cancelled_by = coalesce(cancelled_by, ${actor}),
      state = case when state = 'queued' then 'cancelled' else state end,
      ended_at = case when state = 'queued' then now() end
    where id = ${id} and state in ('queued', 'running') returning id`
  return rows.length > 0
}

/** Goes on with a failed or cancelled job where it stopped. Answers whether it could. */
export async function resumeJob(sql: postgres.Sql, id: string): Promise<boolean> {
  const rows = await sql`
    update kontor.jobs set state = 'queued', run_at = now(), ended_at = null, error = null, setbacks = 0,
      cancel_requested_at = null, cancelled_by = null, lease_token = null, lease_until = null
    where id = ${id} and state in ('failed', 'cancelled') returning id`
  return rows.length > 0
}
