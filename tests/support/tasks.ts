import { pino } from 'pino'
import { afterAll } from 'vitest'
import { connect } from '@/lib/db/client'
import { type Clock, databaseClock } from '@/lib/db/clock'
import { resolveTasks } from '@/lib/tasks/registry'
import type { TaskDefinition } from '@/lib/tasks/task'
import { runTasksWorker, type TasksSettings, type TasksWorker, type TasksWorkerParts } from '@/lib/tasks/work/scheduler'
import type { TestDatabase } from './database'

export interface TestTasksWorker extends TasksWorker {
  end(graceMs?: number): Promise<void>
}

const QUICK: TasksSettings = { concurrency: 8, leaseMs: 3000, pollMs: 100 }

export function tasksOf(...definitions: TaskDefinition[]) {
  const { tasks, checks } = resolveTasks([{ path: 'tasks', tasks: definitions }])
  if (checks.length > 0) throw new Error(JSON.stringify(checks))
  return tasks
}

/** Starts task workers on the file's database; every one still running at the end is stopped. */
export function tasksWorkers(db: TestDatabase) {
  const open = new Set<TestTasksWorker>()
  let count = 0
  afterAll(async () => {
    await Promise.all([...open].map((worker) => worker.end()))
  })
  return async function start(
    definitions: TaskDefinition[],
    options: { settings?: Partial<TasksSettings>; clock?: Clock; parts?: Partial<TasksWorkerParts> } = {},
  ): Promise<TestTasksWorker> {
    const pool = connect(db.urls.app, { max: 6, applicationName: 'kontor-tasks' })
    const listener = connect(db.urls.app, { max: 1, applicationName: 'kontor-listen' })
    const worker = await runTasksWorker({
      db: pool,
      listener: listener.sql,
      tasks: tasksOf(...definitions),
      log: pino({ level: process.env.KONTOR_TEST_LOG ?? 'silent' }),
      clock: options.clock ?? (await databaseClock(pool.sql)),
      worker: `test-${++count}`,
      settings: { ...QUICK, ...options.settings },
      ...options.parts,
    })
    const running: TestTasksWorker = {
      ...worker,
      async end(graceMs = 100) {
        if (!open.delete(running)) return
        await worker.stop(graceMs)
        await Promise.all([pool.close(), listener.close()])
      },
    }
    open.add(running)
    return running
  }
}
