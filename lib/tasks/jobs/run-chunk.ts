import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import { payloadText, resultText } from '@/lib/db/json-text'
import { type Transaction, transact } from '@/lib/db/transaction'
import type { ClaimedJob } from './claim-job'
import type { CheckPart, Job, JobContext } from './job'

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
export interface Progress extends Pick<ClaimedJob, 'cursor' | 'checking' | 'found'> {
  state: 'running' | 'waiting' | 'completed' | 'cancelled'
}

/**
 * Does the next chunk of a job in one transaction with its cursor, counts and report: after a crash none of it has
 * happened, or all of it. Before the first one it is prepared, and looked through a part at a time where its kind does
 * that. The guard comes last, so that the row is locked only while the transaction commits.
 * @throws JobLostError where another worker has the job by now; whatever the chunk throws
 */
export function runChunk(
  claimed: ClaimedJob,
  job: Job,
  signal: AbortSignal,
  { db, clock, log }: ChunkParts,
): Promise<Progress> {
  const { id, actor, source, reason, answer } = claimed
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
      answer,
      log: log.child({ job: id, kind: claimed.kind }),
      fail: (item, why) => failures.push({ item: item.slice(0, 1000), reason: why.slice(0, 2000) }),
    }
    const params = job.params.parse(claimed.params)
    if (claimed.cursor === null) {
      const { cursor, total } = await job.prepare(params, ctx)
      const isLast = cursor === null
      const checking = job.check !== undefined && !isLast
      return advance(tx, claimed, { cursor, checking, done: 0, total, failures, isLast })
    }
    if (claimed.checking) {
      const part = await job.check?.(params, claimed.found, ctx)
      return look(tx, claimed, part ?? { next: null, checked: 0 })
    }
    const { next, done, result } = await job.runChunk(params, claimed.cursor, ctx)
    return advance(tx, claimed, { cursor: next, checking: false, done, result, failures, isLast: next === null })
  })
}

interface Advance {
  cursor: unknown
  checking: boolean
  done: number
  total?: number
  result?: unknown
  failures: { item: string; reason: string }[]
  isLast: boolean
}

async function advance(tx: Transaction, { id, token }: ClaimedJob, step: Advance): Promise<Progress> {
  const { cursor, checking, failures, isLast } = step
  if (failures.length > 0) {
    await tx.execute(sql`
      insert into kontor.job_failures (job_id, item, reason)
      select ${id}, f->>'item', f->>'reason' from jsonb_array_elements(${payloadText(failures)}::jsonb) f`)
  }
  const [row] = await tx.execute<{ state: Progress['state'] }>(sql`
    update kontor.jobs set
      cursor = ${isLast ? null : payloadText(cursor)}::jsonb, checking = ${checking},
      total = coalesce(${step.total ?? null}::bigint, total),
      done = done + ${step.done}, failed = failed + ${failures.length},
      result = coalesce(${resultText(step.result).text}::jsonb, result),
      progressed_at = clock_timestamp(), setbacks = 0, error = null,
      state = case when ${isLast}::boolean then 'completed' when cancel_requested_at is not null then 'cancelled' else state end,
      ended_at = case when ${isLast}::boolean or cancel_requested_at is not null then clock_timestamp() end
    where ${isOurs(id, token)}
    returning state`)
  if (!row) throw new JobLostError('Another worker has the job by now.')
  return { state: row.state, cursor, checking, found: null }
}

/** The same for a part of the check. With a question the job is nobody's, until it is answered. */
async function look(tx: Transaction, { id, token, cursor }: ClaimedJob, part: CheckPart<unknown>): Promise<Progress> {
  const { next: found, checked, question } = part
  const checking = found !== null || question !== undefined
  const asked = found === null && question !== undefined ? payloadText(question) : null
  const [row] = await tx.execute<{ state: Progress['state'] }>(sql`
    update kontor.jobs set
      checking = ${checking}, checked = checked + ${checked},
      check_cursor = ${found === null ? null : payloadText(found)}::jsonb,
      question = case when cancel_requested_at is null then ${asked}::jsonb end,
      progressed_at = clock_timestamp(), setbacks = 0, error = null,
      state = case when cancel_requested_at is not null then 'cancelled' when ${asked !== null}::boolean then 'waiting' else state end,
      ended_at = case when cancel_requested_at is not null then clock_timestamp() end
    where ${isOurs(id, token)}
    returning state`)
  if (!row) throw new JobLostError('Another worker has the job by now.')
  return { state: row.state, cursor, checking, found }
}

const isOurs = (id: string, token: string) =>
  sql`id = ${id} and lease_token = ${token} and state = 'running' and lease_until >= clock_timestamp()`
