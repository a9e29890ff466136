import { ne, sql } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadList, loadOptions, parseListState, streamCsv } from '@/lib/admin/list'
import { travel, travelExactly } from '@/lib/admin/time-travel/travel'
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
  rows: rows.map(({ id, title, cells }) => [
    id,
    title,
    ...cells.map(({ display, text, full }) => [display, text, full]),
  ]),
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
  fc
    .record({ id: id(), price: fc.integer({ min: 1, max: 90 }) })
    .map(({ id, price }) => `update products set price = ${price} where id = ${id}`),
  fc
    .record({ id: id(), status: fc.constantFrom('available', 'sold_out') })
    .map(({ id, status }) => `update products set status = '${status}', name = name || '!' where id = ${id}`),
  fc
    .record({ id: id(), category: fc.constantFrom('null', '1', '2', '3') })
    .map(({ id, category }) => `update products set category_id = ${category} where id = ${id}`),
  id().map(
    (one) =>
      `delete from products_tags where product_id = ${one}; delete from reviews where product_id = ${one}; delete from products where id = ${one}`,
  ),
  id().map(
    (one) =>
      `insert into products (id, name, sku, category_id, price, sold, status) values (${one}, 'New loaf ${one}', 'N-${one}', 1 + ${one} % 4, ${one}, ${one} % 7, 'low_stock') on conflict do nothing`,
  ),
  id().map(
    (one) =>
      `insert into products_tags select ${one}, 1 + ${one} % 3 where exists (select from products where id = ${one}) on conflict do nothing`,
  ),
  id().map((one) => `delete from products_tags where product_id = ${one}`),
  id().map(
    (one) =>
      `insert into reviews select coalesce(max(r.id), 0) + 1, ${one}, 1 + ${one} % 2, 'Good' from reviews r having exists (select from products where id = ${one})`,
  ),
  fc.constantFrom('Bread', 'Rye loaf', 'Sweet').map((name) => `update categories set name = '${name}' where id = 2`),
  fc.constantFrom('festive', 'plain').map((word) => `update tags set word = '${word}' where id = 1`),
  id().map(
    (one) =>
      `update products set id = id + 1000 where id = ${one} and not exists (select from products where id = ${one + 1000}) and not exists (select from products_tags where product_id = ${one}) and not exists (select from reviews where product_id = ${one})`,
  ),
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
      fc.asyncProperty(
        fc.array(fc.array(change, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 3 }),
        async (rounds) => {
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
          for (const { at, query, shown } of snapshots)
            expect({ at, query, ...seen(await listOf(query, at)) }).toEqual({ at, query, ...shown })
        },
      ),
      { numRuns: 3, endOnFailure: true },
    )
  }, 120_000)
})

