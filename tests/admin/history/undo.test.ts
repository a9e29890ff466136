import { sql } from 'drizzle-orm'
import { customType, integer, numeric, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { beforeEach, expect, test } from 'vitest'
import { type AdminOptions, resource, section } from '@/lib/admin/define'
import { loadActivity, loadRecordHistory, loadStep } from '@/lib/admin/history/load-history'
import { findSubject } from '@/lib/admin/history/subject'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { undoChanges } from '@/lib/admin/operations/undo'
import { updateRecord } from '@/lib/admin/operations/update'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table categories (id integer generated always as identity primary key, name text not null);
  create table products (id integer generated always as identity primary key, name text not null, price numeric(38,10),
    category_id integer references categories, photo bytea, upper_name text generated always as (upper(name)) stored);
  create table lines (product_id integer references products on delete cascade, no integer, note text, primary key (product_id, no));
  create table tags (id uuid primary key default gen_random_uuid(), name text not null);
  create table products_tags (product_id integer references products on delete cascade, tag_id uuid references tags, primary key (product_id, tag_id));
  grant all on all tables in schema public to kontor_app;`)
const names = ['categories', 'products', 'lines', 'tags', 'products_tags']
await installTriggers(
  db.owner.sql,
  names.map((name) => ({ schema: 'public', name })),
)

const categories = pgTable('categories', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull(),
})
const products = pgTable('products', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').notNull(),
  price: numeric('price', { precision: 38, scale: 10 }),
  categoryId: integer('category_id').references(() => categories.id),
  photo: customType<{ data: Buffer }>({ dataType: () => 'bytea' })('photo'),
  upperName: text('upper_name').generatedAlwaysAs(sql`upper(name)`),
})
const lines = pgTable(
  'lines',
  { productId: integer('product_id').references(() => products.id), no: integer('no'), note: text('note') },
  (t) => [primaryKey({ columns: [t.productId, t.no] })],
)
const tags = pgTable('tags', { id: uuid('id').primaryKey().defaultRandom(), name: text('name').notNull() })
const productsTags = pgTable(
  'products_tags',
  { productId: integer('product_id').references(() => products.id), tagId: uuid('tag_id').references(() => tags.id) },
  (t) => [primaryKey({ columns: [t.productId, t.tagId] })],
)

type ProductOptions = Parameters<typeof resource<typeof products>>[1]
const site = (options: ProductOptions = {}, admin: Partial<AdminOptions> = {}) =>
  createTestAdmin(db.app, {
    schema: { categories, products, lines, tags, productsTags },
    sections: {
      main: section(
        'Main',
        {},
        {
          categories: resource(categories),
          products: resource(products, options),
          lines: resource(lines),
          tags: resource(tags),
        },
      ),
    },
    ...admin,
  })
const rowOf = async (id: string) =>
  (await db.admin.sql`select p::text as row from products p where id = ${id}`)[0]?.row as string | undefined
const newest = async (relation = 'public.products') =>
  (
    await db.admin
      .sql`select id::text, tx::text from kontor.changes where relation = ${relation} order by changes.id desc limit 1`
  )[0] as { id: string; tx: string }

beforeEach(async () => {
  await db.admin.sql`truncate products, categories, tags, lines, products_tags restart identity cascade`
  await db.admin.sql`insert into categories (name) values ('Bread'), ('Cakes')`
  await db.admin
    .sql`insert into products (name, price, category_id, photo) values ('Baguette', 1234567890123456789012345678.0123456789, 1, '\\xdeadbeef')`
})

test('a change made by psql is recorded with its database user, and undone to the last digit', async () => {
  const { ctx, of } = await site()
  const before = await rowOf('1')
  await db.admin.sql`update products set price = 2, name = 'Changed' where id = 1`
  const history = await loadRecordHistory(ctx, of(products), '1')
  expect(history.changes[0]).toMatchObject({
    who: 'postgres',
    source: 'sql',
    isOutside: true,
    op: 'update',
    title: 'Changed',
  })
  expect(history.changes[0]?.fields.map(({ label }) => label).sort()).toEqual(['Name', 'Price', 'Upper name'])
  await undoChanges({ ctx }, { ids: [(await newest()).id] })
  expect(await rowOf('1')).toBe(before)
})

test('an undo is a change like any other: recorded with who did it and what it undid, and undone itself', async () => {
  const { ctx, of } = await site()
  await updateRecord({ ctx }, of(products), '1', { values: { name: 'Second' } })
  const changed = await newest()
  await undoChanges({ ctx }, { ids: [changed.id] })
  const undo = (await loadRecordHistory(ctx, of(products), '1')).changes[0]
  expect(undo).toMatchObject({ isUndo: true, source: 'undo' })
  await undoChanges({ ctx }, { ids: [undo?.id ?? ''] })
  expect(await rowOf('1')).toContain('Second')
})

test('a deleted record comes back with its key, its children and its links', async () => {
  const { ctx, of } = await site()
  const [tag] = await db.admin.sql`insert into tags (name) values ('fresh') returning id`
  await db.admin.sql`insert into lines values (1, 1, 'a'), (1, 2, 'b')`
  await db.admin.sql`insert into products_tags values (1, ${tag?.id})`
  const before = await rowOf('1')
  await deleteRecords({ ctx }, of(products), ['1'])
  expect(await rowOf('1')).toBeUndefined()
  expect(await findSubject(ctx, of(products), '1')).toMatchObject({
    isGone: true,
    title: 'Baguette',
    deletion: { op: 'delete' },
  })
  await undoChanges({ ctx }, { tx: (await newest()).tx })
  expect(await rowOf('1')).toBe(before)
  expect(await db.admin.sql`select no, note from lines order by no`).toEqual([
    { no: 1, note: 'a' },
    { no: 2, note: 'b' },
  ])
  expect(await db.admin.sql`select 1 from products_tags`).toHaveLength(1)
})

test('a created record goes when its creation is undone', async () => {
  const { ctx, of } = await site()
  const row = await createRecord({ ctx }, of(products), { values: { name: 'New' } })
  await undoChanges({ ctx }, { ids: [(await newest()).id] })
  expect(await rowOf(row.id)).toBeUndefined()
})

test('where a value was changed again since, nothing is undone and both values are shown', async () => {
  const { ctx } = await site()
  await db.admin.sql`update products set name = 'First' where id = 1`
  const first = await newest()
  await db.admin.sql`update products set name = 'Second' where id = 1`
  await expect(undoChanges({ ctx }, { ids: [first.id] })).rejects.toMatchObject({
    code: 'conflict',
    details: {
      undo: {
        obstacles: [{ label: 'Name', expected: 'First', now: 'Second', wanted: 'Baguette', choice: 'overrule' }],
      },
    },
  })
  expect(await rowOf('1')).toContain('Second')
  await undoChanges({ ctx }, { ids: [first.id], overrule: true })
  expect(await rowOf('1')).toContain('Baguette')
})

test('a later change to another field stays', async () => {
  const { ctx } = await site()
  await db.admin.sql`update products set name = 'First' where id = 1`
  const first = await newest()
  await db.admin.sql`update products set price = 3 where id = 1`
  await undoChanges({ ctx }, { ids: [first.id] })
  expect(await rowOf('1')).toMatch(/Baguette,3\.0/)
})

test('a value that its column can no longer hold is said, and left out where the person says so', async () => {
  const { ctx } = await site()
  await db.admin.sql`update products set name = 'First', price = 3 where id = 1`
  const { id } = await newest()
  await db.owner.sql`alter table products alter column price type numeric(8, 2)`
  try {
    await expect(undoChanges({ ctx }, { ids: [id] })).rejects.toMatchObject({
      code: 'conflict',
      details: {
        undo: {
          obstacles: [
            {
              record: 'First',
              label: 'Price',
              reason: 'The column can no longer hold the earlier value.',
              choice: 'overrule',
            },
          ],
        },
      },
    })
    await undoChanges({ ctx }, { ids: [id], overrule: true })
    expect(await rowOf('1')).toMatch(/Baguette,3\.00,/)
  } finally {
    await db.owner.sql`alter table products alter column price type numeric(38, 10)`
  }
})

test('what is undone already is said, and nothing is written', async () => {
  const { ctx } = await site()
  await db.admin.sql`update products set name = 'First' where id = 1`
  const { id } = await newest()
  await undoChanges({ ctx }, { ids: [id] })
  await expect(undoChanges({ ctx }, { ids: [id] })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('already'),
  })
})

test('an undo may not do what the person may not do now', async () => {
  const { as } = await site({ authorize: (ctx, operation) => operation !== 'update' || ctx.user.role === 'owner' })
  await db.admin.sql`update products set name = 'First' where id = 1`
  await expect(undoChanges({ ctx: await as(EDITOR) }, { ids: [(await newest()).id] })).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('a field only owners may change is not set back by somebody else', async () => {
  const { as } = await site({
    form: { fields: { price: { update: (ctx) => (ctx.user.role === 'owner' ? 'editable' : 'readonly') } } },
  })
  await db.admin.sql`update products set price = 9 where id = 1`
  await expect(undoChanges({ ctx: await as(EDITOR) }, { ids: [(await newest()).id] })).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('hooks run for an undo, and one that rejects stops all of it', async () => {
  const { ctx } = await site({
    hooks: {
      beforeUpdate: (inside, changeset) => {
        if (changeset.values.name === 'Baguette') inside.reject('Not back.')
      },
    },
  })
  await db.admin.sql`update products set name = 'First' where id = 1`
  await expect(undoChanges({ ctx }, { ids: [(await newest()).id] })).rejects.toMatchObject({
    code: 'hook_rejected',
    message: 'Not back.',
  })
})

test('a parent that is gone is said, and the child does not come back half', async () => {
  const { ctx, of } = await site()
  await deleteRecords({ ctx }, of(products), ['1'])
  const { id } = await newest()
  await db.admin.sql`delete from categories where id = 1`
  await expect(undoChanges({ ctx }, { ids: [id] })).rejects.toMatchObject({
    code: 'conflict',
    details: {
      undo: {
        obstacles: [
          {
            record: 'Baguette',
            label: 'Category',
            choice: 'overrule',
            others: {
              sentence: 'It refers to {}, which is no longer there.',
              records: [{ title: 'category Bread', href: '/admin/main/categories/1/history' }],
            },
          },
        ],
      },
    },
  })
  expect(await rowOf('1')).toBeUndefined()
  await undoChanges({ ctx }, { ids: [id], overrule: true })
  expect((await db.admin.sql`select category_id from products where id = 1`)[0]).toEqual({ category_id: null })
})

test('a transaction of hundreds of rows by psql is undone in one step', async () => {
  const { ctx } = await site()
  await db.admin.sql`insert into products (name, price) select 'P' || n, n from generate_series(1, 300) n`
  const rows = () => db.admin.sql`select p::text as row from products p order by id`
  const before = await rows()
  await db.admin.sql`update products set price = price + 1, name = name || '!'`
  await undoChanges({ ctx }, { tx: (await newest()).tx })
  expect(await rows()).toEqual(before)
}, 120_000)

test('the activity of the site has one entry a transaction, and only of what the person may see whole', async () => {
  const { ctx, as } = await site({ authorize: (who, operation) => who.user.role === 'owner' || operation === 'create' })
  await db.admin.sql.begin(async (tx) => {
    await tx`update products set name = 'A' where id = 1`
    await tx`update categories set name = 'B' where id = 1`
  })
  const all = await loadActivity(ctx, { limit: 5 })
  expect(all.changes[0]).toMatchObject({ count: 2, who: 'postgres' })
  const few = await loadActivity(await as(EDITOR), { limit: 5 })
  expect(few.changes.every(({ relation }) => relation !== 'public.products')).toBe(true)
})

test('what is gone is called what it was called, by a title the config makes of it too, and comes in its form’s order', async () => {
  const { ctx, of } = await site({
    title: ({ name }) => `Product ${name}`,
    form: { groups: [{ label: 'All', fields: ['price', 'name', 'categoryId'] }] },
  })
  await db.admin.sql`update products set price = 2 where id = 1`
  await db.admin.sql`delete from products where id = 1`
  const [gone, changed] = (await loadActivity(ctx, { resources: ['main/products'], limit: 2 })).changes
  expect(gone).toMatchObject({ op: 'delete', title: 'Product Baguette' })
  expect(changed).toMatchObject({ op: 'update', title: 'Product Baguette' })
  expect(gone?.fields.map(({ field }) => field).slice(0, 3)).toEqual(['price', 'name', 'category_id'])
  const { deletion } = await findSubject(ctx, of(products), '1')
  expect(deletion).toMatchObject({ who: 'postgres', moreFields: 0 })
})

test('all of one transaction is listed in order, as far as the person may see it', async () => {
  const { ctx, as } = await site({ authorize: (who, operation) => who.user.role === 'owner' || operation === 'create' })
  await db.admin.sql.begin(async (tx) => {
    await tx`update products set name = 'A' where id = 1`
    await tx`update categories set name = name || '!'`
  })
  const { tx } = await newest()
  const first = await loadStep(ctx, { tx }, { limit: 2 })
  const rest = await loadStep(ctx, { tx }, { limit: 2, cursor: first.next })
  expect([...first.changes, ...rest.changes].map(({ relation }) => relation)).toEqual([
    'public.products',
    'public.categories',
    'public.categories',
  ])
  expect(rest.next).toBeNull()
  const few = await loadStep(await as(EDITOR), { tx })
  expect(few.changes.map(({ relation }) => relation)).toEqual(['public.categories', 'public.categories'])
})
