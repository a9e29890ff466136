import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { installStorage, storageObstacles } from '@/lib/storage'
import { db, emptyTables, site } from './ephemeral-site'

beforeEach(async () => {
  await emptyTables()
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