describe('what the address says', () => {
  it('a moment to come, or none at all, falls back to now and says so', async () => {
    for (const at of ['2999-01-01', 'infinity', 'yesterday-ish', '2026-02-30', "'; drop table products"]) {
      const { journey, rows } = await listOf('', at)
      expect(journey.asOf, at).toBeUndefined()
      expect(journey.notice, at).toMatch(/You see Products as of now\./)
      expect(rows.length).toBeGreaterThan(0)
      expect(rows[0]?.href).not.toContain('at=')
    }
    expect((await listOf('', '2999-01-01')).journey.notice).toMatch(/still to come/)
    expect((await listOf('', 'soon')).journey.notice).toMatch(/“soon” is not a date and time/)
    expect((await listOf('', '')).journey).not.toHaveProperty('notice')
  })

  it('is refused by what cannot say that it shows now instead: files, exports, pickers', async () => {
    const { ctx, of } = await bakery(LIST)
    for (const at of ['2999-01-01', 'yesterday-ish', '2001-01-01'])
      await expect(travelExactly(ctx, of(products), at), at).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/still to come|is not a date and time|The history of products begins on/),
      })
    expect((await travelExactly(ctx, of(products), await now())).asOf).toBeDefined()
    for (const nothing of ['', null]) expect(await travelExactly(ctx, of(products), nothing)).not.toHaveProperty('asOf')
  })

  it('is read in the person’s zone, or with its offset, however that arrives', async () => {
    const { ctx, of } = await bakery(LIST, { timeZone: 'Europe/Berlin' })
    const read = async (at: string) => (await travel(ctx, of(products), at)).asOf
    expect(await read('2026-01-15 09:00')).toMatchObject({ at: '2026-01-15T08:00:00Z', words: '15 Jan 2026, 09:00' })
    expect(await read('2026-01-15T09:00:30.5+02:00')).toMatchObject({ at: '2026-01-15T07:00:30.5Z' })
    expect(await read('2026-01-15T09:00:00 02:00')).toMatchObject({ at: '2026-01-15T07:00:00Z' })
    expect(await read('2026-01-15')).toMatchObject({ at: '2026-01-14T23:00:00Z' })
  })

  it('a moment before the history says since when it is known', async () => {
    const { journey } = await listOf('', '2001-01-01')
    expect(journey.asOf?.begins).toMatchObject({ because: 'began', words: expect.stringMatching(/\d{4}, \d\d:\d\d/) })
    const first = await listOf('', journey.asOf?.begins?.at)
    expect(first.journey.asOf).toMatchObject({ begins: undefined })
  })

  it('a table that is not recorded, has no key, or wants no history is shown as of now', async () => {
    await db.owner.sql`delete from kontor.tracked where relation = 'public.products'`
    const at = await now()
    expect((await listOf('', at)).journey).toMatchObject({
      notice: expect.stringMatching(/products are not recorded yet/),
    })
    await db.owner.sql`insert into kontor.tracked (relation, began) values ('public.products', now())`
    const noHistory = await listOf('', at, { history: false })
    expect(noHistory.journey.notice).toMatch(/have no history/)
  })

  it('associated records without a history are today’s, and that is said', async () => {
    await db.owner.sql`update kontor.tracked set relation = 'public.hidden' where relation = 'public.categories'`
    const { journey } = await listOf('', await now())
    expect(journey.asOf?.asToday).toEqual(['Categories'])
    await db.owner.sql`update kontor.tracked set relation = 'public.categories' where relation = 'public.hidden'`
  })

  it('every address on the page keeps the moment, and nothing can be changed', async () => {
    await db.admin
      .sql`insert into products (id, name, sku, sold, status, category_id) select n, 'Bun', 'B-' || n, 1, 'available', 1 from generate_series(2001, 2100) n`
    const at = await now()
    const list = await listOf('f.status=eq:available&q=bun&sort=name', at)
    const moment = list.journey.asOf!.at
    expect(list.newHref).toBeUndefined()
    expect(list.resource).toMatchObject({ at: moment, can: { create: false, update: false, delete: false } })
    const hrefs = [
      list.exportHref,
      list.clearHref,
      list.pager.next,
      list.pager.last,
      ...list.pager.sizes.map(({ href }) => href),
      ...list.chips.map(({ removeHref }) => removeHref),
      ...list.columns.flatMap(({ sortHref, addSortHref }) => [sortHref, addSortHref]),
      ...list.rows.flatMap(({ href, cells }) => [href, ...cells.map((cell) => cell.href)]),
    ].filter((href) => href !== undefined)
    expect(hrefs.length).toBeGreaterThan(60)
    for (const href of hrefs) expect(new URL(href, 'http://x').searchParams.get('at')).toBe(moment)
    expect(list.query).toContain(`at=${moment}`)
  })

  it('a cursor leads on through the moment’s own rows', async () => {
    const at = await now()
    const before = await listOf('q=bun')
    await db.admin.sql`delete from products where id between 2040 and 2080`
    const seenIds: string[] = []
    let list = await listOf('q=bun', at)
    for (;;) {
      seenIds.push(...list.rows.map(({ id }) => id))
      if (!list.pager.next) break
      list = await listOf(list.pager.next.split('?')[1]!, at)
    }
    expect(seenIds).toHaveLength(before.count.count)
    expect(new Set(seenIds).size).toBe(100)
  })

  it('a search finds the same where thousands match on the other side', async () => {
    await db.admin
      .sql`insert into reviews select 10000 + n, 2001 + n % 100, 1, 'Crumbly' from generate_series(1, 6000) n where exists (select from products where id = 2001 + n % 100)`
    const list = { ...LIST, list: { ...LIST.list, search: ['reviews.body', 'reviews.author.name'] } } as const
    const at = await now()
    const before = {
      crumbly: seen(await listOf('q=crumbly', undefined, list)),
      ada: seen(await listOf('q=ada', undefined, list)),
    }
    expect(before.crumbly.rows).toHaveLength(25)
    await db.admin.sql`update reviews set body = 'Firm' where id > 10000 and id % 2 = 0`
    await db.admin.sql`delete from reviews where id > 10000 and id % 3 = 0`
    await db.admin.sql`update people set name = 'Countess' where id = 1`
    expect(seen(await listOf('q=crumbly', at, list))).toEqual(before.crumbly)
    expect(seen(await listOf('q=ada', at, list))).toEqual(before.ada)
  })

  it('a search finds the same where thousands of records changed since, in the columns searched and in others', async () => {
    await db.admin.sql`insert into products (id, name, sku, price, sold, status, category_id)
      select n, 'Plait ' || n, 'L-' || n, n % 90, 1, 'available', 1 + n % 4 from generate_series(10001, 13000) n`
    await db.owner.sql`analyze products`
    const queries = ['q=plait 1234', 'q="plait 1200"&f.status=eq:available', 'q=11234', 'q=nobody', 'q=rye 1299&page=2']
    const at = await now()
    const before = []
    for (const query of queries) before.push(seen(await listOf(query)))
    await db.admin.sql.unsafe(`
      update products set name = replace(name, 'Plait', 'Braid'), price = 1 where id > 10000 and id % 2 = 0;
      update products set sold = 2 where id > 10000; update products set name = 'Plait 1234' where id between 12900 and 12999;
      delete from products where id > 10000 and id % 7 = 0; update categories set name = 'Ryes' where id = 2;
      insert into products (id, name, sku, sold, status) select n, 'Plait 1234', 'L', 1, 'available' from generate_series(20001, 20050) n`)
    await db.owner.sql`analyze kontor.changes`
    for (const [place, query] of queries.entries()) expect(seen(await listOf(query, at))).toEqual(before[place])
    const { past } = (await listOf('', at)).journey.resource
    const { ctx } = await bakery(LIST)
    expect(await past?.idsToday?.(ctx.db, (alias) => sql`${sql.identifier(alias)}.name = 'Plait 12901'`)).toEqual([])
    const dear = sql`exists (select from products as a, products as b where a.sku = b.name || t.id)`
    expect(await past?.idsToday?.(ctx.db, () => dear)).toBeUndefined()
  })

  it('relative dates are told from the moment', async () => {
    await db.admin.sql`update products set changed_at = now() - interval '2 hours' where id = 2001`
    await db.admin.sql`update products set name = 'Relative bun' where id = 2001`
    const at = await now()
    const { ctx, of } = await bakery({ list: { columns: ['name', { name: 'changedAt', format: 'relative' }] } })
    const later = { ...ctx, clock: { now: () => new Date(Date.now() + 86_400_000) } }
    const then = await travel(later, of(products), at)
    const { rows } = await loadList(then.ctx, then.resource, new URLSearchParams('q=relative'))
    expect(rows[0]?.cells[1]?.display).toMatch(/2\s?h/)
  })
})

