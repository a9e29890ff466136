import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { pauseTask, resetTask, resumeTask, runTaskNow } from '@/lib/tasks/operations'
import { getTask, listTaskRuns, listTasks } from '@/lib/tasks/pages'
import { error, ok, type TaskContext, type TaskOptions, task } from '@/lib/tasks/task'
import { createTestDatabase } from '@/tests/support/database'
import { tasksOf, tasksWorkers } from '@/tests/support/tasks'

const db = await createTestDatabase()
const { sql } = db.app
const start = tasksWorkers(db)
const operator = { db: db.app, provenance: { actor: 'user:5', source: 'tasks page', requestId: 'r' } }

let counter = 0
let name = ''
beforeEach(() => {
  name = `task ${++counter}`
})
const row = async (of = name) => (await sql`select * from kontor.tasks where name = ${of}`)[0]!
const outcomes = async (of = name) =>
  (await sql`select outcome from kontor.task_runs where task = ${of} order by id`).map(({ outcome }) => outcome)
const define = (more: Partial<TaskOptions<number, TaskContext>>) =>
  task<number>({ name, every: 0.1, initialValue: 0, run: (value) => ok(value + 1), ...more })
/** Makes the task due now, as if its time had come. */
const makeDue = (ago = '0 s') =>
  sql`update kontor.tasks set next_run_at = now() - ${ago}::interval where name = ${name}`
const until = (check: () => unknown) => expect.poll(check, { interval: 20 }).toBeTruthy()

describe('T1: the value that is carried', () => {
  test('the first run comes one interval after the start, and ok carries its value on', async () => {
    const seen: number[] = []
    const run = (value: number) => {
      seen.push(value)
      return ok(value + 1)
    }
    const worker = await start([define({ every: 1.2, run })])
    const before = await row()
    expect(before).toMatchObject({ value: 0, runs_succeeded: '0', last_succeeded_at: null })
    expect(new Date(before.next_run_at).getTime() - new Date(before.started_at).getTime()).toBe(1200)
    await until(() => seen.length >= 3)
    await worker.end(2000)
    const after = await row()
    const [first] = await sql`
      select due_at::text = ${before.next_run_at} as "isOnTime", started_at >= due_at as "isNotEarly"
      from kontor.task_runs where task = ${before.name} order by id limit 1`
    expect(first).toEqual({ isOnTime: true, isNotEarly: true })
    expect(seen).toEqual(seen.map((_, index) => index))
    expect(after).toMatchObject({
      value: seen.length,
      runs_succeeded: String(seen.length),
      runs_failed: '0',
      last_error: null,
    })
    expect(after.started_at).toBe(before.started_at)
  })

  test('error(value) counts a failure and saves the value, error() keeps the last', async () => {
    const worker = await start([
      define({ every: '1h', run: (value) => (value === 0 ? ok(10) : value === 10 ? error(20) : error()) }),
    ])
    for (const [value, succeeded, failed] of [
      [10, '1', '0'],
      [20, '1', '1'],
      [20, '1', '2'],
    ]) {
      await makeDue()
      await until(async () => (await row()).runs_failed === failed && (await row()).runs_succeeded === succeeded)
      expect(await row()).toMatchObject({ value, runs_succeeded: succeeded, runs_failed: failed })
    }
    expect((await row()).last_error).toBe('The run answered error()')
    expect(await outcomes()).toEqual(['ok', 'error', 'error'])
    await worker.end()
  })

  test('a throw starts the task afresh, and the history keeps the crash', async () => {
    const run = (value: number) => {
      if (value === 2) throw new Error('boom')
      return value === 1 ? error(2) : ok(value + 1)
    }
    const worker = await start([define({ every: '1h', initialValue: 0, run })])
    const { started_at: startedAt } = await row()
    for (let n = 1; n <= 3; n++) {
      await makeDue()
      await until(async () => (await outcomes()).length === n)
    }
    const after = await row()
    expect(after).toMatchObject({ value: 0, runs_succeeded: '0', runs_failed: '0', last_error: 'boom' })
    expect(after.started_at > startedAt).toBe(true)
    const wait = new Date(after.next_run_at).getTime() - new Date(after.started_at).getTime()
    expect(Math.abs(wait - 3_600_000)).toBeLessThan(1000)
    const [crash] = await listTaskRuns(sql, name)
    expect(crash).toMatchObject({
      outcome: 'threw',
      value: 0,
      number: 3,
      error: expect.stringMatching(/boom[\s\S]*at run/),
    })
    await worker.end()
  })

  test.each([
    ['nothing', () => undefined],
    ['a bare value', () => 5],
    ['what JSON cannot hold', () => ok(5n as never)],
  ])('a run that returns %s counts as one that threw', async (_what, run) => {
    const worker = await start([define({ every: '1h', run: run as never })])
    await makeDue()
    await until(async () => (await outcomes()).length === 1)
    expect(await outcomes()).toEqual(['threw'])
    expect(await row()).toMatchObject({ value: 0 })
    await worker.end()
  })

  test('state survives a restart of every worker', async () => {
    const first = await start([define({ every: '1h' })])
    await makeDue()
    await until(async () => (await row()).runs_succeeded === '1')
    await first.end()
    const before = await row()
    const second = await start([define({ every: '1h' })])
    expect(await row()).toMatchObject({
      value: 1,
      runs_succeeded: '1',
      next_run_at: before.next_run_at,
      started_at: before.started_at,
    })
    await second.end()
  })

  test('runAtStart runs a new task at once, not one that is known', async () => {
    const worker = await start([define({ every: '1h', runAtStart: true })])
    await until(async () => (await row()).value === 1)
    await worker.end()
    const again = await start([define({ every: '1h', runAtStart: true })])
    await sleep(300)
    expect(await row()).toMatchObject({ value: 1 })
    await again.end()
  })
})

