import { eq, sql } from 'drizzle-orm'
import { boolean, integer, pgTable } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadList, parseListState } from '@/lib/admin/list'
import { orderOf } from '@/lib/admin/list/order'
import { connect } from '@/lib/db/client'
import { encodeCursor } from '@/lib/db/keyset'
import { AdminError } from '@/lib/errors'
import { createTestAdmin, EDITOR, OWNER } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { addProduct, bakeryOptions, categories, createBakery, products } from './bakery'

const db = await createTestDatabase()
await createBakery(db)
await db.owner.sql`insert into products (id, name, sku, category_id, price, cost, sold, status)
  select n, 'Loaf ' || n, 'P-' || n, 1 + n % 4, n, n / 2.0, n % 10, 'available' from generate_series(1, 130) n`

const bakery = (...given: Parameters<typeof bakeryOptions>) => createTestAdmin(db.app, bakeryOptions(...given))

async function page(query: string, ...given: Parameters<typeof bakeryOptions>) {
  const { ctx, of } = await bakery(...given)
  return loadList(ctx, of(products), new URLSearchParams(query))
}

const idsOf = ({ rows }: Awaited<ReturnType<typeof page>>) => rows.map(({ id }) => Number(id))
const range = (from: number, to: number) =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, at) => (from < to ? from + at : from - at))
const queryOf = (href: string | undefined) => href?.split('?')[1] ?? ''

describe('a list', () => {
  it('begins with the newest keys, 25 of them, and says how many there are', async () => {
    const list = await page('')
    expect(idsOf(list)).toEqual(range(130, 106))
    expect(list.count).toEqual({ kind: 'exact', count: 130 })
    expect(list.pager.summary).toBe('1–25 of 130')
    expect(list.pager.pages.map((item) => item?.page ?? null)).toEqual([1, 2, 3, null, 6])
    expect(list.notices).toEqual([])
    expect(list.exportHref).toBe('/admin/shop/products/export')
  })

  it('leads through all of its pages by its own addresses', async () => {
    let list = await page('sort=price')
    const seen = idsOf(list)
    while (list.pager.next) {
      list = await page(queryOf(list.pager.next))
      seen.push(...idsOf(list))
    }
    expect(seen).toEqual(range(1, 130))
    expect(list.pager.summary).toBe('126–130 of 130')
    const back = [...idsOf(list)]
    while (list.pager.previous) {
      list = await page(queryOf(list.pager.previous))
      back.unshift(...idsOf(list))
    }
    expect(back).toEqual(range(1, 130))
    expect(list.pager.first).toBeUndefined()
    expect(idsOf(await page(queryOf((await page('sort=price')).pager.last)))).toEqual(range(126, 130))
  })

  it('says what each header does: sort, reverse, add a key', async () => {
    const { columns } = await page('sort=-sold', {
      list: { columns: ['name', 'sold', { name: 'margin', value: () => 1 }] },
    })
    const [name, sold, margin] = columns
    expect(sold).toMatchObject({ sorted: 'desc', sortHref: '/admin/shop/products?sort=sold', align: 'end' })
    expect(name).toMatchObject({
      isSortable: true,
      sortHref: '/admin/shop/products?sort=name',
      addSortHref: '/admin/shop/products?sort=-sold,name',
    })
    expect(name?.sorted).toBeUndefined()
    expect(margin).toMatchObject({ isSortable: false })
    const twice = await page('sort=-sold,name', { list: { columns: ['name', 'sold'] } })
    expect(idsOf(twice).slice(0, 3)).toEqual([109, 119, 129])
    expect(twice.columns[0]?.addSortHref).toBe('/admin/shop/products?sort=-sold,-name')
  })

  it('sorts a computed column by the expression it names', async () => {
    const margin = {
      name: 'margin',
      value: (p: { price: string | null }) => Number(p.price),
      sort: sql`${products.price} - ${products.cost}`,
    }
    expect(idsOf(await page('sort=-margin', { list: { columns: ['name', margin] } }))).toEqual(range(130, 106))
    expect(idsOf(await page('sort=margin', { list: { columns: ['name', margin] } }))).toEqual(range(1, 25))
  })

  it('keeps its filters, search, sort and size in every address', async () => {
    const list = await page('q=loaf&f.price=gte:3&sort=name&size=50')
    for (const href of [list.pager.next, list.pager.last]) {
      const params = new URLSearchParams(queryOf(href))
      expect([params.get('q'), params.get('f.price'), params.get('sort'), params.get('size')]).toEqual([
        'loaf',
        'gte:3',
        'name',
        '50',
      ])
    }
    expect(list.exportHref).toBe('/admin/shop/products/export?q=loaf&f.price=gte:3&sort=name')
    expect(list.query).toBe('q=loaf&f.price=gte:3&sort=name&size=50')
  })

  it('is empty because nothing matches, or because nothing is there yet', async () => {
    expect(await page('q=nothing')).toMatchObject({
      emptiness: 'no_match',
      rows: [],
      pager: { summary: 'No products', pages: [] },
    })
    const { ctx } = await bakery()
    const reviews = await loadList(ctx, ctx.admin.resources.get('shop/reviews')!, {})
    expect(reviews).toMatchObject({ emptiness: 'none_yet', count: { kind: 'exact', count: 0 } })
  })
})

