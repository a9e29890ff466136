import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PermanentError, RetryLaterError } from '@/lib/effects/failure'
import { type HandlerContext, handler } from '@/lib/effects/handler'
import { type EffectRequest, requestEffect } from '@/lib/effects/request'
import { createTestDatabase } from '@/tests/support/database'
import { effectsWorkers } from '@/tests/support/effects'
import { hasRedis, startRedis } from '@/tests/support/redis'

const db = await createTestDatabase()
const start = await effectsWorkers(db)
const redis = hasRedis ? await startRedis() : undefined
afterAll(() => redis?.stop())

const any = z.unknown()
const ask = (kind: string, payload: unknown = {}, more: Partial<EffectRequest> = {}) =>
  requestEffect(db.app.orm, { kind, payload, ...more })
const effectOf = async (id: string) => (await db.app.sql`select * from kontor.effects where id = ${id}`)[0]!
const attemptsOf = (id: string) => db.app.sql`select * from kontor.effect_attempts where effect_id = ${id} order by id`
const reaches = (id: string, status: string) =>
  expect.poll(async () => (await effectOf(id)).status, { interval: 20 }).toBe(status)

/** Nothing is found by chance: how long things take is measured elsewhere, on a quiet machine. */
const RARE_LOOKS = { pollMs: 15_000, offerMs: 60_000 }

const CARRIERS = [
  { on: 'Postgres', redisUrl: undefined, isHere: true },
  { on: 'Redis', redisUrl: redis?.url, isHere: hasRedis },
]

let counter = 0
let kind = ''
beforeEach(() => {
  kind = `kind.${++counter}`
})

