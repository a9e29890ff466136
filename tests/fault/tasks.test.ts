import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { migrateQueue } from '@/lib/effects/queue/migrate'
import { createTestDatabase } from '@/tests/support/database'
import { createOutside, workerProcesses } from '@/tests/support/worker-processes'

const db = await createTestDatabase()
await migrateQueue(db.urls.owner, 'kontor_app')
await createOutside(db.admin.sql)
const { sql } = db.app
const { start, supervise } = await workerProcesses()
const options = { databaseUrl: db.urls.app, tasks: true, leaseMs: 1000 }

interface Run {
  outcome: string
  number: number
  value: number
}
const runs = async () =>
  (await sql`select outcome, number::int, value from kontor.task_runs where task = 'fold' order by id`) as unknown as Run[]
const finished = (all: Run[]) => all.filter(({ outcome }) => ['ok', 'error', 'threw'].includes(outcome))
const state = async () =>
  (await sql`select value, runs_succeeded::int, runs_failed::int from kontor.tasks where name = 'fold'`)[0]!

/** The state that its finished runs make, one after the other: what must stand in kontor.tasks, whatever happened. */
function fold(all: Run[]) {
  let [value, succeeded] = [0, 0]
  for (const run of finished(all)) {
    // ok is the last value and one; error() keeps it or adds a hundred; a throw starts afresh.
    if (run.outcome === 'ok') expect(run.value).toBe(value + 1)
    if (run.outcome === 'error') expect([value, value + 100]).toContain(run.value)
    if (run.outcome === 'threw') expect(run.value).toBe(0)
    value = run.value
    succeeded = run.outcome === 'threw' ? 0 : succeeded + Number(run.outcome === 'ok')
  }
  return { value, runs_succeeded: succeeded }
}

test('the value is the fold of the finished runs, through two schedulers killed and paused', {
  timeout: 180_000,
}, async () => {
  const [pausable, killable] = [await start(options), await supervise(options)]
  const enough = (count: number) =>
    expect.poll(async () => finished(await runs()).length, { timeout: 40_000 }).toBeGreaterThan(count)
  await enough(3)
  for (let n = 0; n < 4; n++) {
    killable.current().signal('SIGKILL')
    await sleep(900)
  }
  const before = finished(await runs()).length
  pausable.signal('SIGSTOP')
  await enough(before + 4)
  pausable.signal('SIGCONT')
  await enough(before + 8)
  await killable.stop()
  pausable.signal('SIGTERM')
  expect(await pausable.ended).toBe(0)
  const all = await runs()
  const { runs_failed: _, ...kept } = await state()
  expect(kept).toEqual(fold(all))
  const numbers = all.filter(({ outcome }) => outcome !== 'late').map(({ number }) => number)
  expect(new Set(numbers).size).toBe(numbers.length)
})

test('a scheduler paused in the middle of a run cannot write when it is resumed', { timeout: 120_000 }, async () => {
  const paused = await start(options)
  // Stopped while it holds the lease: its run is under way.
  await expect
    .poll(async () => (await sql`select 1 from kontor.tasks where name = 'fold' and lease_until > now()`).length, {
      interval: 5,
      timeout: 30_000,
    })
    .toBe(1)
  paused.signal('SIGSTOP')
  const [held] = await sql`select lease_token, run_number::int from kontor.tasks where name = 'fold'`
  const other = await start(options)
  const after = async () =>
    (await runs()).filter(({ number, outcome }) => number > held!.run_number && outcome === 'ok')
  await expect.poll(async () => (await after()).length, { timeout: 40_000 }).toBeGreaterThan(0)
  paused.signal('SIGCONT')
  await sleep(1200)
  for (const worker of [paused, other]) {
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
  }
  const ofHeld = (await runs()).filter(({ number }) => number === held!.run_number).map(({ outcome }) => outcome)
  // Unless the run had already ended when the signal arrived, it is lost, and what came of it later is refused.
  expect(['ok', 'error', 'threw', 'lost']).toContain(ofHeld[0])
  if (held!.lease_token && ofHeld[0] === 'lost')
    expect(ofHeld.slice(1).every((outcome) => outcome === 'late')).toBe(true)
  const { runs_failed: _, ...kept } = await state()
  expect(kept).toEqual(fold(await runs()))
})
