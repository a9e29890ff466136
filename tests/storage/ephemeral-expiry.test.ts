import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { expireRecords, forgetExpiries } from '@/lib/admin/operations/expire'
import { keepAlive } from '@/lib/admin/operations/keep-alive'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers, uninstallTriggers } from '@/lib/history'
import { expiryDuty } from '@/worker/expiry'
import { db, emptyTables, lines, type Options, site, stored } from './ephemeral-site'
import { movableClock } from './support'

beforeEach(async () => {
  await emptyTables()
})

describe('expiry', () => {
  test('runs the delete hooks once for each record however many sweep at once, as the system, by expiry', async () => {
    const deleted: string[] = []
    const said = new Set<string>()
    const options: Options = {
      hooks: {
        beforeDelete: (_ctx, { id }) => void deleted.push(id),
        afterDelete: async (ctx) => {
          const [row] = await ctx.tx.execute<{ said: string }>(
            sql`select current_setting('kontor.actor') || ' ' || current_setting('kontor.source') as said`,
          )
          said.add(`${row?.said}, ${ctx.actor.id} ${ctx.source}`)
        },
      },
    }
    const { create, clock, sweep } = await site(options)
    const ids = Array.from({ length: 50 }, (_, n) => `c${String(n).padStart(2, '0')}`)
    await Promise.all(ids.map((id) => create(id)))
    clock.move(20)
    await create('stays')
    clock.move(10)
    const reports = await Promise.all(Array.from({ length: 6 }, sweep))
    expect(reports.reduce((sum, { expired }) => sum + expired, 0)).toBe(50)
    expect(deleted.toSorted()).toEqual(ids)
    expect([...said]).toEqual(['system expiry, system expiry'])
    expect(await stored()).toEqual(['stays'])
    expect(await db.admin.sql`select reason, count(*)::int from kontor.expiries group by 1`).toEqual([
      { reason: 'inactivity', count: 50 },
    ])
  })

  test('a hook that says no is told and noted, what it wrote is undone, and the record goes anyway', async () => {
    const problems: string[] = []
    const {
      create,
      clock,
      carts: resourceOf,
      ctx,
    } = await site({
      hooks: {
        beforeDelete: async (inside, { id }) => {
          await inside.create('shop/orders', { what: `deleted ${id}` })
          if (id === 'b') inside.reject('b is special')
          if (id === 'c') throw new TypeError('a bug in a hook')
          if (id === 'd') await inside.tx.execute(sql`select 1 / 0`)
        },
      },
      life: { onExpire: async (inside, { id }) => void (await inside.create('shop/orders', { what: `saved ${id}` })) },
    })
    for (const id of ['a', 'b', 'c', 'd']) await create(id)
    clock.move(30)
    const report = await expireRecords(ctx, resourceOf, {
      onProblem: ({ id, isStuck }) => problems.push(`${id} ${isStuck}`),
    })
    expect(report).toEqual({ expired: 4, stuck: 0 })
    expect(problems.toSorted()).toEqual(['b false', 'c false', 'd false'])
    expect(await stored()).toEqual([])
    const kept = await db.admin.sql`select what from orders order by what`
    expect(kept.map(({ what }) => what)).toEqual(['deleted a', 'saved a', 'saved b', 'saved c', 'saved d'])
    expect(
      await db.admin.sql`select record_id, error from kontor.expiries where error is not null order by 1`,
    ).toMatchObject([
      { record_id: 'b', error: 'b is special' },
      { record_id: 'c', error: 'a bug in a hook' },
      { record_id: 'd' },
    ])
  })

  test('saves at expiry and loads at creation; a record deleted by a person is not saved', async () => {
    const {
      create,
      clock,
      sweep,
      road,
      carts: resourceOf,
    } = await site({
      life: {
        onCreate: async (ctx, given) => {
          const [row] = await ctx.tx.execute<{ total: number }>(
            sql`select what::int as total from orders order by id desc limit 1`,
          )
          return { total: row?.total, token: `token of ${given.id}` }
        },
        onExpire: async (ctx, record) => void (await ctx.create('shop/orders', { what: String(record.total) })),
      },
    })
    await create('a', { total: '7' })
    clock.move(30)
    await sweep()
    expect((await create('a')).texts).toMatchObject({ total: '7', token: 'token of a' })
    expect((await create('b', { total: '1' })).texts).toMatchObject({ total: '1', token: 'token of b' })
    await deleteRecords(road, resourceOf, ['a', 'b'])
    expect(await db.admin.sql`select what from orders`).toEqual([{ what: '7' }])
  })

  test('without a history leaves no trace in the log, and says on its pages that a deletion is final', async () => {
    const { create, clock, sweep, source, open } = await site({ history: false })
    await uninstallTriggers(db.owner.sql, trackedTables(source))
    await installTriggers(db.owner.sql, trackedTables(source))
    await create('a')
    expect((await open('a')).resource.isRecorded).toBe(false)
    clock.move(30)
    await sweep()
    expect(await db.admin.sql`select 1 from kontor.changes where relation = 'public.carts'`).toEqual([])
  })

  test('an override of the delete stands in for the statement', async () => {
    const { create, clock, sweep } = await site({
      overrides: {
        delete: async (ctx, { id }) =>
          void (await ctx.tx.execute(
            sql`with gone as (delete from carts where id = ${id}) insert into orders (what) values ('by override')`,
          )),
      },
    })
    await create('a')
    clock.move(30)
    expect(await sweep()).toEqual({ expired: 1, stuck: 0 })
    expect(await db.admin.sql`select what from orders`).toEqual([{ what: 'by override' }])
  })

  for (const isWatched of [false, true]) {
    test(`a record the database holds on to is told and tried again, and keeps no other from going (${isWatched ? 'with' : 'without'} hooks)`, async () => {
      const {
        create,
        clock,
        ctx,
        carts: resourceOf,
      } = await site(isWatched ? { hooks: { afterDelete: () => {} } } : {})
      for (let n = 0; n < 5; n++) await create(`c${n}`)
      await db.admin.sql.unsafe(
        `create unlogged table holds (cart text references carts); insert into holds values ('c1')`,
      )
      try {
        clock.move(30)
        const problems: string[] = []
        const onProblem = ({ id, isStuck }: { id: string; isStuck: boolean }) => problems.push(`${id} ${isStuck}`)
        expect(await expireRecords(ctx, resourceOf, { onProblem })).toEqual({ expired: 4, stuck: 1 })
        expect(problems).toEqual(['c1 true'])
        await db.admin.sql`truncate holds`
        expect(await expireRecords(ctx, resourceOf)).toEqual({ expired: 1, stuck: 0 })
      } finally {
        await db.admin.sql`drop table holds`
      }
    })
  }

  test('meeting a touch leaves either a living record or none: never one that was told it lives and went', async () => {
    const early = await site()
    const late = await site({}, movableClock(new Date(early.clock.now().getTime() + 31 * 60_000)))
    early.clock.move(0)
    for (let n = 0; n < 60; n++) await early.create(`r${n}`)
    early.clock.move(29.9)
    const touches = Array.from({ length: 60 }, (_, n) =>
      keepAlive(early.road, early.carts, `r${n}`).then(() => `r${n}`),
    )
    const [touched] = await Promise.all([Promise.allSettled(touches), late.sweep(), late.sweep()])
    const kept = touched.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(await stored()).toEqual(kept.toSorted())
    const codes = touched.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
    )
    expect(codes.every((code) => code === 'expired')).toBe(true)
  })

  test('takes what hangs on the record with it', async () => {
    const { create, clock, sweep, road, of } = await site()
    await create('a')
    await createRecord(road, of(lines), { values: { cartId: 'a', what: 'bread' } })
    clock.move(30)
    await sweep()
    expect(await db.admin.sql`select * from lines`).toEqual([])
  })

  test('by number takes the least active, at creation and at the sweep', async () => {
    const deleted: string[] = []
    const { create, clock, open, list, sweep } = await site({
      life: { maxRecords: 3 },
      hooks: { beforeDelete: (_ctx, { id }) => void deleted.push(id) },
    })
    for (const id of ['a', 'b', 'c']) {
      await create(id)
      clock.move(4)
    }
    await open('a')
    clock.move(1)
    await create('d')
    expect(await list()).toEqual(['a', 'c', 'd'])
    await db.admin
      .sql`insert into carts (id, touched_at, expires_at) select 'x' || n, '2000-01-01', 'infinity' from generate_series(1, 5) n`
    expect(await sweep()).toEqual({ expired: 5, stuck: 0 })
    expect(await list()).toEqual(['a', 'c', 'd'])
    expect(deleted.slice(0, 1)).toEqual(['b'])
    expect(await db.admin.sql`select distinct reason from kontor.expiries`).toEqual([{ reason: 'evicted' }])
  })

  test('of ten thousand records takes less than five seconds and keeps no reader waiting', async () => {
    const { clock, sweep, carts: resourceOf, ctx } = await site({ hooks: { beforeDelete: () => {} } })
    const at = clock.now().toISOString()
    await db.admin
      .sql`insert into carts (id, touched_at, expires_at) select 'c' || n, ${at}, ${at} from generate_series(1, 10000) n`
    await db.admin.sql`insert into carts (id, touched_at) values ('stays', ${at})`
    let isDone = false
    let slowestMs = 0
    const reading = (async () => {
      while (!isDone) {
        const begun = performance.now()
        expect((await loadList(ctx, resourceOf, {})).rows.map(({ id }) => id)).toEqual(['stays'])
        slowestMs = Math.max(slowestMs, performance.now() - begun)
        await sleep(20)
      }
    })()
    const begun = performance.now()
    const report = await sweep()
    const tookMs = performance.now() - begun
    isDone = true
    await reading
    expect(report).toEqual({ expired: 10_000, stuck: 0 })
    expect(tookMs).toBeLessThan(5_000)
    expect(slowestMs).toBeLessThan(1_000)
  }, 60_000)

  test('is a duty of the worker, which forgets after a week', async () => {
    const deleted: string[] = []
    const { create, clock, source, ctx } = await site({
      hooks: { beforeDelete: (_ctx, { id }) => void deleted.push(id) },
    })
    await create('a')
    clock.move(30)
    const duty = expiryDuty(source)
    const worker = {
      db: db.app,
      clock,
      log: pino({ level: 'silent' }),
      signal: new AbortController().signal,
    } as unknown as Parameters<typeof duty.run>[0]
    await duty.run(worker)
    await duty.run(worker)
    expect(deleted).toEqual(['a'])
    clock.move(60 * 24 * 7 - 1)
    await forgetExpiries(ctx)
    expect(await db.admin.sql`select record_id from kontor.expiries`).toEqual([{ record_id: 'a' }])
    clock.move(2)
    await duty.run(worker)
    expect(await db.admin.sql`select record_id from kontor.expiries`).toEqual([])
  })
})
