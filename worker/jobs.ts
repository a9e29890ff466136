import { hostname } from 'node:os'
import { connect } from '@/lib/db/client'
import { databaseClock } from '@/lib/db/clock'
import type { Jobs } from '@/lib/tasks'
import { type JobsSettings, runJobsWorker } from '@/lib/tasks/worker'
import type { Service, WorkerContext } from './context'

/** A chunk that takes longer than this after a stop is rolled back; less than the whole process is given. */
const GRACE_MS = 8000

/** Works on background jobs for as long as the worker runs. One connection of its own, that listens. */
export function jobsService(options: { jobs: Jobs; settings?: Partial<JobsSettings> }): Service {
  return {
    name: 'jobs',
    async start({ env, db, log }: WorkerContext) {
      const listener = connect(env.listenUrl, { max: 1, applicationName: 'kontor jobs listener' })
      try {
        const clock = await databaseClock(db.sql)
        const name = `${hostname()}:${process.pid}`
        const settings = { leaseMs: env.leaseMs, ...options.settings }
        const worker = await runJobsWorker({
          ...options,
          settings,
          db,
          log,
          clock,
          listener: listener.sql,
          worker: name,
        })
        return {
          async stop() {
            await worker.stop(GRACE_MS)
            await listener.close()
          },
        }
      } catch (error) {
        await listener.close()
        throw error
      }
    },
  }
}