describe('the schedule', () => {
  test('does not drift: every moment stands on the grid of the first', async () => {
    const due: number[] = []
    const run = async (value: number, ctx: TaskContext) => {
      due.push(ctx.dueAt!.getTime())
      await sleep(30)
      return ok(value)
    }
    const worker = await start([define({ every: 0.2, run })])
    await until(() => due.length >= 6)
    await worker.end(1000)
    // A busy machine misses some of them, which are made up for by one.
    const steps = due.map((at) => (at - due[0]!) / 200)
    expect(steps).toEqual(steps.map(Math.round).toSorted((a, b) => a - b))
    expect(new Set(steps).size).toBe(steps.length)
  })

  test('missed runs are made up for by one, back on the grid', async () => {
    const due: (number | undefined)[] = []
    const run = (value: number, ctx: TaskContext) => {
      due.push(ctx.dueAt?.getTime())
      return ok(value + 1)
    }
    const before = await start([define({ every: '10m', run })])
    await before.end()
    await makeDue('65 minutes')
    const { next_run_at: missed } = await row()
    const worker = await start([define({ every: '10m', run })])
    await until(() => due.length === 1)
    await sleep(300)
    const minutes = (at: string | number) => (new Date(at).getTime() - new Date(missed).getTime()) / 60_000
    expect(due.map((at) => minutes(at!))).toEqual([60])
    expect(minutes((await row()).next_run_at)).toBe(70)
    await worker.end()
  })

  test('missed runs are skipped where the task says so, and that is on record', async () => {
    const before = await start([define({ every: '10m', catchUp: 'skip' })])
    await before.end()
    await makeDue('65 minutes')
    const worker = await start([define({ every: '10m', catchUp: 'skip' })])
    await until(async () => (await outcomes()).length === 1)
    expect(await outcomes()).toEqual(['skipped'])
    expect(await row()).toMatchObject({ value: 0, runs_succeeded: '0', runs_failed: '0' })
    expect(new Date((await row()).next_run_at).getTime()).toBeGreaterThan(Date.now())
    await worker.end()
  })

  test('a changed schedule counts from now, a task no longer declared retires and keeps its history', async () => {
    const first = await start([define({ every: '1h' })])
    await makeDue()
    await until(async () => (await row()).runs_succeeded === '1')
    await first.end()
    const second = await start([define({ every: '5m' })])
    expect(new Date((await row()).next_run_at).getTime() - Date.now()).toBeLessThan(301_000)
    expect(await row()).toMatchObject({ value: 1 })
    await second.end()
    const without = await start([])
    expect(await getTask(sql, name)).toMatchObject({ isRetired: true, nextRunAt: null })
    expect(await outcomes()).toEqual(['ok'])
    await expect(runTaskNow(operator, name)).rejects.toMatchObject({ code: 'conflict' })
    await without.end()
    const back = await start([define({ every: '5m' })])
    expect(await getTask(sql, name)).toMatchObject({ isRetired: false, value: 0, runsSucceeded: 0 })
    await back.end()
  })
})

