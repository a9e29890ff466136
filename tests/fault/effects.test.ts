import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { openCarrier } from '@/lib/effects/queue/bullmq'
import { migrateQueue } from '@/lib/effects/queue/migrate'
import { createTestDatabase } from '@/tests/support/database'
import { hasRedis, startRedis } from '@/tests/support/redis'
import { createOutside, violations, workerProcesses } from '@/tests/support/worker-processes'

const db = await createTestDatabase()
await migrateQueue(db.urls.owner, 'kontor_app')
await createOutside(db.admin.sql)
const { sql } = db.app
const { start, supervise } = await workerProcesses()
const redis = hasRedis ? await startRedis() : undefined
afterAll(() => redis?.stop())
const onPostgres = { databaseUrl: db.urls.app }
/** A lease that no busy machine lets lapse: where each effect has to have had one attempt. */
const LONG_LEASE = { leaseMs: 20_000 }

const ask = async (what: string, count = 1) => {
  const rows = await sql<{ id: string }[]>`
    insert into kontor.effects (kind, payload) select 'fault', jsonb_build_object('do', ${what}::text, 'n', n)
    from generate_series(1, ${count}) n returning id`
  return rows.map(({ id }) => id)
}
const effectsOf = (ids: string[]) => sql`select * from kontor.effects where id = any(${ids}::uuid[])`
const outcomes = async (id: string) =>
  (await sql`select outcome from kontor.effect_attempts where effect_id = ${id} order by id`).map((row) => row.outcome)
const callsOf = async (ids: string[]) => (await sql`select * from calls where effect = any(${ids}::uuid[])`).length
const unfinished = async (ids: string[]) =>
  (await sql`select 1 from kontor.effects where id = any(${ids}::uuid[]) and status not in ('completed', 'dead')`)
    .length
const finish = (ids: string[], timeout = 60_000) =>
  expect.poll(() => unfinished(ids), { timeout, interval: 50 }).toBe(0)

describe('kill -9', () => {
  test('before the outside call, and after it: another worker does the effect', { timeout: 120_000 }, async () => {
    const dying = await start(onPostgres)
    const [before] = await ask('die before')
    expect(await dying.ended).toBe('SIGKILL')
    const second = await start(onPostgres)
    const [after] = await ask('die after')
    expect(await second.ended).toBe('SIGKILL')
    const survivor = await start(onPostgres)
    await finish([before!, after!])
    expect(await effectsOf([before!, after!])).toMatchObject([
      { status: 'completed', attempts: 2, crashes: 1 },
      { status: 'completed', attempts: 2, crashes: 1 },
    ])
    expect([await callsOf([before!]), await callsOf([after!])]).toEqual([1, 2])
    expect(await outcomes(after!)).toEqual(['crashed', 'completed'])
    survivor.signal('SIGTERM')
    expect(await survivor.ended).toBe(0)
    expect(await violations(sql)).toEqual([])
  })

  test('after the result was written back: the queue delivers it again, and it is not run again', {
    timeout: 120_000,
  }, async () => {
    const dying = await start({ ...onPostgres, dieAfterWriteBack: true })
    const ids = await ask('ok')
    expect(await dying.ended).toBe('SIGKILL')
    const survivor = await start(onPostgres)
    // Long enough for the queue to notice the stall and to offer the job again.
    await sleep(4000)
    expect(await effectsOf(ids)).toMatchObject([{ status: 'completed', attempts: 1 }])
    expect(await callsOf(ids)).toBe(1)
    survivor.signal('SIGTERM')
    expect(await survivor.ended).toBe(0)
  })

  test('poison that kills every process is set aside after three, and everything else is done', {
    timeout: 180_000,
  }, async () => {
    const supervised = await supervise({ ...onPostgres, leaseMs: 1000 })
    const rows = await sql<{ id: string }[]>`insert into kontor.effects (kind, payload)
      select 'fault', jsonb_build_object('do', case n when 9 then 'always die' else 'slow' end) from generate_series(0, 20) n
      returning id, payload`
    const [poison] = rows.filter((row) => JSON.stringify(row).includes('always die')).map(({ id }) => id)
    const others = rows.map(({ id }) => id).filter((id) => id !== poison)
    await finish([poison!, ...others], 60_000)
    expect(await effectsOf([poison!])).toMatchObject([
      { status: 'dead', attempts: 3, crashes: 3, last_error: expect.stringContaining('third time') },
    ])
    expect(await outcomes(poison!)).toEqual(['crashed', 'crashed', 'crashed'])
    expect((await effectsOf(others)).every(({ status }) => status === 'completed')).toBe(true)
    expect(supervised.starts()).toBeLessThan(8)
    await supervised.stop()
    expect(await violations(sql)).toEqual([])
  })
})

test('a worker asked to stop ends by itself with code 0, and leaves nothing in hand', {
  timeout: 120_000,
}, async () => {
  const worker = await start(onPostgres)
  const ids = await ask('slow', 600)
  await expect.poll(() => unfinished(ids), { interval: 20 }).toBeLessThan(600)
  worker.signal('SIGTERM')
  expect(await worker.ended).toBe(0)
  const states =
    await sql`select status, count(*)::int from kontor.effects where id = any(${ids}::uuid[]) group by status order by status`
  expect(states.map(({ status }) => status)).toEqual(['completed', 'pending'])
  const next = await start(onPostgres)
  await finish(ids)
  expect(await callsOf(ids)).toBe(600)
  next.signal('SIGTERM')
  await next.ended
  expect(await violations(sql)).toEqual([])
})

