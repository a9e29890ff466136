import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineAdmin, type ResourceOptions, resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { parseTerms } from '@/lib/admin/list/search/terms'
import { requestContext } from '@/lib/admin/request-context'
import { resolveAdmin } from '@/lib/admin/resolve'
import { connect } from '@/lib/db/client'
import { createTestAdmin, OWNER } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { addProduct, bakeryOptions, categories, createBakery, people, products, reviews, schema, tags } from './bakery'

const db = await createTestDatabase()
await createBakery(db)
await addProduct(db, { id: 1, name: 'Rye loaf', sku: 'A_1', categoryId: 2, sold: 42, secret: 'cardamom' })
await addProduct(db, { id: 2, name: 'rye LOAF, 100% dark', sku: 'A11', categoryId: 1, sold: 7, status: 'low_stock' })
await addProduct(db, {
  id: 3,
  name: 'Crème brûlée',
  sku: 'A\\1',
  categoryId: 4,
  code: '0b0f0c3a-0000-4000-8000-000000000003',
})
await addProduct(db, { id: 4, name: 'Plain cake', sku: 'B-4', price: '3.50' })
await db.owner.sql`insert into products_tags values (1, 1), (1, 2), (3, 3)`
await db.owner.sql`insert into reviews values
  (1, 1, 1, 'splendid'), (2, 1, 2, 'splendid too'), (3, 2, 2, 'dry'), (4, 4, null, 'splendid cake')`

const ACROSS: ResourceOptions<typeof products> = {
  list: {
    search: ['name', 'category.name', 'category.parent.name', 'tags.word', 'reviews.body', 'reviews.author.name'],
  },
}

async function search(q: string, options: ResourceOptions<typeof products> = {}, others = {}) {
  const { ctx, of } = await createTestAdmin(db.app, bakeryOptions(options, others))
  const list = await loadList(ctx, of(products), { q })
  expect(list.notices).toEqual([])
  return list.rows.map(({ id }) => Number(id)).sort((a, b) => a - b)
}

describe('a search by default', () => {
  it.each<[what: string, q: string, ids: number[]]>([
    ['ignores case', 'RYE', [1, 2]],
    ['wants all words, in any order and any field', 'loaf a_1', [1]],
    ['keeps a phrase together', '"rye loaf"', [1, 2]],
    ['does not find words of a phrase apart', '"loaf rye"', []],
    ['reads an open quote to the end', '"loaf, 100', [2]],
    ['takes % as itself', '100%', [2]],
    ['takes a lone % as itself', '%', [2]],
    ['takes _ as itself', 'a_1', [1]],
    ['takes \\ as itself', 'A\\1', [3]],
    ['takes quotes of SQL as themselves', "loaf' or '1'='1", []],
    ['finds a number where the word is one', '42', [1]],
    ['finds an exact amount', '3.5', [4]],
    ['finds a key', '2', [2]],
    ['is none where it is empty', '   ', [1, 2, 3, 4]],
    ['is none where it holds quotes only', '""', [1, 2, 3, 4]],
    ['looks at all texts of the table', 'cardamom', [1]],
    ['tells accents apart where nothing unaccents', 'creme', []],
  ])('%s', async (_, q, ids) => {
    expect(await search(q)).toEqual(ids)
  })

  it('of a whole uuid finds its record where it is searched', async () => {
    expect(await search('0B0F0C3A-0000-4000-8000-000000000003', { list: { search: ['code'] } })).toEqual([3])
    expect(await search('not-a-uuid', { list: { search: ['code'] } })).toEqual([])
  })

  it('of an enum finds what is shown', async () => {
    expect(await search('low sold', { list: { search: ['status'] } })).toEqual([])
    expect(await search('"low stock"', { list: { search: ['status'] } })).toEqual([2])
    expect(await search('avail', { list: { search: ['status'] } })).toEqual([1, 3, 4])
  })
})