describe('one run at a time', () => {
  test('over several workers, and none is done twice', async () => {
    let [now, most] = [0, 0]
    const numbers: number[] = []
    const run = async (value: number, ctx: TaskContext) => {
      most = Math.max(most, ++now)
      numbers.push(ctx.run)
      await sleep(60)
      now--
      return ok(value + 1)
    }
    const workers = await Promise.all([1, 2, 3].map(() => start([define({ run })])))
    await until(() => numbers.length >= 8)
    await Promise.all(workers.map((worker) => worker.end(1000)))
    expect(most).toBe(1)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(await row()).toMatchObject({ value: numbers.length, runs_succeeded: String(numbers.length) })
  })

  test('a run that outlives its lease is aborted and its result refused', async () => {
    const slow = async (value: number, { signal, run }: TaskContext) => {
      if (run > 1) return ok(value + 1)
      await once(signal, 'abort')
      return ok(999)
    }
    const worker = await start([define({ every: '1h', run: slow })], { settings: { leaseMs: 600 } })
    await makeDue()
    await until(async () => (await row()).lease_token !== null)
    // Somebody else has it now, as after a long pause of this process.
    await sql`update kontor.tasks set lease_until = now() - interval '1 s', lease_token = gen_random_uuid() where name = ${name}`
    await expect.poll(outcomes).toEqual(expect.arrayContaining(['lost', 'late']))
    expect((await row()).value).not.toBe(999)
    await worker.end()
  })

  test('what a vanished worker left is recorded, kept as it was, and run again', async () => {
    const before = await start([define({ every: '1h', initialValue: 7 })])
    await before.end()
    await sql`update kontor.tasks set run_number = 1, lease_token = gen_random_uuid(), lease_until = now() - interval '1 s',
      worker = 'gone', run_started_at = now() - interval '1 m' where name = ${name}`
    const worker = await start([define({ every: '1h', initialValue: 7 })])
    await until(async () => (await outcomes()).length === 2)
    expect(await outcomes()).toEqual(['lost', 'ok'])
    expect(await row()).toMatchObject({ value: 8, runs_succeeded: '1', runs_failed: '1' })
    await worker.end()
  })

  test('a run beyond its timeout is aborted and failed, its value kept', async () => {
    const run = async (value: number, { run }: TaskContext) => {
      if (run === 1) await sleep(700)
      return ok(value + 1)
    }
    const worker = await start([define({ every: '1h', timeout: '150ms', run })])
    await makeDue()
    await until(async () => (await outcomes()).length === 2)
    expect(await outcomes()).toEqual(['timeout', 'late'])
    expect(await row()).toMatchObject({ value: 0, runs_failed: '1', last_error: 'No end within 150ms' })
    await worker.end()
  })

  test('a worker that has to stop hands its run back, and another does it', async () => {
    const run = async (value: number, { run, signal }: TaskContext) => {
      if (run === 1) await sleep(60_000, undefined, { signal })
      return ok(value + 1)
    }
    const first = await start([define({ every: '1h', run })])
    await makeDue()
    await until(async () => (await row()).lease_token !== null)
    await first.end(100)
    const second = await start([define({ every: '1h', run })])
    await until(async () => (await row()).value === 1)
    expect(await outcomes()).toEqual(['handed_back', 'ok'])
    expect(await row()).toMatchObject({ runs_succeeded: '1', runs_failed: '0' })
    await second.end()
  })

  test('a stuck task keeps no other from running', async () => {
    const stuck = task({
      name: `${name} stuck`,
      every: '1h',
      runAtStart: true,
      initialValue: 0,
      run: () => new Promise(() => {}),
    })
    const worker = await start([stuck as never, define({ every: 0.1 })])
    await until(async () => (await row()).value > 2)
    const startedAt = performance.now()
    expect((await listTasks(sql)).find((one) => one.name === `${name} stuck`)?.current).toMatchObject({ isAlive: true })
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await worker.end(100)
  })
})

