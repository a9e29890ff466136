import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { foreignKey, integer, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { listVersions, loadVersion, restoreVersion, undeleteRecord } from '@/lib/admin/operations/versions'
import { loadRecordView } from '@/lib/admin/record-view'
import { appendOnly } from '@/lib/admin/storage-options'
import { loadVersionView } from '@/lib/admin/version-view'
import { appendOnlyColumns, currentColumns } from '@/lib/db/storage-columns'
import { transact } from '@/lib/db/transaction'
import { installStorage, storageObstacles, uninstallStorage } from '@/lib/storage'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { createTables, installAll } from './support'

const db = await createTestDatabase()

const bakers = pgTable('bakers', { id: integer('id').primaryKey(), name: text('name').notNull() })
const columns = () => ({
  name: text('name').notNull(),
  grams: integer('grams').notNull().default(100),
  bakerId: integer('baker_id'),
  secret: text('secret'),
})
const recipes = pgTable('recipes', { ...appendOnlyColumns(), ...columns() })
const currentRecipes = pgTable('recipes_current', { ...currentColumns(), ...columns() }, (t) => [
  unique('recipes_name').on(t.name),
  foreignKey({ name: 'recipes_baker', columns: [t.bakerId], foreignColumns: [bakers.id] }),
])
const loaves = pgTable('loaves', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  label: text('label').notNull(),
  recipeId: uuid('recipe_id')
    .notNull()
    .references(() => currentRecipes.entryId),
})
const schema = { bakers, recipes, currentRecipes, loaves }
await createTables(db, schema)
await db.owner.sql`insert into bakers values (1, 'Ada'), (2, 'Ben')`

async function site(options: ResourceOptions<typeof recipes> = {}) {
  const admin = await createTestAdmin(db.app, {
    schema,
    sections: {
      main: section(
        'Main',
        {},
        {
          recipes: resource(recipes, { ...options, storage: appendOnly({ current: currentRecipes }) }),
          bakers: resource(bakers),
          loaves: resource(loaves),
        },
      ),
    },
  })
  await installAll(db, admin)
  const resourceOf = admin.of(recipes)
  const road = { ctx: admin.ctx }
  return {
    ...admin,
    recipes: resourceOf,
    road,
    create: (values: Record<string, string | null>) => createRecord(road, resourceOf, { values }),
    update: (id: string, values: Record<string, string | null>) => updateRecord(road, resourceOf, id, { values }),
    remove: (id: string) => deleteRecords(road, resourceOf, [id]),
  }
}

/** Every entry whose newest version lives stands in the companion exactly so, and nothing else does. */
const differences = () => db.admin.sql`
  with newest as (select distinct on (entry_id) * from recipes order by entry_id, entry_version desc), living as (select * from newest where not deleted)
  (select to_jsonb(l) from living l except select to_jsonb(c) from recipes_current c)
  union all (select to_jsonb(c) from recipes_current c except select to_jsonb(l) from living l)`

