import { ne } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { countRestore, type RestoreRequest, restoreRecords } from '@/lib/admin/operations/restore'
import { undoChanges } from '@/lib/admin/operations/undo'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { bakeryOptions, categories, createBakery, products, tags } from '../list/bakery'

const db = await createTestDatabase()
await createBakery(db)
await installTriggers(
  db.owner.sql,
  ['categories', 'products', 'tags', 'products_tags', 'people', 'reviews'].map((name) => ({ schema: 'public', name })),
)
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
const rows = async (table = 'products') =>
  (await db.admin.sql.unsafe(`select t::text as row from ${table} t order by 1`)).map(({ row }) => row as string)

type Options = Parameters<typeof bakeryOptions>[0]
const LIST: Options = { list: { search: ['name', 'category.name'], filters: ['status', 'price'] } }

async function restore(request: RestoreRequest, options: Options = LIST, actor?: typeof EDITOR) {
  const { ctx, as, of } = await createTestAdmin(db.app, bakeryOptions(options))
  return restoreRecords({ ctx: actor ? await as(actor) : ctx }, of(products), request)
}

beforeEach(async () => {
  await db.admin.sql.unsafe(`
    delete from products_tags; delete from reviews; delete from products;
    insert into products (id, name, sku, category_id, price, sold, status)
      select n, 'Loaf ' || n, 'P-' || n, 1 + n % 4, n, 0, 'available' from generate_series(1, 20) n;
    insert into products_tags values (1, 1), (1, 2), (2, 1)`)
})

