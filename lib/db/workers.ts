import { sql } from 'drizzle-orm'
import type { Executor } from './client'

/** A worker that has not been heard of for so long is taken to be gone. */
export const WORKER_SILENCE_MS = 30_000

/** How often a worker says that it is alive. */
export const HEARTBEAT_MS = 5_000

export interface WorkerInfo {
  id: string
  host: string
  pid: number
  version: string
  startedAt: Date
  /** By the database's clock, as `startedAt`. */
  seenAt: Date
}

export interface WorkerStatus {
  /** Those heard of within WORKER_SILENCE_MS, the youngest heartbeat first. */
  alive: WorkerInfo[]
  /** Whole seconds since any worker was heard of; null where none ever was (or its row is swept). */
  silentForSeconds: number | null
}

/** Whether anybody carries out effects and tasks, for the site to say so where nobody does. */
export async function workerStatus(executor: Pick<Executor, 'execute'>): Promise<WorkerStatus> {
  const rows = (await executor.execute(sql`
    select id, host, pid, version, extract(epoch from started_at) * 1000 as started,
      extract(epoch from seen_at) * 1000 as seen, extract(epoch from clock_timestamp() - seen_at) * 1000 as silence
    from kontor.workers order by seen_at desc`)) as unknown as Record<string, string>[]
  const workers = rows.map((row) => ({
    id: row.id!,
    host: row.host!,
    pid: Number(row.pid),
    version: row.version!,
    startedAt: new Date(Number(row.started)),
    seenAt: new Date(Number(row.seen)),
    silenceMs: Number(row.silence),
  }))
  return {
    alive: workers
      .filter(({ silenceMs }) => silenceMs < WORKER_SILENCE_MS)
      .map(({ silenceMs: _, ...worker }) => worker),
    silentForSeconds: workers[0] ? Math.max(0, Math.floor(workers[0].silenceMs / 1000)) : null,
  }
}

/** Enters a starting worker and returns its id. */
export async function announceWorker(
  executor: Pick<Executor, 'execute'>,
  worker: Pick<WorkerInfo, 'host' | 'pid' | 'version'>,
): Promise<string> {
  const [row] = (await executor.execute(sql`
    insert into kontor.workers (host, pid, version) values (${worker.host}, ${worker.pid}, ${worker.version})
    returning id`)) as unknown as { id: string }[]
  return row!.id
}

/** Says that the worker is alive; enters it again where its row was swept while it could not reach the database. */
export async function beat(
  executor: Pick<Executor, 'execute'>,
  id: string,
  worker: Pick<WorkerInfo, 'host' | 'pid' | 'version' | 'startedAt'>,
): Promise<void> {
  await executor.execute(sql`
    insert into kontor.workers (id, host, pid, version, started_at)
    values (${id}, ${worker.host}, ${worker.pid}, ${worker.version}, ${worker.startedAt.toISOString()})
    on conflict (id) do update set seen_at = clock_timestamp()`)
}

/** Removes the worker's row when it ends in an orderly way. */
export async function leaveWorker(executor: Pick<Executor, 'execute'>, id: string): Promise<void> {
  await executor.execute(sql`delete from kontor.workers where id = ${id}`)
}

/** Removes the rows of workers that died without leaving, an hour after their last heartbeat. */
export async function sweepWorkers(executor: Pick<Executor, 'execute'>): Promise<void> {
  await executor.execute(sql`delete from kontor.workers where seen_at < now() - interval '1 hour'`)
}
