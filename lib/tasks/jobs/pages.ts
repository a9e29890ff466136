import type postgres from 'postgres'

/** A job as its page shows it; times are Postgres texts in UTC. */
export interface JobRow {
  id: string
  kind: string
  title: string
  /** 'waiting' for a person's answer. */
  state: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'
  /** Null where nobody knows beforehand. */
  total: number | null
  done: number
  failed: number
  /** Whether it still looks through the whole, and how much of it: nothing is done yet. */
  isChecking: boolean
  checked: number
  result: unknown
  error: string | null
  actor: string
  source: string
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  progressedAt: string | null
  isCancelling: boolean
  /** Who answered its question last. */
  answeredBy: string | null
}

/** One job, or undefined. */
export async function getJob(sql: postgres.Sql, id: string): Promise<JobRow | undefined> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return undefined
  const [row] = await sql<JobRow[]>`select ${columns(sql)} from kontor.jobs where id = ${id}`
  return row
}

/** What a job asks while it waits, with a token by which an answer names it. */
export async function questionOfJob(
  sql: postgres.Sql,
  id: string,
): Promise<{ question: unknown; token: string; answer: unknown } | undefined> {
  const [row] = await sql<[{ question: unknown; token: string; answer: unknown }?]>`
    select question, md5(question::text) as token, answer from kontor.jobs where id = ${id} and state = 'waiting'`
  return row
}

/** The latest jobs, newest first; of one actor, and of those only what waits for an answer, where given. */
export async function listJobs(
  sql: postgres.Sql,
  { actor, size = 25, isWaiting }: { actor?: string; size?: number; isWaiting?: boolean } = {},
): Promise<JobRow[]> {
  return await sql<JobRow[]>`
    select ${columns(sql)} from kontor.jobs
    where true ${actor ? sql`and actor = ${actor}` : sql``} ${isWaiting ? sql`and state = 'waiting'` : sql``}
    order by created_at desc, id desc limit ${Math.max(1, Math.min(100, size))}`
}

/** What a job could not do, in order. @param after the id of the last one seen */
export async function listJobFailures(
  sql: postgres.Sql,
  id: string,
  { size = 100, after = '0' }: { size?: number; after?: string } = {},
): Promise<{ id: string; item: string; reason: string }[]> {
  return await sql<{ id: string; item: string; reason: string }[]>`
    select id::text, item, reason from kontor.job_failures
    where job_id = ${id} and job_failures.id > ${/^\d{1,18}$/.test(after) ? after : '0'}::bigint
    order by job_failures.id limit ${Math.max(1, Math.min(1000, size))}`
}

function columns(sql: postgres.Sql) {
  return sql`id, kind, title, state, total::float8 as total, done::float8 as done, failed::float8 as failed, checking as "isChecking",
    checked::float8 as checked, result, error,
    actor, source, created_at::text as "createdAt", started_at::text as "startedAt", ended_at::text as "endedAt",
    progressed_at::text as "progressedAt", cancel_requested_at is not null and ended_at is null as "isCancelling",
    answered_by as "answeredBy"`
}