describe('a record', () => {
  it('goes back with its links, down the one road, and the log says so', async () => {
    const [at, before, links] = [await now(), await rows(), await rows('products_tags')]
    await db.admin.sql.unsafe(`update products set name = 'x', price = 9 where id = 1; update products set price = 10 where id = 1;
      delete from products_tags where product_id = 1 and tag_id = 2; insert into products_tags values (1, 3)`)
    const seen: string[] = []
    const options: Options = {
      hooks: { beforeUpdate: (_ctx, changeset) => void seen.push(String(changeset.values.name)) },
    }
    expect(await restore({ at, what: { id: '1' } }, options)).toEqual({
      changed: 1,
      returned: 0,
      removed: 0,
      links: 2,
      along: 0,
    })
    expect(await rows()).toEqual(before)
    expect(await rows('products_tags')).toEqual(links)
    expect(seen).toEqual(['Loaf 1'])
    const [entry] = await db.admin
      .sql`select source, actor, changed from kontor.changes where relation = 'public.products' order by id desc limit 1`
    expect(entry).toMatchObject({ source: 'restore', actor: 'user:test-owner', changed: ['name', 'price'] })
    await expect(restore({ at, what: { id: '1' } })).rejects.toMatchObject({
      message: expect.stringMatching(/nothing to restore/),
    })
  })

  it('comes back where it is gone, and goes where it came later', async () => {
    const [at, before] = [await now(), await rows()]
    await db.admin.sql.unsafe(
      `delete from products where id = 5; insert into products (id, name, sku, sold, status) values (99, 'New', 'N', 0, 'available')`,
    )
    expect(await restore({ at, what: { id: '5' } })).toMatchObject({ returned: 1 })
    expect(await restore({ at, what: { id: '99' } })).toMatchObject({ removed: 1 })
    expect(await rows()).toEqual(before)
  })

  it('is refused with the reason where its parent is gone', async () => {
    await db.admin.sql`insert into categories values (70, 'Short-lived') on conflict do nothing`
    await db.admin.sql`update products set category_id = 70 where id = 3`
    const at = await now()
    await db.admin.sql`update products set category_id = 1, name = 'y' where id = 3`
    await db.admin.sql`delete from categories where id = 70`
    await expect(restore({ at, what: { id: '3' } })).rejects.toMatchObject({
      code: 'conflict',
      details: { undo: { obstacles: [{ reason: 'What it points at is no longer there.', choice: 'overrule' }] } },
    })
    await restore({ at, what: { id: '3' }, overrule: true })
    expect((await rows()).find((row) => row.startsWith('(3,'))).toMatch(/^\(3,"Loaf 3",P-3,1,/)
  })

  it('is restored only by whoever may change it, and may see what it was', async () => {
    const at = await now()
    await db.admin.sql`update products set status = 'sold_out' where id = 1`
    await db.admin.sql`update products set status = 'available', price = 8 where id = 2`
    const mayNot: Options = { authorize: (ctx, operation) => ctx.user.role === 'owner' || operation !== 'update' }
    await expect(restore({ at, what: { id: '1' } }, mayNot, EDITOR)).rejects.toMatchObject({ code: 'forbidden' })
    const hidden: Options = { authorize: (ctx) => ctx.user.role === 'owner' || ne(products.status, 'sold_out') }
    await expect(restore({ at, what: { id: '1' } }, hidden, EDITOR)).rejects.toMatchObject({ code: 'forbidden' })
    const soldOut = await now()
    await db.admin.sql`update products set status = 'available' where id = 1`
    await expect(restore({ at: soldOut, what: { id: '1' } }, hidden, EDITOR)).rejects.toMatchObject({
      code: 'not_found',
    })
    expect(await restore({ at, what: { id: '2' } }, hidden, EDITOR)).toMatchObject({ changed: 1 })
  })

  it('has its links restored by whoever may change one of the two sides', async () => {
    const at = await now()
    await db.admin.sql`delete from products_tags where product_id = 2`
    const onlyTags: Options = { authorize: (ctx, operation) => ctx.user.role === 'owner' || operation !== 'update' }
    const { as, of } = await createTestAdmin(db.app, bakeryOptions(onlyTags))
    const road = { ctx: await as(EDITOR) }
    expect(await restoreRecords(road, of(tags), { at, what: { id: '1' } })).toMatchObject({ links: 1 })
    await expect(restoreRecords(road, of(products), { at, what: { id: '1' } })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })
})

describe('links to records that the person may not see', () => {
  it('stay as they are, as in a form', async () => {
    const at = await now()
    await db.admin.sql.unsafe(`delete from products_tags where product_id = 1; insert into products_tags values (2, 2)`)
    const options = bakeryOptions(LIST)
    const hidden = (authorize: ResourceOptions<typeof tags>['authorize']) =>
      createTestAdmin(db.app, {
        ...options,
        sections: {
          shop: section(
            'Shop',
            {},
            {
              products: resource(products, LIST),
              categories: resource(categories),
              tags: resource(tags, { authorize }),
            },
          ),
        },
      })
    const { as, of } = await hidden((who) => who.user.role === 'owner' || ne(tags.id, 2))
    const road = { ctx: await as(EDITOR) }
    const what = { query: '' }
    await expect(restoreRecords(road, of(products), { at, what })).rejects.toMatchObject({
      details: {
        undo: {
          blocked: 2,
          free: 1,
          obstacles: [{ choice: 'leaveOut', reason: expect.stringMatching(/may not see/) }, {}],
        },
      },
    })
    expect(await restoreRecords(road, of(products), { at, what, leaveOut: true })).toMatchObject({ links: 1 })
    expect(await rows('products_tags')).toEqual(['(1,1)', '(2,1)', '(2,2)'])
    const none = await hidden((who) => who.user.role === 'owner')
    await expect(
      restoreRecords({ ctx: await none.as(EDITOR) }, none.of(products), { at, what, leaveOut: true }),
    ).rejects.toMatchObject({ message: expect.stringMatching(/Nothing is left to restore/) })
    const { ctx } = await hidden((who) => who.user.role === 'owner')
    expect(await restoreRecords({ ctx }, of(products), { at, what })).toMatchObject({ links: 2 })
  })
})

describe('what a list shows', () => {
  it('becomes what it showed then: records that matched then, and those that match now', async () => {
    const at = await now()
    const before = await rows()
    await db.admin.sql.unsafe(`update products set price = 100 where id = 1; update products set price = 2 where id = 18;
      delete from products where id = 19; insert into products (id, name, sku, price, sold, status) values (50, 'Late', 'L', 70, 0, 'available');
      update products set name = 'Elsewhere' where id = 3`)
    const what = { query: 'f.price=gte:15' }
    const { ctx, of } = await createTestAdmin(db.app, bakeryOptions(LIST))
    const counts = { changed: 2, returned: 1, removed: 1, links: 0, along: 0 }
    expect(await countRestore({ ctx }, of(products), { at, what })).toEqual(counts)
    const asked = { ...ctx, requestId: 'what was listed' }
    expect(await restoreRecords({ ctx: asked }, of(products), { at, what })).toEqual(counts)
    expect(await rows()).toEqual(
      before.map((row) => (row.startsWith('(3,') ? row.replace('"Loaf 3"', 'Elsewhere') : row)),
    )
    await undoChanges({ ctx }, { request: 'what was listed' })
    expect((await rows()).filter((row) => row.includes('Late'))).toHaveLength(1)
  })

  it('is found by a search across associations, of then and of now', async () => {
    const at = await now()
    const before = await rows()
    await db.admin.sql.unsafe(
      `update products set category_id = 3, sold = 5 where category_id = 2; update products set sold = 1 where id = 3`,
    )
    await restore({ at, what: { query: 'q=rye' } })
    expect((await rows()).filter((row) => !row.startsWith('(3,'))).toEqual(
      before.filter((row) => !row.startsWith('(3,')),
    )
    expect((await rows()).find((row) => row.startsWith('(3,'))).toContain(',1,available')
  })

  it('goes back with the links of its records, also of those that did not change themselves', async () => {
    await db.admin.sql`insert into products_tags values (18, 1), (19, 2), (20, 3), (3, 3)`
    const [at, before, links] = [await now(), await rows(), await rows('products_tags')]
    await db.admin.sql.unsafe(`
      delete from products_tags where product_id in (18, 19, 20); insert into products_tags values (18, 2), (17, 3);
      delete from products where id = 19; update products set price = 1 where id = 20;
      insert into products (id, name, sku, price, sold, status) values (50, 'Late', 'L', 70, 0, 'available');
      insert into products_tags values (50, 1), (3, 1); delete from products_tags where product_id in (1, 3) and tag_id = 2 or product_id = 3 and tag_id = 3`)
    const outside = (await rows('products_tags')).filter((row) => /^\([123],/.test(row))
    const what = { query: 'f.price=gte:15' }
    const { ctx, of } = await createTestAdmin(db.app, bakeryOptions(LIST))
    const counts = { changed: 1, returned: 1, removed: 1, links: 6, along: 0 }
    expect(await countRestore({ ctx }, of(products), { at, what })).toEqual(counts)
    const asked = { ...ctx, requestId: 'listed with links' }
    expect(await restoreRecords({ ctx: asked }, of(products), { at, what })).toEqual(counts)
    expect(await rows()).toEqual(before)
    const isListed = (row: string) => !/^\([123],/.test(row)
    expect((await rows('products_tags')).filter(isListed)).toEqual(links.filter(isListed))
    expect((await rows('products_tags')).filter((row) => !isListed(row))).toEqual(outside)
    const sources = await db.admin.sql`select distinct source, tx::text as tx from kontor.changes
      where request_id = 'listed with links' and relation in ('public.products', 'public.products_tags')`
    expect(sources).toMatchObject([{ source: 'restore' }])
    await undoChanges({ ctx }, { request: 'listed with links' })
    expect((await rows('products_tags')).filter(isListed)).toEqual(['(17,3)', '(18,2)', '(50,1)'])
  })

  it('goes back with thousands of links in few statements', async () => {
    await db.admin.sql.unsafe(`insert into products (id, name, sku, price, sold, status)
        select n, 'Many', 'M', 1, 0, 'available' from generate_series(1001, 4000) n;
      insert into products_tags select n, 1 from generate_series(1001, 4000) n`)
    const [at, links] = [await now(), await rows('products_tags')]
    await db.admin.sql.unsafe(`update products_tags set tag_id = 2 where product_id > 1000`)
    expect(await restore({ at, what: { query: '' } })).toEqual({
      changed: 0,
      returned: 0,
      removed: 0,
      links: 6000,
      along: 0,
    })
    expect(await rows('products_tags')).toEqual(links)
    const [count] = await db.admin.sql`select count(distinct at)::int as statements, count(*)::int as rows
      from kontor.changes where source = 'restore' and at > ${at}`
    expect(count).toEqual({ statements: expect.any(Number), rows: 6000 })
    expect(count?.statements).toBeLessThan(20)
  })

  it('says which link cannot come back, and goes on without it when told', async () => {
    await db.admin
      .sql`insert into tags values (70, 'short-lived'); insert into products_tags values (18, 70), (20, 1)`.simple()
    const at = await now()
    await db.admin.sql`delete from products_tags where product_id in (18, 20); delete from tags where id = 70`.simple()
    const what = { query: 'f.price=gte:15' }
    await expect(restore({ at, what })).rejects.toMatchObject({
      code: 'conflict',
      details: { undo: { blocked: 1, free: 1, obstacles: [{ reason: 'What it points at is no longer there.' }] } },
    })
    expect(await restore({ at, what, leaveOut: true })).toMatchObject({ links: 1 })
    expect((await rows('products_tags')).slice(-1)).toEqual(['(20,1)'])
  })

  it('takes links back only for whoever may change the record, and only of records they may see', async () => {
    await db.admin.sql`update products set status = 'sold_out' where id = 20`
    const at = await now()
    await db.admin.sql`insert into products_tags values (19, 1), (20, 1)`
    const what = { query: 'f.price=gte:15' }
    const closed: Options = {
      ...LIST,
      authorize: (ctx, operation) => ctx.user.role === 'owner' || operation !== 'update' || ne(products.id, 19),
    }
    await expect(restore({ at, what }, closed, EDITOR)).rejects.toMatchObject({ code: 'forbidden' })
    const hidden: Options = {
      ...LIST,
      authorize: (ctx) => ctx.user.role === 'owner' || ne(products.status, 'sold_out'),
    }
    expect(await restore({ at, what }, hidden, EDITOR)).toMatchObject({ links: 1 })
    expect((await rows('products_tags')).slice(-1)).toEqual(['(20,1)'])
  })

  it('touches only what the person may see', async () => {
    const at = await now()
    await db.admin.sql`update products set status = 'sold_out', sold = 3 where id = 1`
    await db.admin.sql`update products set sold = 3 where id = 2`
    const hidden: Options = {
      ...LIST,
      authorize: (ctx) => ctx.user.role === 'owner' || ne(products.status, 'sold_out'),
    }
    expect(await restore({ at, what: { query: '' } }, hidden, EDITOR)).toMatchObject({ changed: 1 })
    expect((await rows()).filter((row) => row.includes(',3,sold_out'))).toHaveLength(1)
  })

  it('is refused whole where a filter cannot be read, a moment is none, or there are too many', async () => {
    const at = await now()
    await expect(restore({ at, what: { query: 'f.nonsense=eq:1' } })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/^Nothing was restored/),
    })
    await expect(restore({ at: '2999-01-01', what: { query: '' } })).rejects.toMatchObject({ code: 'invalid' })
    await expect(restore({ at: '2001-01-01', what: { query: '' } })).rejects.toMatchObject({ code: 'invalid' })
    await db.admin
      .sql`insert into products (id, name, sku, sold, status) select n, 'Many', 'M', 0, 'available' from generate_series(1000, 11000) n`
    await expect(restore({ at, what: { query: '' } })).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringMatching(/10,000/),
    })
    await db.admin.sql`delete from products where id = 11000`
    expect(await restore({ at, what: { query: '' } })).toMatchObject({ removed: 10_000 })
  })
})
