import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { type AnyPgColumn, integer, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { lifetimeOf } from '@/lib/admin/lifetime'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { expireRecords, forgetExpiries } from '@/lib/admin/operations/expire'
import { keepAlive } from '@/lib/admin/operations/keep-alive'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import { type EphemeralOptions, ephemeral } from '@/lib/admin/storage-options'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { connect } from '@/lib/db/client'
import { ephemeralColumns } from '@/lib/db/storage-columns'
import { installTriggers, uninstallTriggers } from '@/lib/history'
import { installStorage, storageObstacles } from '@/lib/storage'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { expiryDuty } from '@/worker/expiry'
import { createTables, installAll, movableClock } from './support'

const db = await createTestDatabase()

const carts = pgTable(
  'carts',
  {
    id: text('id').primaryKey(),
    ...ephemeralColumns(),
    token: text('token'),
    total: integer('total').notNull().default(0),
  },
  (t) => [unique('cart_token').on(t.token)],
)
const lines = pgTable('lines', {
  id: uuid('id').primaryKey().defaultRandom(),
  ...ephemeralColumns(),
  cartId: text('cart_id').references((): AnyPgColumn => carts.id, { onDelete: 'cascade', onUpdate: 'cascade' }),
  what: text('what').notNull(),
})
const orders = pgTable('orders', { id: integer('id').primaryKey().generatedAlwaysAsIdentity(), what: text('what') })
const schema = { carts, lines, orders }
await createTables(db, schema)

type Options = ResourceOptions<typeof carts> & { life?: EphemeralOptions<typeof carts> }

async function site({ life, ...options }: Options = {}, clock = movableClock(), database = db.app) {
  const admin = await createTestAdmin(
    database,
    {
      schema,
      sections: {
        shop: section(
          'Shop',
          {},
          {
            carts: resource(carts, {
              ...options,
              storage: ephemeral({ inactivityTimeout: '30m', maximumLifetime: '2h', ...life }),
            }),
            lines: resource(lines, { storage: ephemeral({}) }),
            orders: resource(orders),
          },
        ),
      },
    },
    clock,
  )
  await installAll(db, admin)
  const resourceOf = admin.of(carts)
  const road = { ctx: admin.ctx }
  return {
    ...admin,
    clock,
    road,
    carts: resourceOf,
    create: (id: string, values: Record<string, string> = {}) =>
      createRecord(road, resourceOf, { values: { id, ...values } }),
    load: (id: string) => resourceOf.storage.load(admin.ctx.db, id),
    open: (id: string, options?: { isActivity: boolean }) => loadRecordView(admin.ctx, resourceOf, id, options),
    list: async () => (await loadList(admin.ctx, resourceOf, { sort: 'id' })).rows.map(({ id }) => id),
    sweep: () => expireRecords(admin.ctx, resourceOf),
  }
}

const stored = async () => (await db.admin.sql`select id from carts order by id`).map(({ id }) => id as string)

beforeEach(async () => {
  await db.admin.sql`truncate carts, lines, orders, kontor.expiries`
})

describe('a record', () => {
  test('is gone for every read the moment its time is over, with no sweep', async () => {
    const { create, load, list, clock, ctx, of, road, open, carts: resourceOf } = await site()
    await create('a')
    await createRecord(road, of(lines), { values: { cartId: 'a', what: 'bread' } })
    clock.move(29.99)
    expect([await list(), (await load('a'))?.id]).toEqual([['a'], 'a'])
    clock.move(0.01)
    expect(await load('a')).toBeUndefined()
    expect(await list()).toEqual([])
    expect((await loadList(ctx, resourceOf, {})).count).toEqual({ kind: 'exact', count: 0 })
    await expect(open('a')).rejects.toMatchObject({ code: 'expired', status: 410 })
    await expect(createRecord(road, of(lines), { values: { cartId: 'a', what: 'x' } })).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { cartId: [expect.any(String)] } },
    })
    const line = await loadList(ctx, of(lines), {})
    expect(line.rows[0]?.cells.some(({ href }) => href?.includes('/carts/'))).toBe(false)
    expect(await stored()).toEqual(['a'])
  })

  test('lives on with activity, but never past the end of its lifetime', async () => {
    const { create, open, load, clock, road, carts: resourceOf } = await site()
    await create('a')
    for (let n = 0; n < 2; n++) {
      clock.move(25)
      await open('a')
      clock.move(25)
      await updateRecord(road, resourceOf, 'a', { values: { total: String(n + 1) } })
    }
    clock.move(15)
    expect((await open('a')).lifetime).toMatchObject({ remainingMs: 5 * 60_000, canBeKept: false })
    await keepAlive(road, resourceOf, 'a')
    clock.move(4.99)
    expect(await load('a')).toBeDefined()
    clock.move(0.01)
    expect(await load('a')).toBeUndefined()
  })

  test('is kept alive by opening and writing it, not by listing, counting, picking or refreshing it', async () => {
    const { create, open, list, load, clock, road, ctx, of, carts: resourceOf } = await site()
    await create('opened')
    await create('written')
    await create('listed')
    clock.move(20)
    await open('opened')
    await updateRecord(road, resourceOf, 'written', { values: { total: '1' } })
    await list()
    await open('listed', { isActivity: false })
    await loadRecordView(
      ctx,
      of(lines),
      (await createRecord(road, of(lines), { values: { cartId: 'listed', what: 'x' } })).id,
    )
    await load('listed')
    clock.move(15)
    expect(await list()).toEqual(['opened', 'written'])
  })

  test('is touched at most once in a tenth of its timeout, and touching is no change of it', async () => {
    const { create, open, clock, road, carts: resourceOf } = await site()
    const row = await create('a')
    const writes = async () => (await db.admin.sql`select xmin::text, touched_at, expires_at from carts`)[0]
    const first = await writes()
    for (let n = 0; n < 20; n++) {
      clock.move(0.149)
      await open('a')
    }
    expect(await writes()).toEqual(first)
    clock.move(0.1)
    const view = await open('a')
    expect(await writes()).not.toEqual(first)
    expect(view.lifetime?.remainingMs).toBe(30 * 60_000)
    expect(view.version).toBe(row.version)
    const saved = await updateRecord(road, resourceOf, 'a', { values: { ...row.texts, total: '3' }, shown: row.texts })
    expect(saved).toMatchObject({ isChanged: true, merged: [], row: { version: '2' } })
  })

  test('can be opened while somebody is writing it', async () => {
    const { create, open, clock } = await site()
    await create('a')
    clock.move(20)
    await db.admin.sql.begin(async (tx) => {
      await tx`select from carts where id = 'a' for update`
      expect((await open('a')).id).toBe('a')
    })
  })

  test('shows what it has left, and sorts by it', async () => {
    const { create, clock, carts: resourceOf, ctx } = await site()
    await create('early')
    clock.move(10)
    const late = await create('late')
    expect(lifetimeOf(ctx, resourceOf, late)).toEqual({
      latest: expect.stringMatching(/^\d+ \w+ \d{4}, \d\d:\d\d$/),
      expiresAt: new Date(clock.now().getTime() + 30 * 60_000).toISOString(),
      livesUntil: new Date(clock.now().getTime() + 120 * 60_000).toISOString(),
      remainingMs: 30 * 60_000,
      canBeKept: true,
    })
    const { expiry } = resourceOf.storage
    const rows = await ctx.db.execute(
      sql`select id, ${expiry?.remaining('t')} as seconds from ${resourceOf.storage.source()} as t order by seconds`,
    )
    expect(rows).toEqual([
      { id: 'early', seconds: 1200 },
      { id: 'late', seconds: 1800 },
    ])
    expect((await loadList(ctx, resourceOf, { sort: '-expiresAt' })).rows.map(({ id }) => id)).toEqual([
      'late',
      'early',
    ])
  })

  test('never expires where neither limit is given', async () => {
    const { create, load, clock, sweep, open } = await site({
      life: { inactivityTimeout: undefined, maximumLifetime: undefined },
    })
    await create('a')
    clock.move(60 * 24 * 365 * 100)
    expect(await sweep()).toEqual({ expired: 0, stuck: 0 })
    expect((await load('a'))?.id).toBe('a')
    expect((await open('a')).lifetime).toEqual({
      expiresAt: undefined,
      livesUntil: undefined,
      remainingMs: undefined,
      canBeKept: false,
    })
  })

  test('is there for another process, as it was last committed, after its creator is gone', async () => {
    const pool = connect(db.urls.app, { max: 1 })
    const first = await site({}, movableClock(), pool)
    await first.create('a', { total: '1' })
    await updateRecord(first.road, first.carts, 'a', { values: { total: '2' } })
    const abandoned = pool.sql.begin(async (tx) => {
      await tx`update carts set total = 99`
      await sleep(60_000)
    })
    abandoned.catch(() => undefined)
    await sleep(50)
    const [held] = await db.admin
      .sql`select pid from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`
    await db.admin.sql`select pg_terminate_backend(${held?.pid as number})`
    await pool.close()
    expect((await (await site()).load('a'))?.texts.total).toBe('2')
  })
})

