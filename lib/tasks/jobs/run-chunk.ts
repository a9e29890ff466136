import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import { payloadText, resultText } from '@/lib/db/json-text'
import { type Transaction, transact } from '@/lib/db/transaction'
import type { ClaimedJob } from './claim-job'
import type { Job, JobContext } from './job'

/** The lease went to another worker: nothing of this chunk was kept. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError'
}

export interface ChunkParts {
  db: Database
  clock: Clock
  log: Logger
}

/** What a job looks like after a chunk. */
export interface Progress {
  state: 'running' | 'completed' | 'cancelled'
  cursor: unknown
}

/**
 * Does the next chunk of a job in one transaction with its cursor, counts and report: after a crash none of it has
 * happened, or all of it. The guard comes last, so that the row is locked only while the transaction commits.
 * @throws JobLostError where another worker has the job by now; whatever the chunk throws
 */
export function runChunk(
  claimed: ClaimedJob,
  job: Job,
  signal: AbortSignal,
  { db, clock, log }: ChunkParts,
): Promise<Progress> {
  const { id, actor, source, reason } = claimed
  return transact(db.orm, { actor, source, requestId: id, reason: reason ?? undefined }, async (tx) => {
    const failures: { item: string; reason: string }[] = []
    const ctx: JobContext = {
      id,
      actor,
      source,
      tx,
      db,
      signal,
      clock,
      log: log.child({ job: id, kind: claimed.kind }),
      fail: (item, why) => failures.push({ item: item.slice(0, 1000), reason: why.slice(0, 2000) }),
    }
    const params = job.params.parse(claimed.params)
    if (claimed.cursor === null) {
      const { cursor, total } = await job.prepare(params, ctx)
      return advance(tx, claimed, { cursor, done: 0, total, failures, isLast: cursor === null })
    }
    const { next, done, result } = await job.runChunk(params, claimed.cursor, ctx)
    return advance(tx, claimed, { cursor: next, done, result, failures, isLast: next === null })
  })
}

interface Advance {
  cursor: unknown
  done: number
  total?: number
  result?: unknown
  failures: { item: string; reason: string }[]
  isLast: boolean
}

async function advance(tx: Transaction, { id, token }: ClaimedJob, step: Advance): Promise<Progress> {
  const { failures, isLast } = step
  if (failures.length > 0) {
    await tx.execute(sql`
      insert into kontor.job_failures (job_id, item, reason)
      select ${id}, f->>'item', f->>'reason' from jsonb_array_elements(${payloadText(failures)}::jsonb) f`)
  }
  const [row] = await tx.execute<{ state: Progress['state'] }>(sql`
    update kontor.jobs set
      cursor = ${isLast ? null : payloadText(step.cursor)}::jsonb,
      total = coalesce(${step.total ?? null}::bigint, total),
      done = done + ${step.done}, failed = failed + ${failures.length},
      result = coalesce(${resultText(step.result).text}::jsonb, result),
      progressed_at = clock_timestamp(), setbacks = 0, error = null,
      state = case when ${isLast}::boolean then 'completed' when cancel_requested_at is not null then 'cancelled' else state end,
      ended_at = case when ${isLast}::boolean or cancel_requested_at is not null then clock_timestamp() end
    where id = ${id} and lease_token = ${token} and state = 'running' and lease_until >= clock_timestamp()
    returning state`)
  if (!row) throw new JobLostError('Another worker has the job by now.')
  return { state: row.state, cursor: step.cursor }
}
