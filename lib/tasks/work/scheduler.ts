import type postgres from 'postgres'
import type { Tasks } from '../task'
import { type ClaimedRun, claimRun } from './claim-run'
import { registerTasks } from './register'
import { LeaseLostError, type RunParts, runOnce, StoppingError } from './run-once'
import { recordLate, settleRun } from './settle-run'

export interface TasksSettings {
  /** Runs this process does at once. Default 8. */
  concurrency: number
  /** A worker that gives no sign of life for so long loses its run. Default 30 s. */
  leaseMs: number
  /** How often due tasks are looked for, besides the moments they are known to be due at. Default 1 s. */
  pollMs: number
}

export interface TasksWorkerParts extends RunParts {
  tasks: Tasks
  /** A connection of its own for the doorbell, past any pooler. */
  listener: postgres.Sql
  /** Names this process in rows and logs. */
  worker: string
  settings?: Partial<TasksSettings>
  /** Told of every run that ended: metrics. */
  onEnded?: (name: string, outcome: string, tookMs: number) => void
}

export interface TasksWorker {
  /** Starts no further run, waits for those under way, and after `graceMs` hands them back: they run again elsewhere. */
  stop(graceMs: number): Promise<void>
}

/** Runs the declared tasks in this process until stopped; any number of processes may, each run is done by one. */
export async function runTasksWorker(parts: TasksWorkerParts): Promise<TasksWorker> {
  const { db, tasks, log, worker, clock } = parts
  const { concurrency, leaseMs, pollMs } = { concurrency: 8, leaseMs: 30_000, pollMs: 1000, ...parts.settings }
  const names = [...tasks.keys()]
  const running = new Map<
    string,
    { run: ClaimedRun; controller: AbortController; renewedAt: number; done: Promise<void> }
  >()
  const ended = new AbortController()
  let isStopping = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isWanted = false

  const look = async (): Promise<number> => {
    const rows = await db.sql<{ name: string; waitMs: number; isDue: boolean }[]>`
      select name, greatest(0, extract(epoch from coalesce(next_run_at, now() + interval '1 h') - now())::float8 * 1000) as "waitMs",
        run_requested or lease_token is not null or (not paused and next_run_at <= now()) as "isDue"
      from kontor.tasks
      where name = any(${names}::text[]) and retired_at is null and (lease_until is null or lease_until < now())
        and (not paused or run_requested or lease_token is not null)
      order by next_run_at`
    const due = rows.filter(({ name, isDue }) => isDue && !running.has(name)).slice(0, concurrency - running.size)
    for (const { name } of due) {
      const task = tasks.get(name)
      const run = task && !isStopping ? await claimRun(db.sql, task, worker, leaseMs) : undefined
      if (run) start(run)
    }
    const nextMs = rows.filter(({ isDue }) => !isDue).map(({ waitMs }) => waitMs)
    return Math.max(1, Math.min(pollMs, ...nextMs))
  }

  const want = () => {
    isWanted = true
    looking ??= (async () => {
      let waitMs = pollMs
      while (isWanted && !isStopping) {
        isWanted = false
        clearTimeout(timer)
        waitMs = await look().catch((error: unknown) => {
          log.warn({ err: error }, 'tasks could not be looked for')
          return pollMs
        })
      }
      looking = undefined
      if (!isStopping) timer = setTimeout(want, waitMs)
    })()
  }

  const start = (run: ClaimedRun) => {
    const controller = new AbortController()
    const done = carryOut(run, controller).finally(() => {
      running.delete(run.task.name)
      want()
    })
    running.set(run.task.name, { run, controller, renewedAt: performance.now(), done })
  }

  const carryOut = async (run: ClaimedRun, controller: AbortController) => {
    const startedAt = performance.now()
    const { name } = run.task
    const late = (what: string) => {
      recordLate(db.sql, run, worker, what).catch((error) =>
        log.warn({ err: error, task: name }, 'late result not recorded'),
      )
    }
    try {
      const ending = await runOnce(run, controller, parts, late)
      const isKept = ending && (await settleRun(db.sql, run, ending, { worker, log, signal: ended.signal }))
      const outcome = isKept ? ending.outcome : 'lost'
      if (outcome !== 'ok')
        log.warn({ task: name, run: run.number, outcome, error: ending?.error }, 'a task did not end well')
      parts.onEnded?.(name, outcome, performance.now() - startedAt)
    } catch (error) {
      // The lease runs out, and the run is recorded as lost.
      log.error({ err: error, task: name }, 'the result of a run could not be kept')
    }
  }

  const renew = async () => {
    if (running.size === 0) return
    const runs = [...running.values()]
    const startedAt = performance.now()
    try {
      const rows = await db.sql<{ token: string }[]>`
        update kontor.tasks t set lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
        from unnest(${runs.map(({ run }) => run.task.name)}::text[], ${runs.map(({ run }) => run.token)}::uuid[]) as m(name, token)
        where t.name = m.name and t.lease_token = m.token and t.lease_until >= clock_timestamp()
        returning t.lease_token as token`
      const renewed = new Set(rows.map(({ token }) => token))
      for (const one of runs) {
        if (renewed.has(one.run.token)) one.renewedAt = startedAt
        else
          one.controller.abort(new LeaseLostError('The lease is over: another worker took the task, or it was reset.'))
      }
    } catch (error) {
      log.warn({ err: error }, 'leases of tasks could not be renewed')
      for (const { renewedAt, controller } of runs) {
        if (performance.now() - renewedAt > leaseMs)
          controller.abort(new LeaseLostError('The lease could not be renewed.'))
      }
    }
  }

  await registerTasks(db.sql, tasks, clock)
  const listening = await parts.listener.listen('kontor_tasks', want, want)
  let renewing = Promise.resolve()
  const renewer = setInterval(() => {
    renewing = renewing.then(renew)
  }, leaseMs / 3)
  want()

  return {
    async stop(graceMs) {
      isStopping = true
      clearTimeout(timer)
      await listening.unlisten().catch(() => {})
      await looking
      const overtime = setTimeout(() => {
        for (const { controller } of running.values()) controller.abort(new StoppingError('The worker had to stop.'))
      }, graceMs)
      const givenUp = setTimeout(() => ended.abort(), graceMs + 2000)
      const limit = new Promise((resolve) => setTimeout(resolve, graceMs + 3000).unref())
      await Promise.race([Promise.all([...running.values()].map(({ done }) => done)), limit])
      clearTimeout(overtime)
      clearTimeout(givenUp)
      clearInterval(renewer)
      ended.abort()
      await renewing
    },
  }
}
