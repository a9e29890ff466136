import { pino } from 'pino'
import { connect } from '@/lib/db/client'
import { systemClock } from '@/lib/db/clock'
import type { Handlers } from '@/lib/effects'
import type { EnvFor } from '@/lib/env'
import { countWork, createMetrics } from '@/lib/metrics'
import manifest from '../package.json' with { type: 'json' }
import type { Duty, Service, WorkerContext } from './context'
import { openDoor } from './door'
import { openDutyLocks } from './duty-locks'
import { startHeartbeat } from './heartbeat'
import { runDuties } from './run-duties'

export interface RunningWorker {
  /** Its row in kontor.workers. */
  id: string
  /** Ends services, duties, heartbeat and door in this order, then the connections. */
  stop(): Promise<void>
}

/** Starts everything a worker process does. */
export async function startWorker(
  env: EnvFor<'worker'>,
  parts: { duties: readonly Duty[]; services: readonly Service[]; handlers?: Handlers },
  log = pino({ base: { process: 'worker' } }),
): Promise<RunningWorker> {
  const db = connect(env.databaseUrl, { applicationName: 'kontor worker' })
  const owner = env.ownerUrl ? connect(env.ownerUrl, { max: 2, applicationName: 'kontor worker (owner)' }) : undefined
  const registry = createMetrics({ process: 'worker', sql: db.sql, handlers: parts.handlers ?? new Map() })
  const ctx: WorkerContext = { env, db, owner, clock: systemClock, log, count: countWork(registry) }
  const locks = openDutyLocks(env.listenUrl)
  const close = async () => {
    await Promise.all([locks.close(), db.close(), owner?.close()])
  }
  try {
    const heartbeat = await startHeartbeat(ctx, manifest.version)
    const door = await openDoor(env, { registry, isSilent: heartbeat.isSilent })
    const running: { stop(): Promise<void> }[] = []
    for (const service of parts.services) running.push(await service.start(ctx))
    const periodic = runDuties(parts.duties, ctx, locks)
    return {
      id: heartbeat.id,
      async stop() {
        await Promise.all(running.map((service) => service.stop()))
        await periodic.stop()
        await heartbeat.stop()
        await door?.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