describe('a search across associations', () => {
  it.each<[what: string, q: string, ids: number[]]>([
    ['finds by a to-one association', 'rye', [1, 2]],
    ['finds by an association of an association', 'bread', [1, 2]],
    ['finds by a to-many association, once each', 'splendid', [1, 4]],
    ['finds by a many-to-many association, once each', 'festiv', [1]],
    ['finds at any depth behind a to-many association', 'lovelace', [1]],
    ['takes signs of LIKE as themselves on the other side', 'nut_free', [3]],
    ['does not take _ for any letter on the other side', 'nut free_', []],
    ['finds records without the association by their own fields', 'plain', [4]],
    ['wants every word, each anywhere', 'loaf lovelace festive bread', [1]],
    ['finds nothing where one word is nowhere', 'loaf lovelace nowhere', []],
  ])('%s', async (_, q, ids) => {
    expect(await search(q, ACROSS)).toEqual(ids)
  })

  it('counts what it shows', async () => {
    const { ctx, of } = await createTestAdmin(db.app, bakeryOptions(ACROSS))
    expect((await loadList(ctx, of(products), { q: 'splendid' })).count).toEqual({ kind: 'exact', count: 2 })
  })

  it('finds the same where more match than fit a list of keys', async () => {
    await db.owner.sql`insert into categories select n, 'Many ' || n, null from generate_series(1000, 7000) n`
    await db.owner.sql`analyze categories`
    await addProduct(db, { id: 5, categoryId: 7000 })
    await addProduct(db, { id: 6, categoryId: 1000 })
    expect(await search('many', ACROSS)).toEqual([5, 6])
    expect(await search('"many 7000"', ACROSS)).toEqual([5])
    await db.owner.sql`delete from products where id in (5, 6)`
    await db.owner.sql`delete from categories where id >= 1000`
  })

  it('does not see through what the person may not', async () => {
    const sections = (
      hidden: Partial<ResourceOptions<typeof categories>>,
      reviewed: ResourceOptions<typeof reviews> = {},
    ) => ({
      sections: {
        shop: section(
          'Shop',
          {},
          {
            products: resource(products, ACROSS),
            categories: resource(categories, hidden),
            tags: resource(tags),
            reviews: resource(reviews, reviewed),
            people: resource(people),
          },
        ),
      },
    })
    expect(await search('bread', {}, sections({ authorize: () => false }))).toEqual([])
    expect(
      await search('bread', {}, sections({ scope: () => sql`${categories.id} > 1 or ${categories.id} < 0` })),
    ).toEqual([])
    expect(await search('bread', {}, sections({ form: { fields: { name: { read: () => false } } } }))).toEqual([])
    expect(await search('splendid', {}, sections({}, { authorize: () => eq(reviews.id, 4) }))).toEqual([4])
    expect(await search('loaf', {}, sections({ authorize: () => false }))).toEqual([1, 2])
  })

  it('does not look into a field the person may not read', async () => {
    expect(await search('cardamom', { form: { fields: { secret: { read: () => false } } } })).toEqual([])
  })
})

describe('the search box', () => {
  it('is gone where nothing is searched, and a search in the address is left out', async () => {
    const { ctx, of } = await createTestAdmin(db.app, bakeryOptions({ list: { search: [] } }))
    const list = await loadList(ctx, of(products), { q: 'rye' })
    expect(list.search.isOffered).toBe(false)
    expect(list.rows).toHaveLength(4)
    expect(list.notices).toEqual(['Products have no search; everything is shown.'])
  })

  it('takes two hundred characters and drops what no database can hold', async () => {
    const { ctx, of } = await createTestAdmin(db.app, bakeryOptions())
    const list = await loadList(ctx, of(products), { q: `${'rye '.repeat(80)}\0\ud800` })
    expect(list.search.value).toHaveLength(199)
    expect(list.rows).toHaveLength(2)
    expect(list.notices).toEqual(
      [/no text can have/, /200 characters at most/].map((words) => expect.stringMatching(words)),
    )
  })
})

// A schema of its own, as careful people install extensions.
await db.admin.sql`create schema extras`
await db.admin.sql`grant usage on schema extras to public`
const hasUnaccent = (await db.admin.sql`select 1 from pg_available_extensions where name = 'unaccent'`).length > 0

describe('where unaccent is present', () => {
  it.runIf(hasUnaccent)('accents are ignored, in the table and across associations', async () => {
    await db.admin.sql`create extension unaccent schema extras`
    // A pool of its own: what the catalogue says of a table is kept for a minute.
    const pool = connect(db.urls.app)
    try {
      const options = bakeryOptions(ACROSS)
      const source = resolveAdmin(defineAdmin({ ...options, schema }))
      const ctx = await requestContext({
        source,
        db: pool,
        clock: { now: () => new Date() },
        actor: OWNER,
        requestId: 't',
        road: 'form',
      })
      const ids = async (q: string) =>
        (await loadList(ctx, source.admin.resources.get('shop/products')!, { q })).rows
          .map(({ id }) => Number(id))
          .sort()
      expect(await ids('CREME brulee')).toEqual([3])
      expect(await ids('crème')).toEqual([3])
      expect(await ids('ryé')).toEqual([1, 2])
      expect(await ids('dark %')).toEqual([2])
      await db.owner.sql`update products set name = 'Flan' where id = 3`
      expect(await ids('creme')).toEqual([3]) // by its category
    } finally {
      await pool.close()
    }
  })
})

describe('words of a search', () => {
  it.each([
    ['rye loaf', ['rye', 'loaf']],
    ['  rye\t loaf ', ['rye', 'loaf']],
    ['"rye loaf" dark', ['rye loaf', 'dark']],
    ['"rye loaf', ['rye loaf']],
    ['a"b c"d', ['a', 'b c', 'd']],
    ['rye rye', ['rye']],
    ['"" " "', []],
  ])('%j are %j', (text, terms) => {
    expect(parseTerms(text)).toEqual(terms)
  })

  it('are never empty, never repeated and ten at most', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const terms = parseTerms(text)
        expect(terms.every((term) => term.trim() !== '' && !term.includes('"'))).toBe(true)
        expect(new Set(terms).size).toBe(terms.length)
        expect(terms.length).toBeLessThanOrEqual(10)
      }),
    )
  })
})
