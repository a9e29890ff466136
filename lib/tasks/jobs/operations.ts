import type postgres from 'postgres'
import { payloadText } from '@/lib/db/json-text'

/**
 * Asks a job to stop: at once where it waits, after its chunk where it runs. What its finished chunks did stays, and can
 * be undone. Answers whether there was anything to stop.
 */
export async function cancelJob(sql: postgres.Sql, id: string, actor: string): Promise<boolean> {
  const rows = await sql`
    update kontor.jobs set cancel_requested_at = coalesce(cancel_requested_at, now()), cancelled_by = coalesce(cancelled_by, ${actor}),
      state = case when state = 'running' then state else 'cancelled' end, question = null,
      ended_at = case when state <> 'running' then now() end
    where id = ${id} and state in ('queued', 'running', 'waiting') returning id`
  return rows.length > 0
}

/** Goes on with a failed or cancelled job where it stopped; one that had not begun looks through the whole anew. Answers whether it could. */
export async function resumeJob(sql: postgres.Sql, id: string): Promise<boolean> {
  const rows = await sql`
    update kontor.jobs set state = 'queued', run_at = now(), ended_at = null, error = null, setbacks = 0,
      cancel_requested_at = null, cancelled_by = null, lease_token = null, lease_until = null,
      check_cursor = null, checked = case when checking then 0 else checked end
    where id = ${id} and state in ('failed', 'cancelled') returning id`
  return rows.length > 0
}

/**
 * Answers a job that waits: it looks through the whole again, with the answer.
 * @param token which question is meant, as `questionOfJob` gave it
 * @returns whether it was still waiting for that
 */
export async function answerJob(
  sql: postgres.Sql,
  id: string,
  { token, answer, actor }: { token: string; answer: unknown; actor: string },
): Promise<boolean> {
  // To name cancel_requested_at rings for the workers.
  const rows = await sql`
    update kontor.jobs set state = 'queued', run_at = now(), question = null, answer = ${payloadText(answer)}::text::jsonb,
      answered_by = ${actor}, checked = 0, cancel_requested_at = null, lease_token = null, lease_until = null
    where id = ${id} and state = 'waiting' and md5(question::text) = ${token} returning id`
  return rows.length > 0
}

/** How long a job waits for an answer. */
export const UNANSWERED_DAYS = 7

/**
 * Ends jobs that have waited for an answer for longer than that, with nothing done; a duty of the worker. They can be started
 * again.
 * @returns how many there were
 */
export async function endUnanswered(sql: postgres.ISql, now: Date): Promise<number> {
  const rows = await sql`
    update kontor.jobs set state = 'cancelled', question = null, ended_at = now(), cancel_requested_at = now(), cancelled_by = 'system',
      error = ${`Nobody said within ${UNANSWERED_DAYS} days what to do about what was in the way, so it was stopped. Nothing was done.`}
    where state = 'waiting' and coalesce(progressed_at, created_at) < ${now.toISOString()}::timestamptz - make_interval(days => ${UNANSWERED_DAYS})
    returning id`
  return rows.length
}

/**
 * Lets every job that has looked but done nothing yet begin its look again, whoever has it now: what it found holds values
 * of the log, which may have to be forgotten. A question it had asked is asked anew.
 */
export async function lookAgain(sql: postgres.ISql): Promise<void> {
  // To name cancel_requested_at rings for the workers.
  await sql`
    update kontor.jobs set check_cursor = null, checked = 0, question = null, cancel_requested_at = cancel_requested_at,
      state = case when ended_at is null then 'queued' else state end,
      run_at = case when ended_at is null then now() else run_at end, lease_token = null, lease_until = null
    where checking`
}
