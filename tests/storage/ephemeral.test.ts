import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { lifetimeOf } from '@/lib/admin/lifetime'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { keepAlive } from '@/lib/admin/operations/keep-alive'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import { ephemeral } from '@/lib/admin/storage-options'
import { connect } from '@/lib/db/client'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { carts, db, emptyTables, lines, orders, schema, site, stored } from './ephemeral-site'
import { movableClock } from './support'

beforeEach(async () => {
  await emptyTables()
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