describe('a bad address', () => {
  const whole = range(130, 106)
  it.each<[what: string, query: string, ids: number[], notice: RegExp]>([
    ['a page of zero', 'page=0', whole, /“0” is no page number/],
    ['a negative page', 'page=-3', whole, /“-3” is no page number/],
    ['a page of words', 'page=two', whole, /“two” is no page number/],
    ['a page behind the last', 'page=40', whole, /no page 40/],
    ['a page beyond what OFFSET may skip', 'page=402', whole, /numbers up to 401/],
    ['a page beyond any number', `page=${'9'.repeat(40)}`, whole, /is no page number/],
    ['a size nobody offers', 'size=26', whole, /25, 50 or 100/],
    ['a huge size', 'size=1000000', whole, /25, 50 or 100/],
    ['a sort by nothing here', 'sort=colour', whole, /does not sort by “colour”/],
    ['a sort by SQL', 'sort=id;drop table products', whole, /does not sort by/],
    ['one bad key among good ones', 'sort=price,colour', range(1, 25), /does not sort by “colour”/],
    ['too many keys', 'sort=price,id,name,sold,status', range(1, 25), /4 columns at most/],
    ['a cursor that is none', 'after=hello', whole, /another order, or to none/],
    ['a search for no text', 'q=%00', whole, /no text can have/],
    ['a cursor of garbage', 'before=%00%ff', whole, /another order, or to none/],
    ['two pages at once', 'page=2&after=hello', whole, /several pages at once/],
    ['a count nobody knows', 'count=maybe', whole, /count=maybe/],
    ['a word twice', 'size=25&size=50', whole, /“size” more than once/],
    ['a column too many', `f.${'x'.repeat(300)}=eq:1`, whole, /does not filter by “x{40}…”/],
  ])('with %s falls back to the default and says so', async (_, query, ids, notice) => {
    const list = await page(query)
    expect(idsOf(list)).toEqual(ids)
    expect(list.notices).toContainEqual(expect.stringMatching(notice))
    expect(list.pager.summary).toBe('1–25 of 130')
  })

  it('with a cursor whose values only Postgres can refuse shows the first page', async () => {
    const { ctx, of } = await bakery()
    const order = orderOf(ctx, of(products), [{ name: 'price', descending: false }], 't')
    const after = encodeCursor({ values: ['cheap', '1'] }, order.signature)
    const list = await page(`sort=price&after=${after}`)
    expect(idsOf(list)).toEqual(range(1, 25))
    expect(list.notices).toEqual(['The page in the address cannot be read; this is the first page.'])
  })

  it('with a cursor of another sort shows the first page', async () => {
    const { ctx, of } = await bakery()
    const order = orderOf(ctx, of(products), [{ name: 'price', descending: false }], 't')
    const list = await page(`sort=-price&after=${encodeCursor({ values: ['5', '5'] }, order.signature)}`)
    expect(list.notices).toEqual([expect.stringMatching(/another order/)])
  })

  it('reads the same from Next and from a request', async () => {
    const { ctx, of } = await bakery()
    const [one, other] = await Promise.all([
      parseListState(of(products), { 'f.price': ['gte:3', 'lte:9'], sort: 'name', page: '2' }, ctx),
      parseListState(of(products), new URLSearchParams('f.price=gte:3&f.price=lte:9&sort=name&page=2'), ctx),
    ])
    expect(one).toEqual(other)
    expect(one.state.filters).toHaveLength(2)
  })
})