beforeEach(async () => {
  await db.admin.sql.unsafe(
    `do $$ begin set local session_replication_role = replica; delete from loaves; delete from recipes; delete from recipes_current; end $$`,
  )
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

describe('an entry', () => {
  test('has versions that say who, when and why, newest first', async () => {
    const { create, ctx, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye' })
    await updateRecord({ ctx, reason: 'A customer asked' }, resourceOf, id, { values: { grams: '250' } })
    await transact(db.app.orm, { actor: 'task:Nightly', source: 'task', requestId: 'r' }, (tx) =>
      tx.execute(sql`insert into recipes (entry_id, name, grams) values (${id}, 'Rye', 300)`),
    )
    await deleteRecords({ ctx }, resourceOf, [id])
    const versions = await listVersions(ctx, resourceOf, id)
    expect(
      versions.map(({ number, by, source, reason, isDeleted, texts }) => [
        number,
        by,
        source,
        reason,
        isDeleted,
        texts.grams,
      ]),
    ).toEqual([
      [4, 'user:test-owner', 'form', null, true, '300'],
      [3, 'task:Nightly', 'task', null, false, '300'],
      [2, 'user:test-owner', 'form', 'A customer asked', false, '250'],
      [1, 'user:test-owner', 'form', null, false, '100'],
    ])
    const at = versions.map((version) => version.at)
    expect(at).toEqual(at.toSorted().reverse())
    expect((await listVersions(ctx, resourceOf, id, { before: 3, limit: 1 })).map(({ number }) => number)).toEqual([2])
  })

  test('keeps the time of its first version through changes, deletion and return', async () => {
    const { create, update, remove, road, recipes: resourceOf } = await site()
    const { id, texts } = await create({ name: 'Rye' })
    await update(id, { grams: '1' })
    await remove(id)
    const back = await undeleteRecord(road, resourceOf, id)
    expect(back.texts.insertedAt).toBe(texts.insertedAt)
    expect(
      new Set((await listVersions(road.ctx, resourceOf, id)).map((version) => version.texts.insertedAt)).size,
    ).toBe(1)
  })

  test('orders its versions by number, even where the clock went back', async () => {
    const { create, update, ctx, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye' })
    await db.admin.sql.unsafe(`do $$ begin set local session_replication_role = replica;
      update recipes set version_at = '2100-01-01'; update recipes_current set version_at = '2100-01-01'; end $$`)
    await update(id, { grams: '1' })
    const versions = await listVersions(ctx, resourceOf, id)
    expect(versions.map(({ number, at }) => [number, at])).toEqual([
      [2, '2100-01-01 00:00:00.000001+00'],
      [1, '2100-01-01 00:00:00+00'],
    ])
  })

  test('shows an old version as it was, read-only, with its neighbours, and never takes it for the newest', async () => {
    const { create, update, ctx, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye', bakerId: '1' })
    await update(id, { name: 'Dark rye', bakerId: '2' })
    await update(id, { name: 'Pumpernickel' })
    const view = await loadVersionView(ctx, resourceOf, id, 2)
    expect(view).toMatchObject({
      number: 2,
      newest: 3,
      previous: 1,
      next: 3,
      title: 'Dark rye',
      texts: { name: 'Dark rye' },
    })
    expect(view.can).toEqual({ update: false, delete: false, create: false })
    expect(view.groups.flatMap(({ fields }) => fields.map(({ access }) => access))).not.toContain('editable')
    expect(view.groups.flatMap(({ fields }) => fields).find(({ name }) => name === 'bakerId')?.display).toBe('Ben')
    expect(await loadVersion(ctx, resourceOf, id, 1)).toMatchObject({ previous: undefined, next: 2 })
    expect(await loadVersion(ctx, resourceOf, id, 3)).toMatchObject({ previous: 2, next: undefined })
    expect((await loadRecordView(ctx, resourceOf, id)).title).toBe('Pumpernickel')
    expect((await loadList(ctx, resourceOf, { q: 'Dark rye' })).rows).toEqual([])
    for (const number of [0, 4, -1, 1.5, Number.NaN, 2 ** 40])
      await expect(loadVersion(ctx, resourceOf, id, number)).rejects.toMatchObject({ code: 'not_found' })
    for (const strange of [randomUUID(), 'abc', ''])
      await expect(loadVersion(ctx, resourceOf, strange, 1)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('is seen only where the policy allows what it is and what it was', async () => {
    const {
      create,
      update,
      as,
      recipes: resourceOf,
    } = await site({
      authorize: (ctx, _operation, record) => ctx.user.role === 'owner' || record?.name !== 'Secret rye',
      form: { fields: { secret: { read: (ctx) => ctx.user.role === 'owner' } } },
    })
    const { id } = await create({ name: 'Secret rye', secret: 'a drop of honey' })
    await update(id, { name: 'Rye' })
    const editor = await as(EDITOR)
    const versions = await listVersions(editor, resourceOf, id)
    expect(versions.map(({ number }) => number)).toEqual([2])
    expect(JSON.stringify(versions)).not.toContain('honey')
    await expect(loadVersion(editor, resourceOf, id, 1)).rejects.toMatchObject({ code: 'not_found' })
    await update(id, { name: 'Secret rye' })
    await expect(listVersions(editor, resourceOf, id)).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('is never renamed: its key stays what its versions are kept under', async () => {
    const { create, road, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye' })
    await expect(updateRecord(road, resourceOf, id, { typed: { entryId: randomUUID() } })).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { entryId: [expect.any(String)] } },
    })
  })

  test('created under a key that lives is refused, under one that was deleted it comes back', async () => {
    const { create, remove, road, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye' })
    const again = () => createRecord(road, resourceOf, { exact: { entryId: id, name: 'Other' } })
    await expect(again()).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { entryId: [expect.any(String)] } },
    })
    await remove(id)
    expect((await again()).texts).toMatchObject({ entryId: id, name: 'Other', entryVersion: '3' })
  })

  test('created by eight at once under one key exists once', async () => {
    const { road, recipes: resourceOf } = await site()
    const entryId = randomUUID()
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => createRecord(road, resourceOf, { exact: { entryId, name: `Rye ${n}` } })),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const reasons = all.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
    )
    expect(new Set(reasons)).toEqual(new Set(['invalid']))
  })
})

describe('a save from a stale version', () => {
  test('is refused whole, even where it changes another field, and says what differs', async () => {
    const { create, update, road, recipes: resourceOf } = await site()
    const row = await create({ name: 'Rye' })
    await update(row.id, { grams: '500' })
    const save = updateRecord(road, resourceOf, row.id, {
      values: { ...row.texts, name: 'Dark rye' },
      shown: row.texts,
    })
    await expect(save).rejects.toMatchObject({
      code: 'stale_record',
      details: { conflicts: [{ field: 'grams', label: 'Grams', shown: '100', now: '500', yours: '100' }] },
    })
    expect(await listVersions(road.ctx, resourceOf, row.id)).toHaveLength(2)
  })

  test('is told by its version alone where nothing shown differs', async () => {
    const { create, update, road, recipes: resourceOf } = await site()
    const row = await create({ name: 'Rye' })
    await update(row.id, { grams: '500' })
    await update(row.id, { grams: '100' })
    const save = (version: string) =>
      updateRecord(road, resourceOf, row.id, { values: { name: 'x' }, shown: row.texts, version })
    await expect(save(row.version)).rejects.toMatchObject({ code: 'stale_record' })
    expect((await save('3')).isChanged).toBe(true)
  })
})

describe('undelete', () => {
  test('brings the entry back under its key with its last values, as a creation that hooks see and may refuse', async () => {
    const called: string[] = []
    let isRefused = false
    const {
      create,
      remove,
      road,
      recipes: resourceOf,
    } = await site({
      hooks: {
        beforeInsert: (ctx) => {
          called.push('beforeInsert')
          if (isRefused) ctx.reject('Not today.')
        },
        beforeSave: (_ctx, { values }) => void Object.assign(values, { secret: `${values.name}!` }),
        afterInsert: () => void called.push('afterInsert'),
      },
    })
    const { id } = await create({ name: 'Rye', grams: '250' })
    await remove(id)
    called.length = 0
    isRefused = true
    await expect(undeleteRecord(road, resourceOf, id)).rejects.toMatchObject({ code: 'hook_rejected' })
    isRefused = false
    const back = await undeleteRecord(road, resourceOf, id)
    expect(back).toMatchObject({ id, texts: { name: 'Rye', grams: '250', secret: 'Rye!', entryVersion: '3' } })
    expect(called).toEqual(['beforeInsert', 'beforeInsert', 'afterInsert'])
    await expect(undeleteRecord(road, resourceOf, id)).rejects.toMatchObject({ code: 'conflict' })
    await expect(undeleteRecord(road, resourceOf, randomUUID())).rejects.toMatchObject({ code: 'not_found' })
  })

  test('is refused where its unique value was taken meanwhile, and to whoever may not create', async () => {
    const {
      create,
      remove,
      road,
      recipes: resourceOf,
      as,
    } = await site({
      authorize: (ctx, operation) => operation !== 'create' || ctx.user.role === 'owner',
    })
    const { id } = await create({ name: 'Rye' })
    await remove(id)
    await expect(undeleteRecord({ ctx: await as(EDITOR) }, resourceOf, id)).rejects.toMatchObject({ code: 'forbidden' })
    await create({ name: 'Rye' })
    await expect(undeleteRecord(road, resourceOf, id)).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { name: [expect.any(String)] } },
    })
  })

  test('by eight at once happens once', async () => {
    const { create, remove, road, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye' })
    await remove(id)
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => undeleteRecord(road, resourceOf, id)))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await listVersions(road.ctx, resourceOf, id)).toHaveLength(3)
  })
})

