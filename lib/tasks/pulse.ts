import type postgres from 'postgres'

/** A text that is another one as soon as a task, or one of the latest jobs, looks different on their page. */
export async function tasksPulse(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<[{ pulse: string }]>`
    select concat_ws('.',
      (select md5(string_agg(concat_ws(',', name, schedule, run_number, started_at, runs_succeeded, runs_failed, last_failed_at,
        next_run_at, paused, run_requested, retired_at, lease_token, lease_until < now()), ';' order by name))
        from kontor.tasks),
      (select max(id) from kontor.task_runs),
      (select md5(string_agg(concat_ws(',', id, state, done, failed, cancel_requested_at), ';' order by created_at, id)) from (
        select * from kontor.jobs order by created_at desc, id desc limit 10) latest)) as pulse`
  return row.pulse
}

/** The same for the page of one job; empty where it is gone. */
export async function jobPulse(sql: postgres.Sql, id: string): Promise<string> {
  const [row] = await sql<{ pulse: string }[]>`
    select concat_ws('.', state, done, failed, total, cancel_requested_at, error) as pulse from kontor.jobs where id = ${id}`
  return row?.pulse ?? ''
}
