import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { undeleteRecord } from '@/lib/admin/operations/versions'
import { installStorage, storageObstacles, uninstallStorage } from '@/lib/storage'
import { db, differences, emptyTables, site } from './append-only-site'
import { installAll } from './support'

beforeEach(async () => {
  await emptyTables()
})

describe('the database', () => {
  for (const [claim, statement] of [
    ['an update', `update recipes set name = 'x'`],
    ['an update of no row', `update recipes set name = 'x' where false`],
    ['a delete', `delete from recipes`],
    ['a truncate', `truncate recipes`],
    ['an update of the newest version', `update recipes_current set name = 'x'`],
    ['an update that counts the version up', `update recipes_current set entry_version = entry_version + 1`],
    ['a delete of the newest version', `delete from recipes_current`],
    ['a truncate of the newest versions', `truncate recipes_current cascade`],
    [
      'a newest version without a version',
      `insert into recipes_current (entry_id, entry_version, inserted_at, version_at, version_by, version_source, name) values (gen_random_uuid(), 1, now(), now(), 'x', 'x', 'x')`,
    ],
  ] as const) {
    test(`refuses ${claim}, from the application and from the owner`, async () => {
      const { create } = await site()
      await create({ name: 'Rye' })
      const before = await db.admin.sql`select * from recipes, recipes_current as c`
      for (const role of [db.app, db.owner])
        await expect(role.sql.unsafe(statement)).rejects.toThrow(/append-only|not possible|permission denied/)
      expect(await db.admin.sql`select * from recipes, recipes_current as c`).toEqual(before)
    })
  }

  test('takes versions from psql: the same entry_id is an update, deleted = true a delete, again an undelete', async () => {
    const { recipes: resourceOf, ctx } = await site()
    const [first] = await db.admin
      .sql`insert into recipes (name) values ('Rye') returning entry_id, entry_version, version_by, version_source`
    expect(first).toMatchObject({ entry_version: 1, version_by: 'postgres', version_source: 'sql' })
    const id = first?.entry_id as string
    await db.admin.sql`insert into recipes (entry_id, name, grams) values (${id}, 'Rye', 500)`
    expect((await resourceOf.storage.load(ctx.db, id))?.texts).toMatchObject({ grams: '500', entryVersion: '2' })
    await db.admin.sql`insert into recipes (entry_id, name, deleted) values (${id}, 'Rye', true)`
    expect(await resourceOf.storage.load(ctx.db, id)).toBeUndefined()
    await db.admin.sql`insert into recipes (entry_id, name) values (${id}, 'Rye again')`
    expect((await resourceOf.storage.load(ctx.db, id))?.texts).toMatchObject({ name: 'Rye again', entryVersion: '4' })
    expect(await differences()).toEqual([])
  })

  test('refuses a version out of turn and the end of what does not live', async () => {
    await site()
    const id = randomUUID()
    await expect(db.admin.sql`insert into recipes (entry_id, name, deleted) values (${id}, 'x', true)`).rejects.toThrow(
      'does not exist',
    )
    await expect(
      db.admin.sql`insert into recipes (entry_id, name, entry_version) values (${id}, 'x', 2)`,
    ).rejects.toThrow('that is 1')
    await db.admin.sql`insert into recipes (entry_id, name, entry_version) values (${id}, 'x', 1)`
    await expect(
      db.admin.sql`insert into recipes (entry_id, name, entry_version) values (${id}, 'x', 1)`,
    ).rejects.toMatchObject({ code: '23505' })
  })

  test('numbers versions of one entry without a gap while eight connections write it', async () => {
    const { create } = await site()
    const { id } = await create({ name: 'Rye' })
    await Promise.all(
      Array.from(
        { length: 80 },
        (_, n) => db.app.sql`insert into recipes (entry_id, name, grams) values (${id}, 'Rye', ${n})`,
      ),
    )
    const rows = await db.admin.sql`select entry_version, version_at::text from recipes order by entry_version`
    expect(rows.map((row) => row.entry_version)).toEqual(Array.from({ length: 81 }, (_, n) => n + 1))
    const times = rows.map((row) => String(row.version_at))
    expect(times).toEqual(times.toSorted())
    expect(await differences()).toEqual([])
  })

  test('keeps the companion true under any mixture of writers', async () => {
    const { create, update, remove, road, recipes: resourceOf } = await site()
    const ids = await Promise.all(['A', 'B', 'C', 'D'].map(async (name) => (await create({ name })).id))
    const pick = (n: number) => ids[n % ids.length] as string
    await Promise.all(
      Array.from({ length: 120 }, (_, n) => {
        const work = [
          () => update(pick(n), { grams: String(n) }),
          () => update(pick(n), { name: `${'ABCD'[(n * 7) % 4]}` }),
          () => remove(pick(n * 3)),
          () => undeleteRecord(road, resourceOf, pick(n * 5)),
          () => db.app.sql`insert into recipes (entry_id, name, grams) values (${pick(n)}, ${`P${n}`}, ${n})`,
        ][n % 5]
        return work?.().catch(() => undefined)
      }),
    )
    expect(await differences()).toEqual([])
    const [gaps] = await db.admin
      .sql`select count(*)::int as n from (select entry_id from recipes group by 1 having count(*) <> max(entry_version)) g`
    expect(gaps?.n).toBe(0)
  })
})

