import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { announceWorker, beat, HEARTBEAT_MS, leaveWorker } from '@/lib/db/workers'
import type { WorkerContext } from './context'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000

/**
 * Enters this worker in kontor.workers and keeps it there until `stop`, which takes it out again. Waits for a database
 * that is not there yet. `isSilent` tells whether the last heartbeat did not reach it.
 * @throws where the database answers but refuses: the schema is not there, or the role has no right
 */
export async function startHeartbeat(
  { db, log }: Pick<WorkerContext, 'db' | 'log'>,
  version: string,
  everyMs = HEARTBEAT_MS,
): Promise<{ id: string; isSilent(): boolean; stop(): Promise<void> }> {
  const worker = { host: hostname(), pid: process.pid, version, startedAt: new Date() }
  const id = await patiently(() => announceWorker(db.orm, worker), log)
  const stopping = new AbortController()
  let isSilent = false
  const beating = (async () => {
    for (;;) {
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        await beat(db.orm, id, worker)
        if (isSilent) log.info('The database answers again')
        isSilent = false
      } catch (error) {
        if (!isSilent) log.warn({ err: error }, 'The database does not answer; trying on')
        isSilent = true
      }
    }
  })()
  return {
    id,
    isSilent: () => isSilent,
    async stop() {
      stopping.abort()
      await beating
      await leaveWorker(db.orm, id).catch((error) => log.warn({ err: error }, 'The worker could not sign off'))
    },
  }
}

async function patiently<T>(work: () => Promise<T>, log: WorkerContext['log']): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      if (isRefusal(error)) throw error
      log.warn(`The database is not reachable (${(error as Error).message}); trying again in ${pauseMs / 1000} s`)
      await sleep(pauseMs)
    }
  }
}

/** An answer with a SQLSTATE other than "starting up", "too many connections" and the like will not change by waiting. */
function isRefusal(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  const state = code ?? cause?.code ?? ''
  return /^[0-9A-Z]{5}$/.test(state) && !/^(08|53|57)/.test(state)
}