test('effects are requested with the result, and not by a run that throws', async () => {
  const run = (value: number, ctx: TaskContext) => {
    ctx.effect('task.note', { value })
    if (value === 1) throw new Error('no')
    return ok(value + 1)
  }
  const worker = await start([define({ every: '1h', run })])
  await makeDue()
  await until(async () => (await outcomes()).length === 1)
  await makeDue()
  await until(async () => (await outcomes()).length === 2)
  const effects = await sql`select * from kontor.effects where kind = 'task.note'`
  expect(effects).toMatchObject([{ payload: { value: 0 }, created_by: `task:${name}` }])
  const [latest] = (await listTaskRuns(sql, name)).toReversed()
  expect(effects[0]!.request_id).toBe(latest!.requestId)
  await worker.end()
})

describe('operations', () => {
  test('run now runs once, also while paused, and leaves the schedule alone', async () => {
    const worker = await start([define({ every: '1h' })])
    const { next_run_at: next } = await row()
    await pauseTask(operator, name)
    await makeDue()
    await sleep(300)
    expect(await row()).toMatchObject({ value: 0, paused: true })
    await sql`update kontor.tasks set next_run_at = ${next}::timestamptz where name = ${name}`
    await runTaskNow(operator, name)
    await until(async () => (await row()).value === 1)
    await sleep(200)
    expect(await row()).toMatchObject({ value: 1, next_run_at: next, run_requested: false })
    expect((await listTaskRuns(sql, name))[0]).toMatchObject({ dueAt: null, outcome: 'ok' })
    await worker.end()
  })

  test('resume goes on at the next moment of the grid', async () => {
    const definition = define({ every: '10m' })
    const worker = await start([definition])
    await pauseTask(operator, name)
    expect(
      await sql`select actor, after from kontor.changes where relation = 'kontor.tasks' and record_id = ${name}`,
    ).toMatchObject([{ actor: 'user:5', after: { paused: 'true' } }])
    await makeDue('65 minutes')
    const { next_run_at: missed } = await row()
    await resumeTask(operator, tasksOf(definition).get(name)!)
    await sleep(200)
    const { next_run_at: next, paused, value } = await row()
    expect([paused, value, (new Date(next).getTime() - new Date(missed).getTime()) / 60_000]).toEqual([false, 0, 70])
    await worker.end()
  })

  test('reset starts afresh, aborts the run under way and refuses its result', async () => {
    const run = async (value: number, { signal }: TaskContext) => {
      if (value === 0) return ok(1)
      await once(signal, 'abort')
      return ok(999)
    }
    const definition = define({ every: '1h', run })
    const worker = await start([definition])
    await makeDue()
    await until(async () => (await row()).value === 1)
    await makeDue()
    await until(async () => (await row()).lease_token !== null)
    await resetTask(operator, tasksOf(definition).get(name)!)
    expect(await row()).toMatchObject({ value: 0, runs_succeeded: '0', lease_token: null })
    await until(async () => (await outcomes()).at(-1) === 'late')
    expect(await outcomes()).toEqual(['ok', 'reset', 'late'])
    expect(await row()).toMatchObject({ value: 0 })
    await worker.end()
  })

  test('a task nobody knows is not found', async () => {
    await expect(pauseTask(operator, 'nobody')).rejects.toMatchObject({ code: 'not_found' })
  })
})
