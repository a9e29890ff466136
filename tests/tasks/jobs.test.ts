import { setTimeout as sleep } from 'node:timers/promises'
import { sql as drizzleSql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { connect } from '@/lib/db/client'
import { systemClock } from '@/lib/db/clock'
import { defineJob, type JobContext, jobsByKind } from '@/lib/tasks/jobs/job'
import { answerJob, cancelJob, endUnanswered, lookAgain, resumeJob } from '@/lib/tasks/jobs/operations'
import { getJob, listJobFailures, listJobs, questionOfJob } from '@/lib/tasks/jobs/pages'
import { requestJob } from '@/lib/tasks/jobs/request-job'
import { type JobsSettings, runJobsWorker } from '@/lib/tasks/jobs/run-jobs'
import { pulseOfJob, tasksAndJobs, tasksPulse } from '@/lib/tasks/pulse'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const { sql } = db.app
await db.owner.sql.unsafe(
  'create table marks (n int, job uuid, actor text); grant select, insert on marks to kontor_app',
)

let behave: (cursor: number, ctx: JobContext) => unknown = () => {}
const marking = defineJob({
  kind: 'mark',
  params: z.object({ total: z.number() }),
  prepare: async ({ total }) => ({ cursor: 0, total }),
  async runChunk({ total }, cursor, ctx) {
    const end = Math.min(total, cursor + 10)
    await ctx.tx.execute(drizzleSql`insert into marks
      select n, ${ctx.id}::uuid, current_setting('kontor.actor') from generate_series(${cursor + 1}::int, ${end}::int) n`)
    await behave(cursor, ctx)
    return { next: end === total ? null : end, done: end - cursor, result: { last: end } }
  },
})

/** Looks at ten records at a time; what `find` says of them is asked at the end, until it is answered. */
let find: (seen: number, ctx: JobContext) => string | undefined | Promise<string | undefined> = () => undefined
const careful = defineJob({
  ...marking,
  kind: 'careful',
  async check(params, found: { seen: number; doubts: string[] } | null, ctx) {
    const { total } = params as { total: number }
    const { seen, doubts } = found ?? { seen: 0, doubts: [] }
    const doubt = await find(seen, ctx)
    const next = { seen: Math.min(total, seen + 10), doubts: doubt ? [...doubts, doubt] : doubts }
    if (next.seen < total) return { next, checked: 10 }
    const isSettled = next.doubts.length === 0 || ctx.answer !== null
    return { next: null, checked: next.seen - seen, question: isSettled ? undefined : next.doubts }
  },
})

const stops: (() => Promise<void>)[] = []
afterAll(() => Promise.all(stops.map((stop) => stop())))

async function start(settings: Partial<JobsSettings> = {}) {
  const pool = connect(db.urls.app, { max: 4 })
  const listener = connect(db.urls.app, { max: 1 })
  const worker = await runJobsWorker({
    db: pool,
    listener: listener.sql,
    jobs: jobsByKind([marking, careful]),
    log: pino({ level: 'silent' }),
    clock: systemClock,
    worker: 'test',
    settings: { leaseMs: 1200, pollMs: 100, ...settings },
  })
  let isOver = false
  const stop = async (graceMs = 200) => {
    if (isOver) return
    isOver = true
    await worker.stop(graceMs)
    await Promise.all([pool.close(), listener.close()])
  }
  stops.push(stop)
  return stop
}

const ask = (total = 35, kind = 'mark') =>
  requestJob(db.app.orm, {
    kind,
    title: `Mark ${total}`,
    params: { total },
    actor: 'user:3',
    source: 'restock',
  })
const reaches = (id: string, state: string) =>
  expect.poll(async () => (await getJob(sql, id))?.state, { interval: 20 }).toBe(state)
const marks = async (id: string) =>
  (await sql`select n from marks where job = ${id} order by n`).map(({ n }) => n as number)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('a job is done chunk by chunk, each record once, under its actor', async () => {
  behave = () => {}
  const stop = await start()
  const id = await ask()
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(35))
  expect(await sql`select distinct actor from marks where job = ${id}`).toMatchObject([{ actor: 'user:3' }])
  expect(await getJob(sql, id)).toMatchObject({ total: 35, done: 35, failed: 0, result: { last: 35 }, error: null })
  expect(await listJobs(sql, { actor: 'user:3' })).toMatchObject([{ id, title: 'Mark 35' }])
  await stop()
})

test('the pulse of its page beats with every part of a job', async () => {
  behave = () => {}
  const pulse = async (id: string) => pulseOfJob((await getJob(sql, id))!)
  const id = await ask(25)
  const [asked, all] = [await pulse(id), await tasksPulse(sql)]
  expect(await pulse(id)).toBe(asked)
  const stop = await start()
  await reaches(id, 'completed')
  expect(await pulse(id)).not.toBe(asked)
  expect(await tasksPulse(sql)).not.toBe(all)
  await stop()
})

