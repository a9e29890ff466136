import { ne } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import { countRestore, type RestoreRequest, restoreRecords } from '@/lib/admin/operations/restore'
import { undoChanges } from '@/lib/admin/operations/undo'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { bakeryOptions, createBakery, products } from '../list/bakery'

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
    expect(await restore({ at, what: { id: '1' } }, options)).toEqual({ changed: 1, returned: 0, removed: 0, links: 2 })
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
    const counts = { changed: 2, returned: 1, removed: 1, links: 0 }
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