describe('a large list', () => {
  it('counts ten thousand rows, then says about how many, and exactly on demand', async () => {
    await db.owner.sql`create table many (id integer primary key, half boolean not null)`
    await db.owner.sql`insert into many select n, n % 2 = 0 from generate_series(1, 60000) n`
    await db.owner.sql`grant all on many to kontor_app`
    const many = pgTable('many', { id: integer('id').primaryKey(), half: boolean('half').notNull() })
    const { ctx, of } = await createTestAdmin(db.app, {
      sections: { main: section('Main', {}, { many: resource(many) }) },
    })
    const read = (query: string) => loadList(ctx, of(many), new URLSearchParams(query))

    expect((await read('')).count.kind).not.toBe('exact') // nobody analysed the table yet
    await db.owner.sql`analyze many`
    const first = await read('')
    expect(first.count).toEqual({ kind: 'about', count: 60000 })
    expect(first.pager).toMatchObject({ summary: '1–25 of about 60,000', pages: [] })
    expect((await read('f.half=eq:true')).count.kind).toBe('about')
    expect((await read('f.id=lte:10000')).count).toEqual({ kind: 'exact', count: 10000 })
    expect((await read(queryOf(first.pager.countHref))).count).toEqual({ kind: 'exact', count: 60000 })

    const second = await read(queryOf(first.pager.next))
    expect(idsOf(second)).toEqual(range(59975, 59951))
    expect(second.pager.summary).toBe('26–50 of about 60,000')
    expect(second.pager.next).toMatch(/after=/)
    expect(idsOf(await read(queryOf(second.pager.previous)))).toEqual(idsOf(first))

    const last = await read(queryOf(first.pager.last))
    expect(idsOf(last)).toEqual(range(25, 1))
    expect(last.pager.next).toBeUndefined()
    expect(last.pager.last).toBeUndefined()
    expect(last.pager.summary).toBe('25 of about 60,000')
    const before = await read(queryOf(last.pager.previous))
    expect(idsOf(before)).toEqual(range(50, 26))
    expect(idsOf(await read(queryOf(before.pager.next)))).toEqual(range(25, 1))

    await db.owner.sql`delete from many where id <= 30`
    const gone = await read(queryOf(before.pager.next))
    expect(gone.notices).toEqual(['Nothing follows the page you came from; this is the last page.'])
    expect(idsOf(gone)).toEqual(range(55, 31))
  })
})

describe('cells', () => {
  it('link to the record and to what it points at, and show each value by its kind', async () => {
    await addProduct(db, {
      id: 500,
      name: 'Rye',
      sku: 'x',
      categoryId: 2,
      price: '1234.5',
      sold: 12345,
      status: 'low_stock',
      labels: ['a', 'b', 'c', 'd', 'e'],
      bakedOn: '2026-03-01',
      isVegan: true,
      secret: `${'word '.repeat(400)}end`,
    })
    const list = await page('f.id=eq:500', {
      form: { fields: { status: { tones: { low_stock: 'warn' } } } },
      list: {
        columns: [
          'name',
          'categoryId',
          { name: 'price', format: 'money', currency: 'EUR' },
          'sold',
          'status',
          'labels',
          'bakedOn',
          'isVegan',
          'secret',
          'facts',
          { name: 'margin', value: async (p) => Number(p.price) - p.sold, format: 'number' },
          { name: 'first', value: (p) => p.labels?.[0] },
          { name: 'none', value: () => undefined },
        ],
      },
    })
    const row = list.rows[0]!
    expect(row).toMatchObject({ id: '500', title: 'Rye', href: '/admin/shop/products/500' })
    expect(row.cells.map(({ display }) => display)).toEqual([
      'Rye',
      'Rye',
      '€1,234.50',
      '12,345',
      'Low stock',
      'a, b, c and 2 more',
      '1 Mar 2026',
      'Yes',
      `${'word '.repeat(28).trim()}…`,
      '',
      '-11,110.5',
      'a',
      '',
    ])
    expect(row.cells[0]?.href).toBe('/admin/shop/products/500')
    expect(row.cells[1]?.href).toBe('/admin/shop/categories/2')
    expect(row.cells[4]?.tone).toBe('warn')
    expect(row.cells[8]?.full?.length).toBeGreaterThan(900)
    expect(row.cells[8]?.full?.length).toBeLessThan(1100)
    expect(row.cells[9]?.text).toBeNull()
    expect(row.cells[12]?.text).toBeNull()
    await db.owner.sql`delete from products where id = 500`
  })

  it('ask the config for computed values of a page together', async () => {
    let running = 0
    let most = 0
    await page('', {
      list: {
        columns: [
          'name',
          {
            name: 'slow',
            value: async () => {
              most = Math.max(most, ++running)
              await new Promise((resolve) => setTimeout(resolve, 20))
              running--
            },
          },
        ],
      },
    })
    expect(most).toBe(25)
  })

  it('name the column whose value cannot be computed', async () => {
    const broken = { name: 'broken', value: () => Promise.reject(new Error('no')) }
    await expect(page('', { list: { columns: ['name', broken] } })).rejects.toThrow(
      'The column “broken” of shop/products could not be computed.',
    )
  })

  it('take long values to the callbacks whole', async () => {
    await addProduct(db, {
      id: 501,
      secret: 'x'.repeat(5000),
      facts: { long: 'y'.repeat(5000) },
      labels: Array.from({ length: 300 }, (_, n) => `label ${n}`),
    })
    const list = await page('f.id=eq:501', {
      list: {
        columns: [
          'name',
          'secret',
          {
            name: 'sizes',
            value: (p) => `${p.secret?.length} ${(p.facts as { long: string }).long.length} ${p.labels?.length}`,
          },
        ],
      },
    })
    expect(list.rows[0]?.cells[2]?.display).toBe('5000 5000 300')
    expect(list.rows[0]?.cells[1]?.full?.length).toBe(1001)
    await db.owner.sql`delete from products where id = 501`
  })
})