describe('keepAlive', () => {
  test('starts the timeout anew without a change, a hook or a higher version', async () => {
    const called: string[] = []
    const {
      create,
      clock,
      road,
      load,
      carts: resourceOf,
    } = await site({
      hooks: { beforeSave: () => void called.push('save'), beforeUpdate: () => void called.push('update') },
    })
    const row = await create('a')
    called.length = 0
    clock.move(1)
    const { expiresAt } = await keepAlive(road, resourceOf, 'a')
    expect(expiresAt).toEqual(new Date(clock.now().getTime() + 30 * 60_000))
    expect(called).toEqual([])
    expect((await load('a'))?.version).toBe(row.version)
  })

  test('says what is wrong with an expired, an unknown, a forbidden and a lasting record', async () => {
    const {
      create,
      clock,
      road,
      as,
      of,
      sweep,
      carts: resourceOf,
    } = await site({
      authorize: (ctx) => ctx.user.role === 'owner',
    })
    await create('a')
    await expect(keepAlive({ ctx: await as(EDITOR) }, resourceOf, 'a')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(keepAlive(road, resourceOf, 'b')).rejects.toMatchObject({ code: 'not_found' })
    await expect(keepAlive(road, of(orders), '1')).rejects.toMatchObject({ code: 'invalid' })
    await expect(keepAlive(road, of(lines), 'no uuid')).rejects.toMatchObject({ code: 'not_found' })
    clock.move(30)
    await expect(keepAlive(road, resourceOf, 'a')).rejects.toMatchObject({ code: 'expired' })
    await sweep()
    await expect(keepAlive(road, resourceOf, 'a')).rejects.toMatchObject({
      code: 'expired',
      message: 'Cart a has expired after 30m without activity. Nothing was saved.',
    })
  })

  test('is there for hooks: a line keeps its cart', async () => {
    const clock = movableClock()
    const admin = await createTestAdmin(
      db.app,
      {
        schema,
        sections: {
          shop: section(
            'Shop',
            {},
            {
              carts: resource(carts, { storage: ephemeral({ inactivityTimeout: '30m' }) }),
              lines: resource(lines, {
                storage: ephemeral({}),
                hooks: { afterSave: (ctx, line) => ctx.keepAlive('shop/carts', line.cartId ?? '') },
              }),
            },
          ),
        },
      },
      clock,
    )
    await createRecord({ ctx: admin.ctx }, admin.of(carts), { values: { id: 'a' } })
    clock.move(20)
    await createRecord({ ctx: admin.ctx }, admin.of(lines), { values: { cartId: 'a', what: 'bread' } })
    clock.move(20)
    expect(await admin.of(carts).storage.load(admin.ctx.db, 'a')).toBeDefined()
  })
})

describe('writing', () => {
  test('an expired record is refused as expired, swept or not; one that never was as not found', async () => {
    const { create, clock, road, sweep, carts: resourceOf } = await site()
    await create('a')
    clock.move(30)
    for (const step of [() => undefined, sweep]) {
      await step()
      await expect(updateRecord(road, resourceOf, 'a', { values: { total: '1' } })).rejects.toMatchObject({
        code: 'expired',
      })
      await expect(deleteRecords(road, resourceOf, ['a'])).rejects.toMatchObject({ code: 'expired' })
    }
    await expect(updateRecord(road, resourceOf, 'z', { values: { total: '1' } })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('a record that somebody else’s scope hides tells nothing of its life', async () => {
    const { create, clock, sweep, road, carts: resourceOf } = await site({ scope: () => sql`${carts.total} < 10` })
    await create('far', { total: '99' }).catch(() => undefined)
    await db.admin.sql`insert into carts (id, total) values ('hidden', 99)`
    clock.move(60)
    const refusals = async (id: string) =>
      updateRecord(road, resourceOf, id, { values: { total: '1' } }).catch(({ code, details }) => [code, details])
    expect(await refusals('hidden')).toEqual(await refusals('never'))
    await sweep()
    expect(await refusals('hidden')).toEqual(await refusals('never'))
  })

  test('two records of one key is refused while the first lives; what has expired holds neither key nor unique value', async () => {
    const deleted: string[] = []
    const { create, clock, load } = await site({ hooks: { afterDelete: (_ctx, { id }) => void deleted.push(id) } })
    await create('a', { token: 't' })
    await expect(create('a')).rejects.toMatchObject({ code: 'invalid' })
    await expect(create('b', { token: 't' })).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { token: [expect.any(String)] } },
    })
    clock.move(30)
    await create('b', { token: 't' })
    expect(deleted).toEqual(['a'])
    await create('a', { total: '5' })
    expect((await load('a'))?.texts.total).toBe('5')
  })

  test('a changed key keeps the lifetime and is refused if taken', async () => {
    const { create, clock, road, load, carts: resourceOf } = await site()
    const row = await create('a')
    await create('taken')
    clock.move(10)
    await expect(updateRecord(road, resourceOf, 'a', { values: { id: 'taken' } })).rejects.toMatchObject({
      code: 'invalid',
    })
    const { row: after } = await updateRecord(road, resourceOf, 'a', { values: { id: 'b' } })
    expect(after).toMatchObject({ id: 'b', texts: { livesUntil: row.texts.livesUntil } })
    expect(await load('a')).toBeUndefined()
  })

  test('a record that is written past its deadline by one who held it in time lives', async () => {
    const clock = movableClock()
    const late = movableClock(new Date(clock.now().getTime() + 31 * 60_000))
    let sweepMeanwhile = async () => {}
    const { create, road, carts: resourceOf } = await site({ hooks: { beforeUpdate: () => sweepMeanwhile() } }, clock)
    const sweeper = await site({}, late)
    await create('a')
    sweepMeanwhile = async () => {
      expect(await sweeper.sweep()).toEqual({ expired: 0, stuck: 0 })
      clock.move(31)
    }
    await updateRecord(road, resourceOf, 'a', { values: { total: '1' } })
    expect(await stored()).toEqual(['a'])
    expect(await sweeper.list()).toEqual(['a'])
  })
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

describe('the table', () => {
  test('gives rows of other programs their times, takes their writes for activity and hides what has expired from them', async () => {
    await site()
    const [row] = await db.admin.sql`insert into carts (id) values ('a')
      returning extract(epoch from expires_at - now())::float8 as left, extract(epoch from lives_until - now())::float8 as most, revision`
    expect(row).toMatchObject({ left: expect.closeTo(1800, 0), most: expect.closeTo(7200, 0), revision: 1 })
    await db.admin.sql`update carts set expires_at = now() + interval '1 minute', revision = revision + 1`
    const [after] = await db.admin
      .sql`update carts set total = 5 returning revision, extract(epoch from expires_at - now())::float8 as left`
    expect(after).toMatchObject({ revision: 3, left: expect.closeTo(1800, 0) })
    await db.admin.sql`update carts set expires_at = now() - interval '1 second', revision = revision + 1`
    expect(await db.admin.sql`update carts set total = 6 returning 1`).toEqual([])
  })

  test('is unlogged, or logged where records are to survive the server, in either order', async () => {
    const persistence = async () =>
      Object.fromEntries(
        (await db.admin.sql`select relname, relpersistence from pg_class where relname in ('carts', 'lines')`).map(
          ({ relname, relpersistence }) => [relname, relpersistence],
        ),
      )
    const { source } = await site()
    expect(await persistence()).toEqual({ carts: 'u', lines: 'u' })
    const storages = [...source.admin.resources.values()].map(({ storage }) => storage)
    const durable = storages.map((storage) =>
      storage.setup?.kind === 'ephemeral'
        ? { ...storage, setup: { ...storage.setup, limits: { ...storage.setup.limits, durable: true } } }
        : storage,
    )
    expect(await storageObstacles(db.app.sql, durable)).toMatchObject([
      { relation: 'public.carts' },
      { relation: 'public.lines' },
    ])
    for (const order of [durable, durable.toReversed(), storages, storages.toReversed()]) {
      const report = await installStorage(db.owner.sql, order)
      expect(report.failed).toEqual([])
      expect(await storageObstacles(db.app.sql, order)).toEqual([])
      expect((await installStorage(db.owner.sql, order)).installed).toEqual([])
    }
    expect(await persistence()).toEqual({ carts: 'u', lines: 'u' })
  })

  for (const [claim, sqlText, message] of [
    [
      'partitioned',
      'create table parts (id text primary key, touched_at timestamptz, lives_until timestamptz, expires_at timestamptz, revision int) partition by hash (id)',
      /partitioned/,
    ],
    [
      'referred to by a permanent table',
      'create table parts (id text primary key, touched_at timestamptz, lives_until timestamptz, expires_at timestamptz, revision int); create table permanent (part text references parts)',
      /public.permanent refers to/,
    ],
    ['without its columns', 'create table parts (id text primary key)', /touched_at/],
    ['not there', 'select 1', /not in the database/],
  ] as const) {
    test(`that is ${claim} is named with what to do`, async () => {
      const setup = {
        setup: {
          kind: 'ephemeral',
          table: { schema: 'public', name: 'parts' },
          limits: { durable: false },
          refersTo: [],
        },
      } as const
      await db.owner.sql.unsafe(sqlText)
      try {
        expect(await storageObstacles(db.app.sql, [setup])).toMatchObject([
          { relation: 'public.parts', message: expect.stringMatching(message), hint: expect.any(String) },
        ])
        const report = await installStorage(db.owner.sql, [setup])
        if (claim === 'not there') expect(report.absent).toEqual(['public.parts'])
        else
          expect(report.failed).toMatchObject([{ relation: 'public.parts', message: expect.stringMatching(message) }])
      } finally {
        await db.owner.sql.unsafe('drop table if exists permanent, parts')
      }
    })
  }

  test('is read by its indexes, as if nothing had to be left out', async () => {
    const { carts: resourceOf, ctx } = await site()
    await db.admin.sql`insert into carts (id, token) select 'c' || n, 't' || n from generate_series(1, 5000) n`
    await db.admin.sql`analyze carts`
    const plan = async (rest: ReturnType<typeof sql>) =>
      (
        await ctx.db.execute<Record<string, string>>(
          sql`explain select * from ${resourceOf.storage.source()} as t ${rest}`,
        )
      )
        .map((row) => row['QUERY PLAN'])
        .join('\n')
    expect(await plan(sql`where id = 'c77'`)).toMatch(/Index Scan using carts_pkey/)
    expect(await plan(sql`order by token limit 25`)).toMatch(/Index Scan using cart_token/)
    expect(await plan(sql`where expires_at <= now() order by expires_at limit 10`)).toMatch(/carts_kontor_expires_at/)
  })
})

test('ids with any character expire and stay alive like others', async () => {
  const { create, clock, sweep, open, list } = await site()
  const ids = ['a,b', 'a\\b', '"quoted"', "it's", '{x}', 'ü\n', randomUUID()]
  for (const id of ids) await create(id)
  clock.move(20)
  for (const id of ids.slice(0, 3)) await open(id)
  clock.move(10)
  expect(await sweep()).toEqual({ expired: 4, stuck: 0 })
  expect((await list()).toSorted()).toEqual(ids.slice(0, 3).toSorted())
})