test('what could not be done is on the report with its reason, and the rest is done', async () => {
  behave = (cursor, ctx) =>
    cursor === 10 ? [ctx.fail('13', 'Locked products stay.'), ctx.fail('17', 'Gone.')] : undefined
  const stop = await start()
  const id = await ask()
  await reaches(id, 'completed')
  expect(await getJob(sql, id)).toMatchObject({ done: 35, failed: 2 })
  const [first] = await listJobFailures(sql, id)
  expect(first).toMatchObject({ item: '13', reason: 'Locked products stay.' })
  expect(await listJobFailures(sql, id, { after: first!.id })).toMatchObject([{ item: '17' }])
  await stop()
})

test('a chunk that throws is rolled back and ends the job; resumed, it goes on there', async () => {
  behave = (cursor, ctx) => {
    if (cursor !== 20) return
    ctx.fail('never', 'rolled back too')
    throw new Error('no more flour')
  }
  const stop = await start()
  const id = await ask()
  await reaches(id, 'failed')
  expect(await getJob(sql, id)).toMatchObject({ done: 20, failed: 0, error: 'no more flour' })
  expect(await marks(id)).toEqual(upTo(20))
  behave = () => {}
  expect(await resumeJob(sql, id)).toBe(true)
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(35))
  expect(await resumeJob(sql, id)).toBe(false)
  await stop()
})

test('the database’s own trouble is tried again', async () => {
  let troubles = 2
  behave = (cursor) => {
    if (cursor === 10 && troubles-- > 0) throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
  }
  const stop = await start()
  const id = await ask()
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(35))
  await stop()
})

test('params that do not fit end the job with the reason', async () => {
  const stop = await start()
  const bad = { kind: 'mark', title: 't', params: { total: 'many' }, actor: 'a', source: 's' }
  const id = await requestJob(db.app.orm, bad)
  await reaches(id, 'failed')
  expect((await getJob(sql, id))?.error).toMatch(/expected number/)
  await stop()
})

test('cancelled, a job ends after its chunk, and what was done stays', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  behave = async (cursor) => {
    if (cursor === 10) await held
  }
  const stop = await start()
  const id = await ask(500)
  await expect.poll(async () => (await getJob(sql, id))?.done, { interval: 10 }).toBe(10)
  expect(await cancelJob(sql, id, 'user:4')).toBe(true)
  expect(await getJob(sql, id)).toMatchObject({ isCancelling: true })
  release()
  await reaches(id, 'cancelled')
  expect(await marks(id)).toEqual(upTo(20))
  expect(await cancelJob(sql, id, 'user:4')).toBe(false)
  await stop()
  const waiting = await ask()
  expect(await cancelJob(sql, waiting, 'user:4')).toBe(true)
  expect((await getJob(sql, waiting))?.state).toBe('cancelled')
})

test('a worker that vanished is replaced, and one that comes back can keep nothing', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let isFirst = true
  behave = async (cursor, { id }) => {
    if (cursor !== 10 || !isFirst) return
    isFirst = false
    // As after a long pause of this process: the lease is over, and somebody else takes it while this chunk is open.
    await db.admin.sql`update kontor.jobs set lease_until = now() - interval '1 s' where id = ${id}`
    await held
  }
  const stopFirst = await start()
  const stopSecond = await start()
  const id = await ask()
  await reaches(id, 'completed')
  release()
  await sleep(200)
  expect(await marks(id)).toEqual(upTo(35))
  expect(await getJob(sql, id)).toMatchObject({ done: 35, state: 'completed' })
  await Promise.all([stopFirst(), stopSecond()])
})

test('a worker that has to stop lets another go on where it was', async () => {
  behave = async () => {
    await sleep(80)
  }
  const stopFirst = await start()
  const id = await ask(500)
  await expect.poll(async () => (await getJob(sql, id))?.done, { interval: 10 }).toBeGreaterThan(10)
  await stopFirst(20_000)
  expect((await getJob(sql, id))?.state).toBe('queued')
  behave = () => {}
  const stopSecond = await start()
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(500))
  await stopSecond()
})

test('a job that looks first goes on by itself where it has nothing to ask', async () => {
  behave = () => {}
  find = () => undefined
  const stop = await start()
  const id = await ask(35, 'careful')
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(35))
  expect(await getJob(sql, id)).toMatchObject({ checked: 35, done: 35, isChecking: false })
  await stop()
})

test('where it has a question it waits, with nothing done and nobody held, and goes on with the answer', async () => {
  find = (seen) => (seen === 20 ? 'What of 23?' : undefined)
  const stop = await start()
  const id = await ask(35, 'careful')
  await reaches(id, 'waiting')
  expect(await marks(id)).toEqual([])
  expect(await getJob(sql, id)).toMatchObject({ isChecking: true, checked: 35, done: 0, endedAt: null })
  expect(await listJobs(sql, { actor: 'user:3', isWaiting: true })).toMatchObject([{ id }])
  expect(await tasksAndJobs(sql)).toMatchObject({ jobsWaiting: 1 })
  const asked = (await questionOfJob(sql, id))!
  expect(asked.question).toEqual(['What of 23?'])
  await stop()

  const answer = { with: 'Leave it' }
  expect(await answerJob(sql, id, { token: 'of another question', answer, actor: 'user:4' })).toBe(false)
  expect(await answerJob(sql, id, { token: asked.token, answer, actor: 'user:4' })).toBe(true)
  expect(await answerJob(sql, id, { token: asked.token, answer, actor: 'user:4' })).toBe(false)
  expect(await getJob(sql, id)).toMatchObject({ state: 'queued', isChecking: true, checked: 0 })
  expect(await questionOfJob(sql, id)).toBeUndefined()
  const answers: unknown[] = []
  behave = (_, { answer: given }) => answers.push(given)
  const stopSecond = await start()
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(35))
  expect(answers[0]).toEqual(answer)
  await stopSecond()
})