test('an old version restored is a further version with its values, but for fields the person may not change', async () => {
  const {
    create,
    update,
    road,
    recipes: resourceOf,
  } = await site({ form: { fields: { grams: { update: 'readonly' } } } })
  const { id } = await create({ name: 'Rye', grams: '1' })
  await update(id, { name: 'Dark rye' })
  await updateRecord(road, resourceOf, id, { typed: { grams: 2 } })
  const { row } = await restoreVersion(road, resourceOf, id, 1)
  expect(row.texts).toMatchObject({ name: 'Rye', grams: '2', entryVersion: '4' })
})

describe('associations', () => {
  test('hold the entry and show its newest version, in both directions', async () => {
    const { create, update, road, of, ctx, recipes: resourceOf } = await site()
    const { id } = await create({ name: 'Rye', bakerId: '1' })
    const loaf = await createRecord(road, of(loaves), { values: { label: 'Monday', recipeId: id } })
    await update(id, { name: 'Dark rye', bakerId: '2' })
    const page = await loadRecordView(ctx, of(loaves), loaf.id)
    const field = page.groups.flatMap(({ fields }) => fields).find(({ name }) => name === 'recipeId')
    expect(field).toMatchObject({ display: 'Dark rye', reference: { href: `/admin/main/recipes/${id}` } })
    const recipe = await loadRecordView(ctx, resourceOf, id)
    expect(recipe.related.map(({ name, rows }) => [name, rows.map(({ title }) => title)])).toEqual([
      ['loaves', ['Monday']],
    ])
    const ben = await loadRecordView(ctx, of(bakers), '2')
    expect(ben.related.find(({ name }) => name === 'recipes')?.rows.map(({ title }) => title)).toEqual(['Dark rye'])
    const ada = await loadRecordView(ctx, of(bakers), '1')
    expect(ada.related.find(({ name }) => name === 'recipes')?.rows).toEqual([])
  })

  test('keep an entry from going, and a plain record only as long as a newest version refers to it', async () => {
    const { create, update, remove, road, of } = await site()
    await db.owner.sql`insert into bakers values (3, 'Cid') on conflict do nothing`
    const { id } = await create({ name: 'Rye', bakerId: '3' })
    const loaf = await createRecord(road, of(loaves), { values: { label: 'Monday', recipeId: id } })
    await expect(remove(id)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('loaves') })
    await expect(deleteRecords(road, of(bakers), ['3'])).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('recipes'),
    })
    await update(id, { bakerId: null })
    await deleteRecords(road, of(bakers), ['3'])
    await deleteRecords(road, of(loaves), [loaf.id])
    await remove(id)
    await expect(createRecord(road, of(loaves), { typed: { label: 'Tuesday', recipeId: id } })).rejects.toMatchObject({
      code: 'invalid',
    })
    await expect(create({ name: 'x', bakerId: '77' })).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { bakerId: [expect.any(String)] } },
    })
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
