import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { listVersions, loadVersion, restoreVersion, undeleteRecord } from '@/lib/admin/operations/versions'
import { loadRecordView } from '@/lib/admin/record-view'
import { loadVersionView } from '@/lib/admin/version-view'
import { transact } from '@/lib/db/transaction'
import { EDITOR } from '@/tests/support/admin'
import { bakers, db, emptyTables, loaves, site } from './append-only-site'

beforeEach(async () => {
  await emptyTables()
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
    await expect(remove(id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('1 loaf refers'),
    })
    await expect(deleteRecords(road, of(bakers), ['3'])).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('1 recipe refers'),
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
