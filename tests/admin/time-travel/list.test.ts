import { ne, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadList } from '@/lib/admin/list'
import { travel } from '@/lib/admin/time-travel/travel'
import type { ListView } from '@/lib/admin/view'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { bakeryOptions, createBakery, products } from '../list/bakery'

const db = await createTestDatabase()
await createBakery(db)
const tables = ['categories', 'products', 'tags', 'products_tags', 'people', 'reviews']
await installTriggers(
  db.owner.sql,
  tables.map((name) => ({ schema: 'public', name })),
)
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
const bakery = (...given: Parameters<typeof bakeryOptions>) => createTestAdmin(db.app, bakeryOptions(...given))

const LIST = {
  list: {
    columns: ['name', 'categoryId', 'price', 'sold', 'status'],
    search: ['name', 'category.name', 'tags.word', 'reviews.author.name'],
    filters: ['status', 'price', 'categoryId', 'sold'],
  },
} as const

async function listOf(query: string, at?: string, options: Parameters<typeof bakeryOptions>[0] = LIST) {
  const { ctx, of } = await bakery(options)
  const journey = await travel(ctx, of(products), at)
  return { ...(await loadList(journey.ctx, journey.resource, new URLSearchParams(query))), journey }
}

/** What a person sees of a list, without the addresses, which keep the moment. */
const seen = ({ rows, count, pager, chips, notices, emptiness, columns }: ListView) => ({
  rows: rows.map(({ id, title, cells }) => [id, title, ...cells.map(({ display, text, full }) => [display, text, full])]),
  count,
  summary: pager.summary,
  chips: chips.map(({ label }) => label),
  columns: columns.map(({ name, sorted }) => [name, sorted]),
  notices,
  emptiness,
})

const QUERIES = [
  '',
  'sort=price',
  'sort=-name',
  'sort=categoryId,-sold',
  'page=2',
  'f.status=eq:available',
  'f.price=gte:20&f.price=lte:60&sort=-price',
  'f.categoryId=in:1,3',
  'f.categoryId=empty:yes',
  'q=loaf',
  'q=rye',
  'q=festive',
  'q=lovelace&sort=name',
  'q=crème&f.sold=gte:3',
]

/** One random change of the bakery. */
const change = fc.oneof(
  fc.record({ id: id(), price: fc.integer({ min: 1, max: 90 }) }).map(({ id, price }) => `update products set price = ${price} where id = ${id}`),
  fc.record({ id: id(), status: fc.constantFrom('available', 'sold_out') }).map(({ id, status }) => `update products set status = '${status}', name = name || '!' where id = ${id}`),
  fc.record({ id: id(), category: fc.constantFrom('null', '1', '2', '3') }).map(({ id, category }) => `update products set category_id = ${category} where id = ${id}`),
  id().map((one) => `delete from products_tags where product_id = ${one}; delete from reviews where product_id = ${one}; delete from products where id = ${one}`),
  id().map((one) => `insert into products (id, name, sku, category_id, price, sold, status) values (${one}, 'New loaf ${one}', 'N-${one}', 1 + ${one} % 4, ${one}, ${one} % 7, 'low_stock') on conflict do nothing`),
  id().map((one) => `insert into products_tags select ${one}, 1 + ${one} % 3 where exists (select from products where id = ${one}) on conflict do nothing`),
  id().map((one) => `delete from products_tags where product_id = ${one}`),
  id().map((one) => `insert into reviews select coalesce(max(r.id), 0) + 1, ${one}, 1 + ${one} % 2, 'Good' from reviews r having exists (select from products where id = ${one})`),
  fc.constantFrom('Bread', 'Rye loaf', 'Sweet').map((name) => `update categories set name = '${name}' where id = 2`),
  fc.constantFrom('festive', 'plain').map((word) => `update tags set word = '${word}' where id = 1`),
  id().map((one) => `update products set id = id + 1000 where id = ${one} and not exists (select from products_tags where product_id = ${one}) and not exists (select from reviews where product_id = ${one})`),
  fc.integer({ min: 0, max: 9 }).map((sold) => `update products set sold = ${sold} where sold = ${sold + 1}`),
)

function id() {
  return fc.integer({ min: 1, max: 60 })
}

describe('a list as of a moment', () => {
  beforeAll(async () => {
    await db.owner.sql`insert into products (id, name, sku, category_id, price, cost, sold, status)
      select n, 'Loaf ' || n, 'P-' || n, 1 + n % 4, n, n / 2.0, n % 10, 'available' from generate_series(1, 55) n`
  })

  it('is what the list showed then, whatever changed since: filters, order, search, count, labels, pages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 4 }), async (rounds) => {
        const snapshots: { at: string; query: string; shown: ReturnType<typeof seen> }[] = []
        for (const round of rounds) {
          const at = await now()
          for (const query of QUERIES) {
            const shown = seen(await listOf(query))
            expect(shown.notices).toEqual([])
            snapshots.push({ at, query, shown })
          }
          await db.admin.sql.unsafe(round.join('; '))
        }
        for (const { at, query, shown } of snapshots) expect({ at, query, ...seen(await listOf(query, at)) }).toEqual({ at, query, ...shown })
      }),
      { numRuns: 4 },
    )
  })
})
