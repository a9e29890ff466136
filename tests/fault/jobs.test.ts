import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { migrateQueue } from '@/lib/effects/queue/migrate'
import { answerJob, cancelJob, getJob, questionOfJob, requestJob, resumeJob } from '@/lib/tasks'
import { createTestDatabase } from '@/tests/support/database'
import { createOutside, workerProcesses } from '@/tests/support/worker-processes'

const db = await createTestDatabase()
await migrateQueue(db.urls.owner, 'kontor_app')
await createOutside(db.admin.sql)
await db.admin.sql.unsafe(
  'create table public.marks (job uuid, n int, pid int); grant select, insert on public.marks to kontor_app',
)
const { sql } = db.app
const { start, supervise } = await workerProcesses()
const options = { databaseUrl: db.urls.app, leaseMs: 1000 }

const ask = (total: number, kind = 'mark') =>
  requestJob(db.app.orm, { kind, title: 'Mark', params: { total }, actor: 'user:1', source: 'test' })
const doneOf = async (id: string) => (await getJob(sql, id))?.done ?? 0
const marks = async (id: string) => (await sql`select n from marks where job = ${id} order by n`).map(({ n }) => n)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('a job goes on where killed and paused workers left it, and does nothing twice', {
  timeout: 180_000,
}, async () => {
  const id = await ask(600)
  const [pausable, killable] = [await start(options), await supervise(options)]
  for (let n = 0; n < 3; n++) {
    const before = await doneOf(id)
    await expect.poll(() => doneOf(id)).toBeGreaterThan(before)
    killable.current().signal('SIGKILL')
    pausable.signal('SIGSTOP')
    await sleep(1300)
    pausable.signal('SIGCONT')
  }
  await expect.poll(async () => (await getJob(sql, id))?.state, { timeout: 40_000 }).toBe('completed')
  expect(await marks(id)).toEqual(upTo(600))
  expect(await getJob(sql, id)).toMatchObject({ done: 600, total: 600, failed: 0 })
  await killable.stop()
  pausable.signal('SIGTERM')
  expect(await pausable.ended).toBe(0)
})

test('a worker asked to stop leaves its job to the next one, and a stopped job goes on when asked', {
  timeout: 180_000,
}, async () => {
  const id = await ask(400)
  const first = await start(options)
  await expect.poll(() => doneOf(id)).toBeGreaterThan(0)
  first.signal('SIGTERM')
  expect(await first.ended).toBe(0)
  const left = await doneOf(id)
  expect(await getJob(sql, id)).toMatchObject({ state: 'queued' })
  expect(await marks(id)).toEqual(upTo(left))
  const second = await start(options)
  await expect.poll(() => doneOf(id)).toBeGreaterThan(left)
  expect(await cancelJob(sql, id, 'user:1')).toBe(true)
  await expect.poll(async () => (await getJob(sql, id))?.state).toBe('cancelled')
  expect(await marks(id)).toEqual(upTo(await doneOf(id)))
  expect(await resumeJob(sql, id)).toBe(true)
  await expect.poll(async () => (await getJob(sql, id))?.state, { timeout: 40_000 }).toBe('completed')
  expect(await marks(id)).toEqual(upTo(400))
  second.signal('SIGTERM')
  expect(await second.ended).toBe(0)
})

test('a look through the whole goes on where killed workers left it, and its question outlives all of them', {
  timeout: 180_000,
}, async () => {
  const id = await ask(400, 'careful')
  const checkedOf = async () => (await getJob(sql, id))?.checked ?? 0
  const killable = await supervise(options)
  for (let n = 0; n < 3; n++) {
    const before = await checkedOf()
    await expect.poll(checkedOf, { timeout: 10_000 }).toBeGreaterThan(before)
    killable.current().signal('SIGKILL')
  }
  await expect.poll(async () => (await getJob(sql, id))?.state, { timeout: 40_000 }).toBe('waiting')
  expect(await getJob(sql, id)).toMatchObject({ checked: 400, total: 400, done: 0 })
  await killable.stop()
  const last = await start(options)
  await sleep(1300)
  expect(await getJob(sql, id)).toMatchObject({ state: 'waiting', done: 0 })
  expect(await marks(id)).toEqual([])
  const { question, token } = (await questionOfJob(sql, id))!
  expect(question).toBe('Go on?')
  expect(await answerJob(sql, id, { token, answer: 'Yes', actor: 'user:1' })).toBe(true)
  await expect.poll(async () => (await getJob(sql, id))?.state, { timeout: 40_000 }).toBe('completed')
  expect(await marks(id)).toEqual(upTo(400))
  last.signal('SIGTERM')
  expect(await last.ended).toBe(0)
})