describe.each(CARRIERS.filter(({ isHere }) => isHere))('a worker with its queue on $on', ({ redisUrl }) => {
  const work = (options: Parameters<typeof handler>[0], settings = {}) =>
    start({ [kind]: handler(options) }, { redisUrl, settings })

  test('carries an effect out once and keeps its result, times and attempt', async () => {
    const seen: HandlerContext[] = []
    const worker = await work({
      payload: z.object({ n: z.number() }),
      run: (payload, ctx) => {
        seen.push(ctx)
        return { doubled: (payload as { n: number }).n * 2 }
      },
    })
    const id = await ask(kind, { n: 21 })
    await reaches(id, 'completed')
    const row = await effectOf(id)
    expect(row).toMatchObject({ attempts: 1, max_attempts: 11, completion_payload: { doubled: 42 }, last_error: null })
    expect(row.completed_at >= row.started_at).toBe(true)
    expect(await attemptsOf(id)).toMatchObject([{ attempt: 1, outcome: 'completed', error: null }])
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ id, kind, attempt: 1, idempotencyKey: id, createdBy: 'kontor_app' })
    await worker.end()
  })

  test('starts what psql inserted at the ring, without waiting for a look', async () => {
    let startedAt = 0
    const run = () => {
      startedAt = performance.now()
    }
    const worker = await work({ payload: any, run }, RARE_LOOKS)
    const waits: number[] = []
    for (let n = 0; n < 10; n++) {
      startedAt = 0
      await db.admin.sql`insert into kontor.effects (kind, payload) values (${kind}, '{}')`
      const committedAt = performance.now()
      await expect.poll(() => startedAt, { interval: 1 }).not.toBe(0)
      waits.push(startedAt - committedAt)
    }
    expect(waits.toSorted((a, b) => a - b)[5]).toBeLessThan(RARE_LOOKS.pollMs / 4)
    await worker.end()
  })

  test('tries a failure again after its wait, and completes it with every attempt on record', async () => {
    const worker = await work({
      payload: any,
      backoff: '20ms',
      run: (_payload, { attempt }) => {
        if (attempt < 3) throw new Error(`no. ${attempt}`, { cause: new TypeError('root') })
        return attempt
      },
    })
    const id = await ask(kind)
    await reaches(id, 'completed')
    expect(await effectOf(id)).toMatchObject({ attempts: 3, completion_payload: 3 })
    const attempts = await attemptsOf(id)
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'completed'])
    expect(attempts[0]!.error).toMatch(/no\. 1[\s\S]*caused by TypeError: root/)
    await worker.end()
  })

  test('gives up after the last attempt, after a permanent error, and where retryOn says no', async () => {
    const runs: string[] = []
    const worker = await work({
      payload: any,
      backoff: '5ms',
      retries: 2,
      retryOn: (error) => !(error instanceof RangeError),
      run: (payload) => {
        runs.push(String(payload))
        if (payload === 'permanent') throw new PermanentError('no such address')
        if (payload === 'range') throw new RangeError('out of it')
        throw new Error('again')
      },
    })
    const [permanent, range, again] = [await ask(kind, 'permanent'), await ask(kind, 'range'), await ask(kind, 'again')]
    await Promise.all([reaches(permanent, 'dead'), reaches(range, 'dead'), reaches(again, 'dead')])
    expect(runs.toSorted()).toEqual(['again', 'again', 'again', 'permanent', 'range'])
    expect(await effectOf(permanent)).toMatchObject({
      last_error: 'PermanentError: no such address',
      completed_at: null,
    })
    await worker.end()
  })

  test('waits as long as an error asks for, and max_attempts of the row beats the handler', async () => {
    const times: number[] = []
    const worker = await work({
      payload: any,
      backoff: '1h',
      run: () => {
        times.push(performance.now())
        throw new RetryLaterError('busy', '300ms')
      },
    })
    const id = await ask(kind, {}, { maxAttempts: 2 })
    await reaches(id, 'dead')
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(295)
    expect(await effectOf(id)).toMatchObject({ attempts: 2, max_attempts: 2 })
    await worker.end()
  })

  test.each([
    ['negative', -60_000, 1],
    ['beyond any calendar', Number.MAX_VALUE, 401],
    ['no number', Number.NaN, 1],
  ])('a wait that is %s is made one that can be', async (_what, after, mostDays) => {
    const worker = await work({
      payload: any,
      backoff: '1h',
      retries: 1,
      run: () => {
        throw new RetryLaterError('later', after)
      },
    })
    const id = await ask(kind)
    await expect.poll(async () => (await effectOf(id)).last_error).toMatch(/later/)
    const [{ days }] = (await db.app.sql`select extract(epoch from run_at - now())::float8 / 86400 as days
      from kontor.effects where id = ${id}`) as unknown as [{ days: number }]
    expect(days).toBeLessThanOrEqual(mostDays)
    await worker.end()
  })

  test.each([
    ['an empty kind', '', {}],
    ['a kind too long', 'k'.repeat(201), {}],
    ['a NUL in the key', 'next', { dedupeKey: 'a\0b' }],
    ['no date', 'next', { runAt: new Date('soon') }],
  ])('a follow-up with %s is refused where it is asked for', async (_what, next, options) => {
    const worker = await work({ payload: any, retries: 0, run: (_payload, ctx) => ctx.effect(next, {}, options) })
    const id = await ask(kind)
    await reaches(id, 'dead')
    expect((await effectOf(id)).last_error).toMatch(/effect|NUL/)
    await worker.end()
  })

  test('refuses a payload that does not fit at once, with the reason', async () => {
    let runs = 0
    const worker = await work({ payload: z.object({ id: z.number() }), run: () => void runs++ })
    const id = await ask(kind, { id: 'four' })
    await reaches(id, 'dead')
    expect((await effectOf(id)).last_error).toMatch(/does not fit\. id: .*expected number/)
    expect(await attemptsOf(id)).toMatchObject([{ outcome: 'invalid' }])
    expect(runs).toBe(0)
    await worker.end()
  })

  test('aborts a handler at its timeout, frees its place, and records what it does afterwards as late', async () => {
    let reason: unknown
    const worker = await work(
      {
        payload: any,
        timeout: '100ms',
        retries: 0,
        run: async (_payload, { signal }) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason
          })
          await sleep(400) // takes no notice
          return 'too late'
        },
      },
      { concurrency: 1 },
    )
    const id = await ask(kind)
    await reaches(id, 'dead')
    expect(worker.busy()).toBe(0)
    expect(reason).toMatchObject({ name: 'TimeoutError' })
    await expect.poll(async () => (await attemptsOf(id)).map(({ outcome }) => outcome)).toEqual(['timeout', 'late'])
    expect(await effectOf(id)).toMatchObject({ status: 'dead', completion_payload: null })
    await worker.end()
  })

  test('runs an effect when its moment comes, one of the past at once, one of the far future not', async () => {
    const worker = await work({ payload: any, run: () => Date.now() }, RARE_LOOKS)
    const soon = await ask(kind, {}, { runAt: new Date(Date.now() + 700) })
    const past = await ask(kind, {}, { runAt: new Date('1970-01-01') })
    const far = await ask(kind, {}, { runAt: new Date('9999-12-31') })
    await db.app.sql`insert into kontor.effects (kind, run_at) values (${kind}, 'infinity')`
    await reaches(past, 'completed')
    await reaches(soon, 'completed')
    const row = await effectOf(soon)
    expect(new Date(row.started_at).getTime() - new Date(row.run_at).getTime()).toBeLessThan(RARE_LOOKS.pollMs / 4)
    expect(row.started_at >= row.run_at).toBe(true)
    expect(await effectOf(far)).toMatchObject({ status: 'pending', attempts: 0 })
    await worker.end()
  })

  test('leaves an unknown kind visibly waiting, and runs it once a handler is there', async () => {
    const before = await start({ [`${kind}.other`]: handler({ payload: any, run: () => {} }) }, { redisUrl })
    const id = await ask(kind)
    await sleep(400)
    expect(await effectOf(id)).toMatchObject({ status: 'pending', attempts: 0 })
    const after = await work({ payload: any, run: () => 'done' })
    await reaches(id, 'completed')
    await Promise.all([before.end(), after.end()])
  })

  test('keeps a kind to its concurrency over all workers', async () => {
    let [now, most] = [0, 0]
    const options = {
      payload: any,
      concurrency: 3,
      run: async () => {
        most = Math.max(most, ++now)
        await sleep(30)
        now--
      },
    }
    await db.app.sql`insert into kontor.effects (kind) select ${kind} from generate_series(1, 40)`
    const workers = [await work(options), await work(options)]
    const left = () => db.app.sql`select 1 from kontor.effects where kind = ${kind} and status <> 'completed'`
    await expect.poll(left).toHaveLength(0)
    expect(most).toBe(3)
    await Promise.all(workers.map((worker) => worker.end()))
  })

  test('keeps a kind to its rate', async () => {
    const worker = await work({ payload: any, rate: { max: 5, per: '1s' }, run: () => {} })
    await db.app.sql`insert into kontor.effects (kind) select ${kind} from generate_series(1, 15)`
    const rows = () => db.app.sql<{ status: string; started: number }[]>`
      select status, extract(epoch from started_at)::float8 * 1000 as started from kontor.effects
      where kind = ${kind} order by started_at`
    await expect.poll(async () => (await rows()).filter(({ status }) => status === 'completed')).toHaveLength(15)
    // By the database's clock: when this process came to run them says how busy it was.
    const times = (await rows()).map(({ started }) => started)
    for (let n = 5; n < 15; n++) expect(times[n]! - times[n - 5]!).toBeGreaterThan(700)
    await worker.end()
  })

  test('starts an urgent kind before a backlog of others', async () => {
    const order: string[] = []
    const run = async (payload: unknown) => {
      order.push(String(payload))
      await sleep(5)
    }
    await db.app.sql`insert into kontor.effects (kind, payload) select ${kind}, '"slow"' from generate_series(1, 300)`
    const handlers = {
      [kind]: handler({ payload: any, run }),
      [`${kind}.urgent`]: handler({ payload: any, priority: 1, run }),
    }
    const worker = await start(handlers, { redisUrl, settings: { concurrency: 2 } })
    await expect.poll(() => order.length).toBeGreaterThan(10)
    const id = await ask(`${kind}.urgent`, 'urgent')
    await reaches(id, 'completed')
    await expect.poll(() => order.length).toBe(301)
    expect(order.indexOf('urgent')).toBeLessThan(250)
    await worker.end()
  })

  test('requests follow-ups with the completion, and none from an attempt that failed', async () => {
    const worker = await work({
      payload: any,
      backoff: '5ms',
      run: (_payload, ctx) => {
        ctx.effect(`${kind}.next`, { attempt: ctx.attempt }, { dedupeKey: ctx.attempt === 2 ? 'k' : undefined })
        if (ctx.attempt === 1) throw new Error('no')
      },
    })
    const id = await ask(kind)
    await reaches(id, 'completed')
    const rows = await db.app.sql`select * from kontor.effects where kind = ${`${kind}.next`}`
    expect(rows).toMatchObject([{ payload: { attempt: 2 }, created_by: `effect:${id}`, request_id: id }])
    await worker.end()
  })

  test('completes what returns something JSON cannot hold, and says what was not kept', async () => {
    const loop: Record<string, unknown> = {}
    loop.self = loop
    const results: Record<string, unknown> = {
      loop,
      bigint: 10n,
      nothing: undefined,
      nul: 'a\u0000b',
      big: 'x'.repeat(2_000_000),
    }
    const worker = await work({ payload: z.string(), run: (name) => results[name as string] })
    const ids = Object.fromEntries(
      await Promise.all(Object.keys(results).map(async (name) => [name, await ask(kind, name)] as const)),
    )
    for (const id of Object.values(ids)) await reaches(id, 'completed')
    expect((await effectOf(ids.loop!)).last_error).toMatch(/not kept.*circular/)
    expect((await effectOf(ids.bigint!)).last_error).toMatch(/not kept.*BigInt/)
    expect((await effectOf(ids.big!)).last_error).toMatch(/2000002 bytes/)
    expect(await effectOf(ids.nothing!)).toMatchObject({ completion_payload: null, last_error: null })
    expect((await effectOf(ids.nul!)).completion_payload).toBe('a\uFFFDb')
    await worker.end()
  })

  test('refuses the result of a cancelled effect, aborts its handler and records it as late', async () => {
    const worker = await work({
      payload: any,
      run: async (_payload, { signal }) => {
        await once(signal, 'abort')
        return 'done anyway'
      },
    })
    const id = await ask(kind)
    await reaches(id, 'running')
    await db.app.sql`update kontor.effects set status = 'cancelled', lease_token = null where id = ${id}`
    await expect.poll(async () => (await attemptsOf(id)).map(({ outcome }) => outcome)).toEqual(['late'])
    expect(await effectOf(id)).toMatchObject({ status: 'cancelled', completion_payload: null })
    await worker.end()
  })

  test('hands back what does not end in time when it has to stop, and another worker runs it', async () => {
    const options = {
      payload: any,
      run: async (_payload: unknown, { attempt, signal }: HandlerContext) => {
        if (attempt === 1) await sleep(60_000, undefined, { signal })
        return attempt
      },
    }
    const first = await work(options)
    const id = await ask(kind)
    await reaches(id, 'running')
    const stopping = performance.now()
    await first.end(200)
    expect(performance.now() - stopping).toBeLessThan(30_000)
    expect(await effectOf(id)).toMatchObject({ status: 'pending', attempts: 1, max_attempts: 12 })
    const second = await work(options)
    await reaches(id, 'completed')
    expect((await attemptsOf(id)).map(({ outcome }) => outcome)).toEqual(
      expect.arrayContaining(['handed_back', 'completed']),
    )
    await second.end()
  })

  test('finishes what ends within the grace time', async () => {
    const worker = await work({ payload: any, run: () => sleep(300, 'finished') })
    const id = await ask(kind)
    await reaches(id, 'running')
    await worker.end(20_000)
    expect(await effectOf(id)).toMatchObject({ status: 'completed', completion_payload: 'finished' })
  })

  test('does ten thousand at once, each exactly once', { timeout: 120_000 }, async () => {
    const seen = new Map<unknown, number>()
    const worker = await work({ payload: z.number(), run: (n) => void seen.set(n, (seen.get(n) ?? 0) + 1) })
    await db.app
      .sql`insert into kontor.effects (kind, payload) select ${kind}, to_jsonb(n) from generate_series(1, 10000) n`
    const left = async () =>
      Number(
        (await db.app.sql`select count(*) from kontor.effects where kind = ${kind} and status <> 'completed'`)[0]!
          .count,
      )
    await expect.poll(left, { timeout: 100_000, interval: 100 }).toBe(0)
    expect(seen.size).toBe(10_000)
    expect([...seen.values()].every((times) => times === 1)).toBe(true)
    await worker.end()
  })
})