describe('who sees what', () => {
  it('is refused where the policy says no', async () => {
    await expect(page('', { authorize: (_, operation) => operation !== 'list' })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  it('is bounded by scope and policy together, in rows and count, however they are written', async () => {
    const list = await page('f.price=gte:1', {
      scope: () => sql`${products.sold} = 3 or ${products.sold} = 4`,
      authorize: () => sql`${products.id} < 50 or ${products.id} > 1000`,
    })
    expect(idsOf(list)).toEqual([44, 43, 34, 33, 24, 23, 14, 13, 4, 3])
    expect(list.count).toEqual({ kind: 'exact', count: 10 })
  })

  it('does not show, sort or title by a field the person may not read', async () => {
    const options = {
      form: { fields: { name: { read: (ctx: { user: { role: string } }) => ctx.user.role === 'owner' } } },
    }
    const { as, of } = await bakery(options)
    const list = await loadList(await as(EDITOR), of(products), { sort: 'name' })
    expect(list.columns.map(({ name }) => name)).not.toContain('name')
    expect(list.notices).toEqual(['This list does not sort by “name”; that was left out.'])
    expect(list.rows[0]).toMatchObject({ id: '130', title: 'Product 130' })
    expect(JSON.stringify(list)).not.toContain('Loaf')
    expect((await loadList(await as(EDITOR), of(products), { q: 'Loaf' })).rows).toEqual([])
    expect((await loadList(await as(OWNER), of(products), { q: 'Loaf' })).rows[0]?.title).toBe('Loaf 130')
  })

  it('links and names no related record that the person may not open', async () => {
    const sections = {
      shop: section(
        'Shop',
        {},
        { products: resource(products), categories: resource(categories, { authorize: () => eq(categories.id, 1) }) },
      ),
    }
    const { ctx, of } = await createTestAdmin(db.app, { sections })
    const list = await loadList(ctx, of(products), { 'f.id': 'in:3,4' })
    const at = list.columns.findIndex(({ name }) => name === 'categoryId')
    expect(list.rows.map(({ id, cells }) => [id, cells[at]?.display, cells[at]?.href])).toEqual([
      ['4', 'Bread', '/admin/shop/categories/1'],
      ['3', '4', undefined],
    ])
  })

  it('offers New and links only where the person may use them', async () => {
    const list = await page('', { authorize: (_, operation) => operation === 'list' })
    expect(list.newHref).toBeUndefined()
    expect(list.rows[0]?.href).toBeUndefined()
    expect(list.rows[0]?.cells[0]?.href).toBeUndefined()
    expect((await page('f.categoryId=eq:2')).newHref).toBe('/admin/shop/products/new?v.categoryId=2')
  })
})

describe('a query past its time', () => {
  it('is stopped by the database, and the person learns what to change', async () => {
    const pool = connect(db.urls.app, { statementTimeoutMs: 300, max: 2 })
    try {
      const slow = { scope: () => sql`pg_sleep(0.05) is not null` }
      const { ctx, of } = await createTestAdmin(pool, bakeryOptions(slow))
      const error = await loadList(ctx, of(products), { q: 'nothing there', sort: 'price', 'f.sold': 'lte:3' }).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(AdminError)
      expect(error).toMatchObject({ code: 'timeout', status: 504 })
      expect((error as AdminError).message).toMatch(
        /the order by Price, the filter on Sold,? and the search for “nothing there”/,
      )
    } finally {
      await pool.close()
    }
  })

  it('counts about where counting exactly takes too long, and says so', async () => {
    const pool = connect(db.urls.app, { statementTimeoutMs: 1200, max: 2 })
    try {
      const { ctx, of } = await createTestAdmin(
        pool,
        bakeryOptions({ scope: () => sql`pg_sleep(0.02 + ${products.sold} * 0) is not null` }),
      )
      const list = await loadList(ctx, of(products), { count: 'exact' })
      expect(list.rows).toHaveLength(25)
      expect(list.count.kind).not.toBe('exact')
      expect(list.notices).toEqual([expect.stringMatching(/Counting every row took too long/)])
    } finally {
      await pool.close()
    }
  })
})
