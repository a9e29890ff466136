import type postgres from 'postgres'
import { describeError } from '@/lib/db/error-text'
import { isTransient } from '@/lib/db/transient'
import { type ClaimedJob, claimJob, MOST_SETBACKS } from './claim-job'
import type { Jobs } from './job'
import { type ChunkParts, JobLostError, runChunk } from './run-chunk'

export interface JobsSettings {
  /** Jobs this process works on at once; each holds a connection of the pool. Default 2. */
  concurrency: number
  /** A worker that gives no sign of life for so long loses its job. Default 30 s. */
  leaseMs: number
  /** How often new jobs are looked for without any ring. Default 1 s. */
  pollMs: number
}

export interface JobsWorkerParts extends ChunkParts {
  jobs: Jobs
  /** A connection of its own for the doorbell, past any pooler. */
  listener: postgres.Sql
  worker: string
  settings?: Partial<JobsSettings>
}

export interface JobsWorker {
  /** Begins no further chunk, waits for those under way, and after `graceMs` aborts them: another worker goes on there. */
  stop(graceMs: number): Promise<void>
}

/** Works on background jobs in this process until stopped; any number of processes may, each job is one's at a time. */
export async function runJobsWorker(parts: JobsWorkerParts): Promise<JobsWorker> {
  const { db, jobs, log, worker } = parts
  const { concurrency, leaseMs, pollMs } = { concurrency: 2, leaseMs: 30_000, pollMs: 1000, ...parts.settings }
  const kinds = [...jobs.keys()]
  const working = new Map<string, { job: ClaimedJob; controller: AbortController; done: Promise<void> }>()
  let isStopping = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isWanted = false

  const look = async () => {
    while (working.size < concurrency && !isStopping) {
      const job = await claimJob(db.sql, kinds, worker, leaseMs)
      if (!job) return
      const controller = new AbortController()
      const done = work(job, controller).finally(() => {
        working.delete(job.token)
        want()
      })
      working.set(job.token, { job, controller, done })
    }
  }

  const want = () => {
    isWanted = true
    looking ??= (async () => {
      while (isWanted && !isStopping) {
        isWanted = false
        clearTimeout(timer)
        await look().catch((error: unknown) => log.warn({ err: error }, 'jobs could not be looked for'))
      }
      looking = undefined
      if (!isStopping) timer = setTimeout(want, pollMs)
    })()
  }

  /** Chunk after chunk, until the job ends, is somebody else's, or this worker stops. */
  const work = async (job: ClaimedJob, controller: AbortController) => {
    const definition = jobs.get(job.kind)
    if (!definition) return
    try {
      while (!isStopping) {
        const { state, ...progress } = await runChunk(job, definition, controller.signal, parts)
        Object.assign(job, progress, { setbacks: 0 })
        if (state !== 'running') return
      }
      await handBack(db.sql, job, 0)
    } catch (error) {
      if (error instanceof JobLostError) return
      if (isStopping && controller.signal.aborted) return await handBack(db.sql, job, 0).catch(() => {})
      await setBack(job, error).catch((failure) =>
        log.error({ err: failure, job: job.id }, 'a setback was not recorded'),
      )
    }
  }

  /** The chunk was rolled back. The database's own trouble passes; anything else would only happen again. */
  const setBack = async (job: ClaimedJob, error: unknown) => {
    log.warn({ err: error, job: job.id, kind: job.kind }, 'a chunk failed')
    if (isTransient(error) && job.setbacks + 1 < MOST_SETBACKS) {
      return handBack(db.sql, job, 500 * 2 ** job.setbacks, describeError(error))
    }
    await db.sql`
      update kontor.jobs set state = case when cancel_requested_at is null then 'failed' else 'cancelled' end,
        error = ${describeError(error)}, ended_at = clock_timestamp(), lease_token = null
      where id = ${job.id} and lease_token = ${job.token} and state = 'running'`
  }

  const renew = async () => {
    if (working.size === 0) return
    const held = [...working.values()]
    const rows = await db.sql<{ token: string; isCancelled: boolean }[]>`
      update kontor.jobs j set lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
      from unnest(${held.map(({ job }) => job.token)}::uuid[]) as m(token)
      where j.lease_token = m.token and j.state = 'running' and j.lease_until >= clock_timestamp()
      returning j.lease_token as token, j.cancel_requested_at is not null as "isCancelled"`
    const renewed = new Map(rows.map(({ token, isCancelled }) => [token, isCancelled]))
    for (const { job, controller } of held) {
      if (renewed.get(job.token) !== false)
        controller.abort(new JobLostError('The job was cancelled, or is another worker’s.'))
    }
  }

  const listening = await parts.listener.listen('kontor_jobs', want, want)
  let renewing = Promise.resolve()
  const renewer = setInterval(() => {
    renewing = renewing
      .then(renew)
      .catch((error: unknown) => log.warn({ err: error }, 'leases of jobs could not be renewed'))
  }, leaseMs / 3)
  want()

  return {
    async stop(graceMs) {
      isStopping = true
      clearTimeout(timer)
      await listening.unlisten().catch(() => {})
      await looking
      const overtime = setTimeout(() => {
        for (const { controller } of working.values()) controller.abort(new Error('The worker had to stop.'))
      }, graceMs)
      const limit = new Promise((resolve) => setTimeout(resolve, graceMs + 2000).unref())
      await Promise.race([Promise.all([...working.values()].map(({ done }) => done)), limit])
      clearTimeout(overtime)
      clearInterval(renewer)
      await renewing
    },
  }
}

/** Lets another worker go on where this one stopped, after `delayMs`. */
async function handBack(
  sql: postgres.Sql,
  job: ClaimedJob,
  delayMs: number,
  error: string | null = null,
): Promise<void> {
  await sql`
    update kontor.jobs set state = 'queued', run_at = now() + ${delayMs} * interval '1 ms', lease_token = null,
      lease_until = null, setbacks = setbacks + ${error === null ? 0 : 1}, error = coalesce(${error}::text, error)
    where id = ${job.id} and lease_token = ${job.token} and state = 'running'`
}