test.skipIf(hasRedis)('skipped: the same on Redis, for no redis-server is installed', () => {})

describe('leases', () => {
  test('an effect whose worker vanished is run again, and its late result refused', async () => {
    const id = await ask(kind)
    // A worker claimed it and was never heard of again.
    await db.app.sql`update kontor.effects set status = 'running', attempts = 1, max_attempts = 11, crashes = 0,
      lease_token = gen_random_uuid(), lease_until = now() + interval '300 ms', worker = 'gone' where id = ${id}`
    const worker = await start({ [kind]: handler({ payload: any, run: () => 'second' }) })
    await reaches(id, 'completed')
    expect(await effectOf(id)).toMatchObject({ attempts: 2, crashes: 1, completion_payload: 'second' })
    expect(await attemptsOf(id)).toMatchObject([
      { attempt: 1, outcome: 'crashed', worker: 'gone' },
      { attempt: 2, outcome: 'completed' },
    ])
    await worker.end()
  })

  test('the third crash sets an effect aside and tells the alert kind', async () => {
    const alerts: unknown[] = []
    const id = await ask(kind)
    await db.app.sql`update kontor.effects set status = 'running', attempts = 3, max_attempts = 11, crashes = 2,
      lease_token = gen_random_uuid(), lease_until = now() - interval '1 s' where id = ${id}`
    const worker = await start({
      [kind]: handler({ payload: any, run: () => {} }),
      'effect.dead': handler({ payload: any, run: (payload) => void alerts.push(payload) }),
    })
    await reaches(id, 'dead')
    expect((await effectOf(id)).last_error).toMatch(/vanished.*third time/)
    await expect.poll(() => alerts).toMatchObject([{ id, kind, attempts: 3 }])
    await worker.end()
  })

  test('a long handler keeps its lease, and nobody else runs it', async () => {
    let runs = 0
    const options = handler({ payload: any, run: () => sleep(2500, ++runs) })
    const workers = [
      await start({ [kind]: options }, { settings: { leaseMs: 1200 } }),
      await start({ [kind]: options }),
    ]
    const id = await ask(kind)
    await reaches(id, 'completed')
    expect(runs).toBe(1)
    expect(await effectOf(id)).toMatchObject({ attempts: 1, crashes: 0 })
    await Promise.all(workers.map((worker) => worker.end()))
  })
})
