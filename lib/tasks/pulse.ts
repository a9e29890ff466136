import type postgres from 'postgres'
import type { JobRow } from './jobs/pages'

/** A text that is another one as soon as a task, or one of the latest jobs, looks different on their page. */
export async function tasksPulse(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<[{ pulse: string }]>`
    select concat_ws('.',
      (select md5(string_agg(concat_ws(',', name, schedule, run_number, started_at, runs_succeeded, runs_failed, last_failed_at,
        next_run_at, paused, run_requested, retired_at, lease_token, lease_until < now()), ';' order by name))
        from kontor.tasks),
      (select max(id) from kontor.task_runs),
      (select md5(string_agg(concat_ws(',', id, state, checking, checked, done, failed, cancel_requested_at), ';' order by created_at, id)) from (
        select * from kontor.jobs order by created_at desc, id desc limit 10) latest)) as pulse`
  return row.pulse
}

/** The same for the page of one job. */
export const pulseOfJob = (job: JobRow): string => {
  const { state, isChecking, checked, done, failed, total, isCancelling, error } = job
  return JSON.stringify([state, isChecking, checked, done, failed, total, isCancelling, error])
}

/** What a monitor asks about: tasks that are a minute late with nobody on them, and jobs that are not finished. */
export async function tasksAndJobs(
  sql: postgres.Sql,
): Promise<{ tasksOverdue: number; jobsQueued: number; jobsRunning: number; jobsWaiting: number }> {
  const [row] = await sql<[{ tasksOverdue: number; jobsQueued: number; jobsRunning: number; jobsWaiting: number }]>`
    select
      (select count(*)::int from kontor.tasks
        where not paused and next_run_at < now() - interval '1 minute'
          and (lease_token is null or lease_until < now())) as "tasksOverdue",
      count(*) filter (where state = 'queued')::int as "jobsQueued",
      count(*) filter (where state = 'running')::int as "jobsRunning",
      count(*) filter (where state = 'waiting')::int as "jobsWaiting"
    from kontor.jobs where state in ('queued', 'running', 'waiting')`
  return row
}