test('the table as of a moment is what its versions say', async () => {
  const { create, update, remove, recipes: resourceOf, ctx } = await site()
  const moment = async () => (await db.admin.sql`select clock_timestamp()::text as at`)[0]?.at as string
  const at = async (when: string) => {
    const rows = await ctx.db.execute<{ name: string; grams: number }>(
      sql`select name, grams from ${resourceOf.storage.versions?.sourceAt(when)} as t order by name`,
    )
    return rows.map(({ name, grams }) => `${name} ${grams}`)
  }
  const start = await moment()
  const { id } = await create({ name: 'Rye' })
  const other = await create({ name: 'Spelt' })
  const created = await moment()
  await update(id, { grams: '250' })
  await update(id, { name: 'Dark rye' })
  const updated = await moment()
  await remove(other.id)
  const removed = await moment()
  expect(await at(start)).toEqual([])
  expect(await at(created)).toEqual(['Rye 100', 'Spelt 100'])
  expect(await at(updated)).toEqual(['Dark rye 250', 'Spelt 100'])
  expect(await at(removed)).toEqual(['Dark rye 250'])
})

test('reads find the newest version by an index, whatever number of versions there are', async () => {
  const { recipes: resourceOf, ctx, create } = await site()
  const { id } = await create({ name: 'Rye' })
  await db.admin.sql`insert into recipes (entry_id, name, grams) select ${id}, 'Rye', n from generate_series(1, 300) n`
  await db.admin.sql`insert into recipes (name) select 'N' || n from generate_series(1, 3000) n`
  await db.admin.sql`analyze recipes`
  await db.admin.sql`analyze recipes_current`
  const plan = async (statement: ReturnType<typeof sql>) =>
    (await ctx.db.execute<Record<string, string>>(sql`explain ${statement}`)).map((row) => row['QUERY PLAN']).join('\n')
  expect(await plan(sql`select * from ${resourceOf.storage.source()} as t where entry_id = ${id}`)).toMatch(
    /Index Scan using recipes_current_pkey/,
  )
  expect(await plan(sql`select * from ${resourceOf.storage.source()} as t order by name limit 25`)).toMatch(
    /recipes_name/,
  )
  expect(await plan(sql`select * from recipes where entry_id = ${id} order by entry_version desc limit 1`)).toMatch(
    /recipes_pkey/,
  )
})

describe('the setup', () => {
  const storages = async () => [...(await site()).source.admin.resources.values()].map(({ storage }) => storage)

  test('may run again, and says what is missing', async () => {
    const all = await storages()
    expect(await storageObstacles(db.app.sql, all)).toEqual([])
    expect(await installStorage(db.owner.sql, all)).toMatchObject({ installed: [], unchanged: ['public.recipes'] })
    await db.owner.sql`alter table recipes add column extra text`
    expect(await storageObstacles(db.app.sql, all)).toMatchObject([
      { relation: 'public.recipes', message: expect.stringContaining('extra text') },
    ])
    await db.owner.sql`alter table recipes_current add column extra text`
    expect(await storageObstacles(db.app.sql, all)).toMatchObject([{ hint: 'Run `npm run migrate -- --tables`.' }])
    await installAll(db, await site())
    expect(await storageObstacles(db.app.sql, all)).toEqual([])
    await db.admin.sql`insert into recipes (name, extra) values ('Extra', 'kept')`
    expect(await db.admin.sql`select extra from recipes_current where name = 'Extra'`).toEqual([{ extra: 'kept' }])
    await db.owner.sql`alter table recipes disable trigger kontor_refuse`
    expect(await storageObstacles(db.app.sql, all)).toHaveLength(1)
    await installAll(db, await site())
    expect(await storageObstacles(db.app.sql, all)).toEqual([])
  })

  for (const [claim, break_, message, mend] of [
    [
      'a plain unique index',
      'create unique index oops on recipes (name)',
      /a second version of an entry would violate public.oops/,
      'drop index oops',
    ],
    [
      'a foreign key',
      'alter table recipes add constraint oops foreign key (baker_id) references bakers',
      /oops on public.recipes would hold what old versions refer to/,
      'alter table recipes drop constraint oops',
    ],
    [
      'a cascade into the companion',
      'alter table recipes_current add constraint oops foreign key (baker_id) references bakers on delete cascade',
      /without a version that says so/,
      'alter table recipes_current drop constraint oops',
    ],
  ] as const) {
    test(`refuses ${claim} with what to do instead`, async () => {
      const admin = await site()
      await db.owner.sql.unsafe(break_)
      try {
        await expect(installAll(db, admin)).rejects.toThrow(message)
        expect(await storageObstacles(db.app.sql, [admin.recipes.storage])).toMatchObject([
          { message: expect.stringMatching(message), hint: expect.any(String) },
        ])
      } finally {
        await db.owner.sql.unsafe(mend)
      }
    })
  }

  test('taken away leaves two ordinary tables with all their rows', async () => {
    const { create, update } = await site()
    const { id } = await create({ name: 'Rye' })
    await update(id, { grams: '1' })
    expect(await uninstallStorage(db.owner.sql)).toEqual(['public.recipes', 'public.recipes_current'])
    expect(await db.owner.sql`update recipes set grams = 5 returning 1`).toHaveLength(2)
    const left = await db.admin
      .sql`select tgname from pg_trigger where tgrelid in ('recipes'::regclass, 'recipes_current'::regclass) and not tgisinternal`
    expect(left).toEqual([])
    const functions = await db.admin
      .sql`select proname from pg_proc where pronamespace = 'kontor'::regnamespace and proname ~ '_recipes_'`
    expect(functions).toEqual([])
    expect(await uninstallStorage(db.owner.sql)).toEqual([])
  })
})
