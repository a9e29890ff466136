import { hostname } from 'node:os'
import { connect } from '@/lib/db/client'
import { databaseClock } from '@/lib/db/clock'
import type { TaskContext, Tasks } from '@/lib/tasks'
import { runTasksWorker, type TasksSettings, type TasksWorkerParts } from '@/lib/tasks/worker'
import type { Service, WorkerContext } from './context'

export interface TasksServiceOptions {
  tasks: Tasks
  settings?: Partial<TasksSettings>
  /** Gives runs what changes records: `ctx.update` and its like. */
  extend?: (ctx: TaskContext) => TaskContext
  onEnded?: TasksWorkerParts['onEnded']
}

/** What runs longer than this after a stop is handed back; less than the whole process is given. */
const GRACE_MS = 8000

/** Machines drift: the database's time is measured again this often. */
const CLOCK_MS = 30_000

/** Runs scheduled tasks for as long as the worker runs. One connection of its own, that listens. */
export function tasksService(options: TasksServiceOptions): Service {
  return {
    name: 'tasks',
    async start({ env, db, log, count }: WorkerContext) {
      const listener = connect(env.listenUrl, { max: 1, applicationName: 'kontor tasks listener' })
      try {
        const clock = await databaseClock(db.sql)
        const onDrift = (error: unknown) => log.warn({ err: error }, 'The clock could not be adjusted')
        const adjusting = setInterval(() => void clock.adjust().catch(onDrift), CLOCK_MS)
        const name = `${hostname()}:${process.pid}`
        const worker = await runTasksWorker({
          onEnded: count.taskEnded,
          ...options,
          settings: { leaseMs: env.leaseMs, ...options.settings },
          db,
          log,
          clock,
          listener: listener.sql,
          worker: name,
        })
        return {
          async stop() {
            clearInterval(adjusting)
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
