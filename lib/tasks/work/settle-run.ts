import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type postgres from 'postgres'
import { isTransient } from '@/lib/db/transient'
import type { ClaimedRun } from './claim-run'

/** A further effect, as it goes into the statement that keeps the run's result. */
export interface FollowUp {
  kind: string
  /** JSON text. */
  payload: string
  dedupeKey?: string
  runAt?: string
}

/** How a run ended. */
export interface RunEnding {
  outcome: 'ok' | 'error' | 'threw' | 'timeout' | 'handed_back'
  /** JSON text of the value to keep; undefined keeps the last one. */
  value?: string
  error: string | null
  trace: string | null
  /** When the next run comes, where this ending decides it: after a throw, and for a run that was handed back. */
  nextRunAt?: Date
  followUps: FollowUp[]
}

/**
 * Keeps what a run ended with, in one statement: value, counts, the run's own row and its effects stand or fall together.
 * Answers false where the lease is over: the result is then refused and recorded as late. A database that is away is
 * tried again until `signal` is aborted.
 */
export async function settleRun(
  sql: postgres.Sql,
  run: ClaimedRun,
  ending: RunEnding,
  { worker, log, signal }: { worker: string; log: Logger; signal: AbortSignal },
): Promise<boolean> {
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 2000)) {
    try {
      return await settle(sql, run, ending, worker)
    } catch (error) {
      if (!isTransient(error)) throw error
      log.warn({ err: error, task: run.task.name }, 'the result of a run waits for the database')
      await sleep(delayMs, undefined, { signal }).catch(() => {
        throw error
      })
    }
  }
}

async function settle(sql: postgres.Sql, run: ClaimedRun, ending: RunEnding, worker: string): Promise<boolean> {
  const { outcome, value = null, error, trace, followUps } = ending
  const { name, initialValue } = run.task
  const isAgain = outcome === 'handed_back'
  const dueAt = run.dueAt?.toISOString() ?? null
  const rows = await sql`
    with settled as (
      update kontor.tasks t set
        value = case ${outcome}::text when 'threw' then ${initialValue}::jsonb else coalesce(${value}::jsonb, t.value) end,
        started_at = case when ${outcome === 'threw'}::boolean then clock_timestamp() else t.started_at end,
        runs_succeeded = case ${outcome}::text when 'threw' then 0 when 'ok' then t.runs_succeeded + 1 else t.runs_succeeded end,
        runs_failed = case when ${outcome}::text = 'threw' then 0
          when ${outcome}::text in ('error', 'timeout') then t.runs_failed + 1 else t.runs_failed end,
        last_succeeded_at = case when ${outcome === 'ok'}::boolean then clock_timestamp() else t.last_succeeded_at end,
        last_failed_at = case when ${outcome === 'ok' || isAgain}::boolean then t.last_failed_at else clock_timestamp() end,
        last_error = case when ${outcome === 'ok' || isAgain}::boolean then t.last_error else ${error}::text end,
        last_duration_ms = case when ${isAgain}::boolean then t.last_duration_ms
          else extract(epoch from clock_timestamp() - t.run_started_at)::float8 * 1000 end,
        next_run_at = case when t.retired_at is null
          then coalesce(${ending.nextRunAt?.toISOString() ?? null}::timestamptz, t.next_run_at) end,
        run_requested = t.run_requested or (${isAgain && run.dueAt === undefined}::boolean and t.retired_at is null),
        lease_token = null, lease_until = null
      where t.name = ${name} and t.lease_token = ${run.token} and t.lease_until >= clock_timestamp()
      returning t.name, t.value, t.run_started_at
    ), recorded as (
      insert into kontor.task_runs (task, number, worker, due_at, started_at, outcome, value, error, request_id)
      select name, ${run.number}, ${worker}, ${dueAt}::timestamptz, run_started_at, ${outcome}, value, ${trace}, ${run.token}
      from settled
    ), followed as (
      insert into kontor.effects (kind, payload, dedupe_key, run_at, created_by, request_id)
      select f.kind, f.payload::jsonb, f.dedupe_key, coalesce(f.run_at::timestamptz, now()), 'task:' || settled.name, ${run.token}
      from unnest(${followUps.map(({ kind }) => kind)}::text[], ${followUps.map(({ payload }) => payload)}::text[],
        ${followUps.map((one) => one.dedupeKey ?? null)}::text[], ${followUps.map((one) => one.runAt ?? null)}::text[])
      as f(kind, payload, dedupe_key, run_at) cross join settled
      on conflict (kind, dedupe_key) where dedupe_key is not null do nothing
    )
    select name from settled`
  if (rows.length > 0) return true
  await recordLate(sql, run, worker, `Refused, the lease was over: ${outcome}${error ? ` (${error})` : ''}`)
  return false
}

/** What came of a run whose lease was over. */
export async function recordLate(sql: postgres.Sql, run: ClaimedRun, worker: string, what: string): Promise<void> {
  await sql`
    insert into kontor.task_runs (task, number, worker, due_at, outcome, error, request_id)
    values (${run.task.name}, ${run.number}, ${worker}, ${run.dueAt?.toISOString() ?? null}::timestamptz, 'late', ${what},
      ${run.token})`
}
