import type postgres from 'postgres'

/** A task as the page shows it; times are Postgres texts in UTC. */
export interface TaskRow {
  name: string
  schedule: string
  value: unknown
  startedAt: string
  runsSucceeded: number
  runsFailed: number
  lastSucceededAt: string | null
  lastFailedAt: string | null
  lastError: string | null
  lastDurationMs: number | null
  nextRunAt: string | null
  isPaused: boolean
  isRequested: boolean
  isRetired: boolean
  /** The run under way: by whom, since when, and whether its worker still gives signs of life. */
  current: { worker: string; startedAt: string; isAlive: boolean } | null
}

/** Every task, the declared ones first; a single indexed read, whatever the tasks themselves are doing. */
export async function listTasks(sql: postgres.Sql): Promise<TaskRow[]> {
  return await sql<TaskRow[]>`
    select ${columns(sql)} from kontor.tasks order by retired_at is not null, name`
}

/** One task, or undefined. */
export async function getTask(sql: postgres.Sql, name: string): Promise<TaskRow | undefined> {
  const [row] = await sql<TaskRow[]>`select ${columns(sql)} from kontor.tasks where name = ${name}`
  return row
}

export interface TaskRun {
  id: string
  number: number
  outcome: 'ok' | 'error' | 'threw' | 'timeout' | 'lost' | 'late' | 'handed_back' | 'skipped' | 'reset'
  worker: string | null
  dueAt: string | null
  startedAt: string | null
  endedAt: string
  tookMs: number | null
  value: unknown
  error: string | null
  requestId: string | null
}

/**
 * The latest runs of a task, newest first.
 * @param before the id of a run: only older ones
 */
export async function listTaskRuns(
  sql: postgres.Sql,
  name: string,
  { size = 25, before }: { size?: number; before?: string } = {},
): Promise<TaskRun[]> {
  const limit = Math.max(1, Math.min(100, size))
  return await sql<TaskRun[]>`
    select id::text, number::int, outcome, worker, due_at::text as "dueAt", started_at::text as "startedAt",
      ended_at::text as "endedAt", extract(epoch from ended_at - started_at)::float8 * 1000 as "tookMs", value, error,
      request_id as "requestId"
    from kontor.task_runs
    where task = ${name} ${before && /^\d{1,18}$/.test(before) ? sql`and task_runs.id < ${before}::bigint` : sql``}
    order by task_runs.id desc limit ${limit}`
}

function columns(sql: postgres.Sql) {
  return sql`name, schedule, value, started_at::text as "startedAt", runs_succeeded::int as "runsSucceeded",
    runs_failed::int as "runsFailed", last_succeeded_at::text as "lastSucceededAt", last_failed_at::text as "lastFailedAt",
    last_error as "lastError", last_duration_ms as "lastDurationMs", next_run_at::text as "nextRunAt",
    paused as "isPaused", run_requested as "isRequested", retired_at is not null as "isRetired",
    case when lease_token is not null then json_build_object(
      'worker', worker, 'startedAt', run_started_at::text, 'isAlive', lease_until >= now()) end as current`
}