describe('whoever sees only some records', () => {
  const policy = (): Parameters<typeof bakeryOptions>[0] => ({
    ...LIST,
    authorize: (ctx) => ctx.user.role === 'owner' || ne(products.status, 'sold_out'),
  })
  async function asEditor(query: string, at: string) {
    const { as, of } = await bakery(policy())
    const then = await travel(await as(EDITOR), of(products), at)
    return (await loadList(then.ctx, then.resource, new URLSearchParams(query))).rows.map(({ id }) => Number(id))
  }

  it('sees of the past what is theirs both then and now, or was when it went', async () => {
    await db.admin.sql`insert into products (id, name, sku, sold, status) values
      (3001, 'Seed roll', 'S', 1, 'available'), (3002, 'Seed roll', 'S', 1, 'available'), (3003, 'Seed roll', 'S', 1, 'sold_out'),
      (3004, 'Seed roll', 'S', 1, 'available'), (3005, 'Seed roll', 'S', 1, 'available')`
    const at = await now()
    await db.admin.sql.unsafe(`update products set sold = 2 where id = 3001; update products set status = 'sold_out' where id = 3002;
      update products set status = 'available' where id = 3003; delete from products where id = 3004;
      update products set status = 'sold_out' where id = 3005; delete from products where id = 3005`)
    expect(await asEditor('q=seed&sort=name', at)).toEqual([3001, 3004])
    const all = await listOf('q=seed&sort=name', at)
    expect(all.rows).toHaveLength(5)
  })

  it('is asked by today’s clock', async () => {
    const today = new Date()
    const { ctx, of } = await bakery({ authorize: (asked) => asked.clock.now() >= today })
    const at = await now()
    await db.admin.sql`update products set sold = sold where id = 1`
    const then = await travel({ ...ctx, clock: { now: () => new Date(Date.now() + 1000) } }, of(products), at)
    await expect(loadList(then.ctx, then.resource, new URLSearchParams())).resolves.toBeDefined()
  })
})

