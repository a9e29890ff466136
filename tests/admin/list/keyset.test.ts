import { sql } from 'drizzle-orm'
import {
  boolean,
  doublePrecision,
  integer,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { orderOf, type SortState } from '@/lib/admin/list/order'
import { type Page, readPage } from '@/lib/admin/list/rows'
import type { Position } from '@/lib/admin/list/state'
import { decodeCursor, encodeCursor } from '@/lib/db/keyset'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const mood = pgEnum('mood', ['calm', 'wild', 'odd'])

const readings = pgTable(
  'readings',
  {
    site: text('site').notNull(),
    no: integer('no').notNull(),
    level: integer('level'),
    note: text('note'),
    amount: numeric('amount', { precision: 38, scale: 10 }),
    share: doublePrecision('share'),
    at: timestamp('at', { withTimezone: true }),
    isValid: boolean('is_valid'),
    mood: mood('mood'),
    rank: integer('rank').notNull(),
  },
  (table) => [primaryKey({ columns: [table.site, table.no] })],
)

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create type mood as enum ('calm', 'wild', 'odd');
  create table readings (
    site text not null, no integer not null, level integer, note text, amount numeric(38, 10), share double precision,
    at timestamptz, is_valid boolean, mood mood, rank integer not null, primary key (site, no));
  insert into readings
  select 'site, "' || (n % 7) || '" \\', n,
    case when n % 5 > 0 then n % 4 end,
    case when n % 3 > 0 then (array['Äpfel', 'apple', '', 'Zebra', 'zebra', '100%'])[1 + n % 6] end,
    case when n % 11 = 0 then 'NaN' when n % 4 > 0 then (n % 9) * 12345678901234567890.1234567891 end,
    case when n % 13 = 0 then 'Infinity' when n % 6 > 0 then sqrt(n % 50) / 3 end,
    case when n % 17 = 0 then 'infinity' when n % 7 > 0 then timestamptz '2026-01-01' + (n % 40) * interval '1.000001 s' end,
    case when n % 4 > 0 then n % 2 = 0 end,
    case when n % 5 > 0 then (enum_range(null::mood))[1 + n % 3] end,
    n % 10
  from generate_series(1, 500) as n;
  grant all on readings to kontor_app`)

const { ctx, of } = await createTestAdmin(db.app, {
  sections: {
    main: section(
      'Main',
      {},
      {
        readings: resource(readings, {
          list: {
            columns: [
              'level',
              'note',
              'amount',
              'share',
              'at',
              'isValid',
              'mood',
              'rank',
              { name: 'sum', value: () => 0, sort: sql`${readings.level} + ${readings.rank}` },
            ],
          },
        }),
      },
    ),
  },
})
const subject = of(readings)

const COLUMN: Record<string, string> = { isValid: 'is_valid', sum: 'level + rank' }
const NAMES = ['level', 'note', 'amount', 'share', 'at', 'isValid', 'mood', 'rank', 'sum']

/** The whole table in the order the sort asks for, by a statement of the test's own. */
async function expected(sort: readonly SortState[]): Promise<string[]> {
  const direction = (descending: boolean) => (descending ? 'desc' : 'asc')
  const last = direction(sort.at(-1)?.descending ?? true)
  const keys = sort.map(({ name, descending }) => `${COLUMN[name] ?? name} ${direction(descending)}`)
  const rows = await db.app.sql.unsafe<{ no: number }[]>(
    `select no from readings order by ${[...keys, `site ${last}`, `no ${last}`].join(', ')}`,
  )
  return rows.map(({ no }) => String(no))
}

/** Walks all pages by cursors that travel as texts, as they do in addresses. */
async function walk(sort: readonly SortState[], size: number, way: 'next' | 'previous'): Promise<string[]> {
  const order = orderOf(ctx, subject, sort, 't')
  const read = (position: Position): Promise<Page> =>
    readPage(ctx.db, { resource: subject, fields: [], isCut: true, where: undefined, order, size, position })
  let page = await read(way === 'next' ? { kind: 'page', page: 1 } : { kind: 'end' })
  const pages = [page]
  while (way === 'next' ? page.hasNext : page.hasPrevious) {
    const edge = way === 'next' ? page.rows.at(-1) : page.rows[0]
    const text = encodeCursor({ values: edge?.keys ?? [] }, order.signature)
    const cursor = decodeCursor(text, order.signature, order.keys.length)
    expect(cursor).toBeDefined()
    page = await read({ kind: way === 'next' ? 'after' : 'before', text, cursor: cursor! })
    pages.push(page)
    expect(pages.length).toBeLessThan(30)
  }
  const inOrder = way === 'next' ? pages : pages.reverse()
  expect(
    inOrder.slice(way === 'next' ? 0 : 1, way === 'next' ? -1 : undefined).every(({ rows }) => rows.length === size),
  ).toBe(true)
  return inOrder.flatMap(({ rows }) => rows.map(({ texts }) => texts.no ?? ''))
}

const sorts = fc
  .uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), descending: fc.boolean() }), {
    maxLength: 3,
    selector: ({ name }) => name,
  })
  .filter((sort) => sort.length > 0)

describe('pages by cursor', () => {
  it('show every row exactly once and in order, forwards and backwards, whatever the sort', async () => {
    await fc.assert(
      fc.asyncProperty(sorts, fc.constantFrom(25, 50, 100), async (sort, size) => {
        const all = await expected(sort)
        expect(await walk(sort, size, 'next')).toEqual(all)
        expect(await walk(sort, size, 'previous')).toEqual(all)
      }),
      { numRuns: 40 },
    )
  })

  it.each(
    NAMES.flatMap((name) => [
      { name, descending: false },
      { name, descending: true },
    ]),
  )('show every row exactly once sorted by $name, descending $descending', async (key) => {
    const all = await expected([key])
    expect(all).toHaveLength(500)
    expect(await walk([key], 50, 'next')).toEqual(all)
    expect(await walk([key], 50, 'previous')).toEqual(all)
  })

  it('miss no row that stays and show none twice while others are added and removed', async () => {
    const order = orderOf(ctx, subject, [{ name: 'rank', descending: false }], 't')
    const query = { resource: subject, fields: [], isCut: true, where: undefined, order, size: 100 }
    const first = await readPage(ctx.db, { ...query, position: { kind: 'page', page: 1 } })
    const edge = first.rows.at(-1)!
    await db.owner.sql`insert into readings (site, no, rank) select 'added', n, 0 from generate_series(9001, 9040) n`
    await db.owner.sql`delete from readings where site = ${edge.texts.site ?? ''} and no = ${Number(edge.texts.no)}`
    const cursor = { values: edge.keys }
    const next = await readPage(ctx.db, { ...query, position: { kind: 'after', text: '', cursor } })
    const rest = await db.app.sql<{ no: number }[]>`select no from readings
      where (rank, site, no) > (${edge.keys[0] ?? ''}, ${edge.keys[1] ?? ''}, ${Number(edge.keys[2])}) order by rank, site, no limit 100`
    expect(next.rows.map(({ texts }) => Number(texts.no))).toEqual(rest.map(({ no }) => no))
  })
})

describe('a cursor', () => {
  const signature = 'abc'
  it.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['another order', encodeCursor({ values: ['1'] }, 'other')],
    ['too few values', encodeCursor({ values: [] }, signature)],
    ['a NUL', encodeCursor({ values: ['a\0b'] }, signature)],
    ['numbers for texts', Buffer.from(JSON.stringify([signature, 0, 5])).toString('base64url')],
    ['a negative rank', Buffer.from(JSON.stringify([signature, -1, 'a'])).toString('base64url')],
    ['an object', Buffer.from('{"0":1}').toString('base64url')],
  ])('is not read out of %s', (_, text) => {
    expect(decodeCursor(text, signature, 1)).toBeUndefined()
  })

  it('carries any texts, nulls and the rank', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')))),
        (values) => {
          const text = encodeCursor({ values, rank: 7 }, signature)
          expect(decodeCursor(text, signature, values.length)).toEqual({ values, rank: 7 })
        },
      ),
    )
  })
})