test('a handler that blocks its process loses the lease, and its result is refused', { timeout: 120_000 }, async () => {
  const first = await start(onPostgres)
  const second = await start(onPostgres)
  const ids = await ask('block', 2)
  await finish(ids)
  for (const id of ids) {
    await expect.poll(() => outcomes(id), { timeout: 30_000 }).toContain('completed')
    expect((await outcomes(id)).filter((outcome) => outcome === 'completed')).toHaveLength(1)
  }
  expect(await violations(sql)).toEqual([])
  for (const worker of [first, second]) {
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
  }
})

test('a worker that is paused beyond its lease and resumed can complete nothing twice', {
  timeout: 120_000,
}, async () => {
  const paused = await start(onPostgres)
  const ids = await ask('slow', 300)
  await expect.poll(() => unfinished(ids), { interval: 10 }).toBeLessThan(280)
  paused.signal('SIGSTOP')
  const other = await start(onPostgres)
  await finish(ids)
  paused.signal('SIGCONT')
  await sleep(1500)
  expect(await violations(sql)).toEqual([])
  expect((await effectsOf(ids)).every(({ status }) => status === 'completed')).toBe(true)
  for (const worker of [paused, other]) {
    worker.signal('SIGTERM')
    await worker.ended
  }
})

test('an offer delivered ten times over is run once', { timeout: 120_000 }, async () => {
  const worker = await start({ ...onPostgres, ...LONG_LEASE })
  const carrier = openCarrier({ kinds: ['fault'], databaseUrl: db.urls.app, onError: () => {} })
  const ids = await ask('slow', 20)
  for (let n = 0; n < 10; n++) await carrier.offer([{ kind: 'fault', ids, priority: 1, isSuspect: false }])
  await finish(ids)
  await sleep(500)
  expect(await callsOf(ids)).toBe(20)
  expect((await effectsOf(ids)).every(({ attempts }) => attempts === 1)).toBe(true)
  await carrier.close()
  worker.signal('SIGTERM')
  await worker.ended
})

test('workers whose clocks are five minutes off do each effect once, at its time', { timeout: 120_000 }, async () => {
  const workers = await Promise.all(
    [300_000, -300_000, 0].map((clockMs) => start({ ...onPostgres, ...LONG_LEASE, clockMs })),
  )
  const ids = await ask('slow', 200)
  const later = await sql<{ id: string }[]>`insert into kontor.effects (kind, payload, run_at)
    select 'fault', '{"do": "ok"}', now() + interval '1500 ms' from generate_series(1, 20) returning id`
  await finish([...ids, ...later.map(({ id }) => id)])
  const rows = await effectsOf([...ids, ...later.map(({ id }) => id)])
  expect(rows.every(({ status, attempts, crashes }) => status === 'completed' && attempts === 1 && crashes === 0)).toBe(
    true,
  )
  expect(rows.every((row) => row.started_at >= row.run_at && row.completed_at >= row.started_at)).toBe(true)
  expect(await callsOf(ids)).toBe(200)
  expect(new Set(rows.map(({ worker }) => worker)).size).toBeGreaterThan(1)
  for (const worker of workers) {
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
  }
})

test.skipIf(!hasRedis)('Redis flushed while effects are queued loses none', { timeout: 120_000 }, async () => {
  const worker = await start({ ...onPostgres, redisUrl: redis!.url })
  const ids = await ask('slow', 400)
  for (let n = 0; n < 3; n++) {
    await sleep(200)
    await redis!.flush()
  }
  await finish(ids)
  expect((await effectsOf(ids)).every(({ status }) => status === 'completed')).toBe(true)
  worker.signal('SIGTERM')
  await worker.ended
  expect(await violations(sql)).toEqual([])
})

test.skipIf(!hasRedis)('Redis stopped and started again loses none', { timeout: 120_000 }, async () => {
  const worker = await start({ ...onPostgres, redisUrl: redis!.url })
  const ids = await ask('slow', 300)
  await expect.poll(() => unfinished(ids), { interval: 20 }).toBeLessThan(300)
  await redis!.restart()
  const more = await ask('slow', 50)
  await finish([...ids, ...more])
  expect((await effectsOf([...ids, ...more])).every(({ status }) => status === 'completed')).toBe(true)
  worker.signal('SIGTERM')
  expect(await worker.ended).toBe(0)
  expect(await violations(sql)).toEqual([])
})

test('two workers killed again and again leave nothing undone and nothing done twice', {
  timeout: 180_000,
}, async () => {
  const ids = await ask('slow', 800)
  const pair = await Promise.all([supervise(onPostgres), supervise(onPostgres)])
  for (let n = 0; n < 6; n++) {
    await sleep(700)
    pair[n % 2]!.current().signal('SIGKILL')
  }
  await finish(ids, 60_000)
  expect(await violations(sql)).toEqual([])
  // Ones that were running thrice when a worker was killed are set aside, as poison would be.
  const dead = (await effectsOf(ids)).filter(({ status }) => status === 'dead')
  expect(dead.every(({ crashes }) => crashes === 3)).toBe(true)
  await Promise.all(pair.map((one) => one.stop()))
})