describe('a moment somebody was writing at', () => {
  it('is provisional until they have finished', async () => {
    const writer = await db.admin.sql.reserve()
    await writer`begin`
    await writer`update products set sold = 77 where id = 3001`
    const at = await now()
    expect((await listOf('', at)).journey.asOf).toMatchObject({ isProvisional: true })
    await writer`commit`
    writer.release()
    expect((await listOf('', at)).journey.asOf).toMatchObject({ isProvisional: false })
  })
})

describe('pickers', () => {
  it('offer what there was to choose from', async () => {
    await db.admin.sql`insert into categories values (90, 'Pumpernickel', null)`
    const at = await now()
    await db.admin.sql`delete from categories where id = 90`
    const { ctx, of } = await bakery(LIST)
    const then = await travel(ctx, of(products), at)
    const labels = async (q: string, as = ctx, shown = of(products)) =>
      (await loadOptions(as, shown, 'categoryId', q)).options.map(({ label }) => label)
    expect(await labels('pump', then.ctx, then.resource)).toEqual(['Pumpernickel'])
    expect(await labels('pump')).toEqual([])
    const list = await loadList(then.ctx, then.resource, new URLSearchParams('f.categoryId=eq:90'))
    expect(list.chips.map(({ label }) => label)).toEqual(['Category is Pumpernickel'])
    expect(list.filters.find(({ field }) => field === 'categoryId')?.optionsUrl).toMatch(/\?at=20/)
  })
})

describe('a key that is of another type since', () => {
  it('leaves out the records it cannot hold, and says how many', async () => {
    await db.owner.sql.unsafe(
      `create table crates (code text primary key, place text); grant all on crates to kontor_app`,
    )
    const table = { schema: 'public', name: 'crates' }
    await installTriggers(db.owner.sql, [table])
    await db.admin.sql`insert into crates values ('1', 'cellar'), ('A2', 'attic'), ('A3', 'attic')`
    const at = await now()
    await db.admin.sql`update crates set place = 'hall'`
    await db.admin.sql`delete from crates where code <> '1'`
    await db.owner.sql`alter table crates alter column code type integer using code::integer`
    const crates = pgTable('crates', { code: integer().primaryKey(), place: text() })
    const { ctx, of } = await createTestAdmin(db.app, {
      schema: { crates },
      sections: { main: section('Main', {}, { crates: resource(crates) }) },
    })
    const list = async (moment: string) => {
      const then = await travel(ctx, of(crates), moment)
      return loadList(then.ctx, then.resource, new URLSearchParams())
    }
    const [server] = await db.admin.sql`select current_setting('server_version_num')::int as version`
    // PostgreSQL 15 can only say that it cannot be put together.
    if (server?.version < 160_000) {
      return expect(list(at)).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/^Crates cannot be listed as of this moment: a column has another type since/),
      })
    }
    const { rows, notices } = await list(at)
    expect(rows.map(({ id, title }) => [id, title])).toEqual([['1', 'cellar']])
    expect(notices).toEqual([expect.stringMatching(/^2 crates of then cannot be shown: the key has another type/)])
    for (let times = 0; times < 2; times++) expect((await list(await now())).notices).toEqual([])
  })
})

describe('a field kept out of the log', () => {
  it('is today’s, and that is said', async () => {
    const { ctx, of } = await bakery({
      ...LIST,
      list: { columns: ['name', 'sku'] },
      form: { fields: { sku: { secret: true } } },
    })
    expect((await travel(ctx, of(products), await now())).asOf?.asToday).toEqual(['Sku'])
  })
})

describe('exports', () => {
  it('are as of the moment too', async () => {
    const at = await now()
    await db.admin.sql`update products set name = 'Changed since' where name = 'Seed roll'`
    const { ctx, of } = await bakery(LIST)
    const then = await travel(ctx, of(products), at)
    const { state } = await parseListState(then.resource, new URLSearchParams('q=seed'), then.ctx)
    const text = await new Response(await streamCsv(then.ctx, then.resource, state)).text()
    expect(text.match(/Seed roll/g)).toHaveLength(3)
    expect(text).not.toContain('Changed since')
  })
})
