import {
  bigint,
  char,
  date,
  foreignKey,
  integer,
  pgSchema,
  pgTable,
  pgView,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { labelsFor, loadList, loadOptions, relatedPreview } from '@/lib/admin/list'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

/* What identifies a record may be several columns, any text, a huge number, a day, or nothing at all. */

const odd = pgSchema('Odd "Schema"')
const details = odd.table('Order Details', {
  select: integer('select').primaryKey(),
  unitPrice: integer('Unit "Price"'),
})

const parcels = pgTable(
  'parcels',
  { city: text('city').notNull(), no: integer('no').notNull(), word: text('word').notNull() },
  (parcel) => [primaryKey({ columns: [parcel.city, parcel.no] })],
)

const stamps = pgTable(
  'stamps',
  {
    id: bigint('id', { mode: 'bigint' }).primaryKey(),
    code: char('code', { length: 4 }),
    parcelCity: text('parcel_city'),
    parcelNo: integer('parcel_no'),
  },
  (stamp) => [foreignKey({ columns: [stamp.parcelCity, stamp.parcelNo], foreignColumns: [parcels.city, parcels.no] })],
)

const seats = pgTable(
  'seats',
  { line: integer('line').notNull(), no: integer('no').notNull(), price: integer('price') },
  (seat) => [primaryKey({ columns: [seat.line, seat.no] })],
)

const days = pgTable('days', { day: date('day').primaryKey(), note: text('note') })

const visits = pgTable('visits', { page: text('page'), count: integer('count') })

const totals = pgView('totals', { page: text('page').notNull(), total: bigint('total', { mode: 'number' }) }).existing()

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create schema "Odd ""Schema""";
  create table "Odd ""Schema"""."Order Details" ("select" integer primary key, "Unit ""Price""" integer);
  insert into "Odd ""Schema"""."Order Details" select n, n % 3 from generate_series(1, 60) n;
  create table parcels (city text not null, no integer not null, word text not null, primary key (city, no));
  insert into parcels values ('Ulm, north', 1, 'apple'), ('Ulm, north', 2, 'pear'), ('a\\b', 3, 'plum');
  create table stamps (id bigint primary key, code char(4), parcel_city text, parcel_no integer,
    foreign key (parcel_city, parcel_no) references parcels);
  insert into stamps select 9007199254740993 + n, 'x' || n, 'Ulm, north', 1 + n % 2 from generate_series(0, 29) n;
  insert into stamps values (1, null, null, null);
  create table seats (line integer, no integer, price integer, primary key (line, no));
  insert into seats values (1, 7, 10), (1, 8, 10), (2, 7, 12);
  create table days (day date primary key, note text);
  insert into days select date '2026-01-01' + n, 'note' from generate_series(0, 59) n;
  create table visits (page text, count integer);
  insert into visits select case when n % 4 > 0 then 'page ' || n % 7 end, n % 5 from generate_series(1, 70) n;
  create view totals as select coalesce(page, '') as page, sum(count) as total from visits group by page;
  grant usage on schema "Odd ""Schema""" to kontor_app;
  grant all on "Odd ""Schema"""."Order Details", parcels, stamps, seats, days, visits, totals to kontor_app`)

const { ctx, of } = await createTestAdmin(db.app, {
  sections: {
    main: section(
      'Main',
      {},
      {
        details: resource(details),
        parcels: resource(parcels, { title: 'word' }),
        stamps: resource(stamps, { list: { search: ['code', 'parcelCity.word'] } }),
        seats: resource(seats),
        days: resource(days),
        visits: resource(visits),
        totals: resource(totals, { key: ['page'] }),
      },
    ),
  },
})

const read = (relation: Parameters<typeof of>[0], query: string) =>
  loadList(ctx, of(relation), new URLSearchParams(query))

async function walk(relation: Parameters<typeof of>[0], query: string, way: 'next' | 'previous') {
  let list = await read(relation, query)
  const pages = [list.rows]
  while (list.pager[way]) {
    list = await read(relation, list.pager[way]?.split('?')[1] ?? '')
    expect(list.notices).toEqual([])
    pages.push(list.rows)
  }
  return (way === 'next' ? pages : pages.reverse()).flat()
}

describe('a list', () => {
  it('of names with capitals, spaces, quotes and reserved words sorts, filters, searches and pages', async () => {
    const rows = await walk(details, 'sort=-unitPrice', 'next')
    expect(new Set(rows.map(({ id }) => id)).size).toBe(60)
    expect((await read(details, 'f.unitPrice=eq:2&f.select=lte:6')).rows.map(({ id }) => id)).toEqual(['5', '2'])
  })

  it('of composite keys opens each record at its own address', async () => {
    const { rows } = await read(parcels, 'sort=word')
    expect(rows.map(({ id, href }) => [id, href])).toEqual([
      ['Ulm\\, north,1', '/admin/main/parcels/Ulm%5C%2C%20north%2C1'],
      ['Ulm\\, north,2', '/admin/main/parcels/Ulm%5C%2C%20north%2C2'],
      ['a\\\\b,3', '/admin/main/parcels/a%5C%5Cb%2C3'],
    ])
  })

  it('of composite keys without a title begins with the whole of it, not with a part that many share', async () => {
    const { columns, rows } = await read(seats, '')
    expect(columns.map(({ label }) => label)).toEqual(['Seat', 'Line', 'No', 'Price'])
    expect(rows.map(({ cells, title }) => [cells[0]?.display, title])).toEqual([
      ['2, 7', '2, 7'],
      ['1, 8', '1, 8'],
      ['1, 7', '1, 7'],
    ])
    expect((await read(seats, 'sort=record')).rows.map(({ id }) => id)[2]).toBe('2,7')
  })

  it('of numbers beyond what JavaScript holds loses none of them', async () => {
    const rows = await walk(stamps, '', 'next')
    expect(rows.map(({ id }) => id)).toEqual([
      ...Array.from({ length: 30 }, (_, n) => String(9007199254740993n + 29n - BigInt(n))),
      '1',
    ])
    // Back at the beginning a full first page is shown, some of whose rows were on the page before.
    const back = await walk(stamps, 'before=end&sort=code', 'previous')
    expect(new Set(back.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id)))
    expect((await read(stamps, 'q=9007199254740993')).rows.map(({ id }) => id)).toEqual(['9007199254740993'])
  })

  it('of days begins with the newest and pages by them', async () => {
    const rows = await walk(days, '', 'next')
    expect(rows.map(({ id }) => id)).toEqual([...rows.map(({ id }) => id)].sort().reverse())
    expect(rows[0]).toMatchObject({ id: '2026-03-01', href: '/admin/main/days/2026-03-01' })
  })

  it('finds and filters across a key of several columns', async () => {
    expect((await read(stamps, 'q=pear')).count).toEqual({ kind: 'exact', count: 15 })
    const both = `f.parcelCity=${encodeURIComponent('eq:Ulm, north')}&f.parcelNo=eq:2`
    expect((await read(stamps, both)).count).toEqual({ kind: 'exact', count: 15 })
    const related = of(parcels).related[0]!
    const preview = await relatedPreview(ctx, of(stamps), related, { city: 'Ulm, north', no: '2' })
    expect(preview.count).toEqual({ kind: 'exact', count: 15 })
    expect(await labelsFor(ctx, of(parcels), ['Ulm\\, north,2', 'a\\\\b,3', 'wrong'])).toEqual(
      new Map([
        ['Ulm\\, north,2', 'pear'],
        ['a\\\\b,3', 'plum'],
      ]),
    )
    await expect(loadOptions(ctx, of(stamps), 'parcelCity', '')).rejects.toMatchObject({ status: 404 })
  })

  it('of a table without a key shows every row once, by numbered pages, and opens none', async () => {
    for (const query of ['', 'sort=count', 'sort=-page']) {
      const rows = await walk(visits, query, 'next')
      expect(rows).toHaveLength(70)
      expect(rows.every(({ href }) => href === undefined)).toBe(true)
    }
    const list = await read(visits, 'after=WyJhIl0')
    expect(list.notices).toHaveLength(1)
    expect(list.newHref).toBeUndefined()
  })

  it('of a view with a declared key opens its rows and changes none', async () => {
    const list = await read(totals, 'sort=-total')
    expect(list.rows).toHaveLength(8)
    expect(list.rows[0]?.href).toMatch(/^\/admin\/main\/totals\//)
    expect(list.newHref).toBeUndefined()
    expect(list.resource.can).toEqual({ create: false, update: false, delete: false })
  })
})