test('stopped while it looks or waits, a job has done nothing, and looks anew when it is to go on', async () => {
  behave = () => {}
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  find = async (seen) => {
    if (seen === 10) await held
    return seen === 20 ? 'What of 23?' : undefined
  }
  const stop = await start()
  const id = await ask(35, 'careful')
  await expect.poll(async () => (await getJob(sql, id))?.checked, { interval: 10 }).toBe(10)
  expect(await cancelJob(sql, id, 'user:3')).toBe(true)
  release()
  await reaches(id, 'cancelled')
  expect(await getJob(sql, id)).toMatchObject({ isChecking: true, checked: 20, done: 0 })
  expect(await resumeJob(sql, id)).toBe(true)
  await reaches(id, 'waiting')
  expect(await getJob(sql, id)).toMatchObject({ checked: 35 })
  const { token } = (await questionOfJob(sql, id))!
  expect(await cancelJob(sql, id, 'user:3')).toBe(true)
  expect((await getJob(sql, id))?.state).toBe('cancelled')
  expect(await answerJob(sql, id, { token, answer: {}, actor: 'user:3' })).toBe(false)
  expect(await marks(id)).toEqual([])
  find = () => undefined
  expect(await resumeJob(sql, id)).toBe(true)
  await reaches(id, 'completed')
  expect(await marks(id)).toEqual(upTo(35))
  await stop()
})

test('a question that nobody answers within a week ends the job with nothing done; it can be started again', async () => {
  behave = () => {}
  find = (seen) => (seen === 20 ? 'What of 23?' : undefined)
  const stop = await start()
  const id = await ask(35, 'careful')
  await reaches(id, 'waiting')
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
  expect(await endUnanswered(sql, inDays(6.9))).toBe(0)
  expect((await getJob(sql, id))?.state).toBe('waiting')
  expect(await endUnanswered(sql, inDays(7.1))).toBe(1)
  expect(await getJob(sql, id)).toMatchObject({
    state: 'cancelled',
    isCancelling: false,
    error: expect.stringMatching(/^Nobody said within 7 days .* Nothing was done\.$/),
  })
  expect(await questionOfJob(sql, id)).toBeUndefined()
  expect(await endUnanswered(sql, inDays(8))).toBe(0)
  expect(await marks(id)).toEqual([])
  find = () => undefined
  expect(await resumeJob(sql, id)).toBe(true)
  await reaches(id, 'completed')
  expect(await getJob(sql, id)).toMatchObject({ error: null })
  await stop()
})

test('told to look again, jobs forget what they found: those that ask, and the one a worker is looking through', async () => {
  behave = () => {}
  find = (seen) => (seen === 20 ? 'What of 23?' : undefined)
  const stop = await start()
  const waiting = await ask(35, 'careful')
  await reaches(waiting, 'waiting')
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let isHeld = false
  find = async (seen) => {
    if (seen !== 20) return undefined
    if (!isHeld) {
      isHeld = true
      await held
    }
    return 'What of 24?'
  }
  const looking = await ask(35, 'careful')
  await expect.poll(() => isHeld, { interval: 10 }).toBe(true)
  await lookAgain(db.owner.sql)
  release()
  for (const id of [waiting, looking]) {
    await expect.poll(async () => (await questionOfJob(sql, id))?.question, { interval: 10 }).toEqual(['What of 24?'])
    expect(await getJob(sql, id)).toMatchObject({ checked: 35, done: 0 })
    expect(await cancelJob(sql, id, 'user:3')).toBe(true)
  }
  await lookAgain(db.owner.sql)
  expect(await getJob(sql, waiting)).toMatchObject({ state: 'cancelled', checked: 0 })
  find = () => undefined
  await stop()
})

test('a worker that vanishes while it looks is replaced where it was', async () => {
  let isFirst = true
  const looked: number[] = []
  find = async (seen, { id }) => {
    looked.push(seen)
    if (seen === 20 && isFirst) {
      isFirst = false
      await db.admin.sql`update kontor.jobs set lease_until = now() - interval '1 s' where id = ${id}`
    }
    return undefined
  }
  const stop = await start()
  const id = await ask(35, 'careful')
  await reaches(id, 'completed')
  expect(looked).toEqual([0, 10, 20, 20, 30])
  expect(await getJob(sql, id)).toMatchObject({ checked: 35, done: 35 })
  await stop()
})
