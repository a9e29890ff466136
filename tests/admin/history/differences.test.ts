import { boolean, date, integer, jsonb, numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadRecordHistory } from '@/lib/admin/history/load-history'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table shops (id integer primary key, name text not null);
  create table loaves (id integer primary key, title text, body text, facts jsonb, plain json, shop_id integer references shops,
    price numeric(10, 2), vegan boolean, baked_on date, cooled_at timestamptz, seen_at timestamp, tags text[], photo bytea,
    code uuid, pin text, more text, updated_at timestamptz);
  insert into shops values (1, 'North'), (2, 'South');
  grant all on all tables in schema public to kontor_app`)
await installTriggers(db.owner.sql, [
  { schema: 'public', name: 'shops' },
  { schema: 'public', name: 'loaves', redact: ['pin'] },
])

const shops = pgTable('shops', { id: integer().primaryKey(), name: text().notNull() })
const loaves = pgTable('loaves', {
  id: integer().primaryKey(),
  title: text(),
  body: text(),
  facts: jsonb(),
  plain: jsonb(),
  shopId: integer('shop_id').references(() => shops.id),
  price: numeric({ precision: 10, scale: 2 }),
  vegan: boolean(),
  bakedOn: date('baked_on'),
  cooledAt: timestamp('cooled_at', { withTimezone: true }),
  seenAt: timestamp('seen_at'),
  tags: text().array(),
  code: uuid(),
  pin: text(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).$onUpdate(() => new Date()),
})

const site = () =>
  createTestAdmin(db.app, {
    timeZone: 'Europe/Berlin',
    schema: { shops, loaves },
    sections: {
      main: section(
        'Main',
        {},
        {
          shops: resource(shops),
          loaves: resource(loaves, {
            form: {
              fields: {
                pin: { secret: true },
                price: { read: (ctx) => ctx.user.role === 'owner' },
                title: {
                  choices: [
                    ['Rye bread', 'rye'],
                    ['Wheat bread', 'wheat'],
                  ],
                },
              },
            },
          }),
        },
      ),
    },
  })

beforeEach(async () => {
  await db.admin.sql`delete from loaves`
})

/** What the page says of a column changed by psql. */
const from = async (column: string, before: string, after: string, actor?: typeof EDITOR) => {
  await db.admin.sql.unsafe(`insert into loaves (id, ${column}) values (1, ${before})`)
  await db.admin.sql.unsafe(`update loaves set ${column} = ${after}`)
  const { ctx, as, of } = await site()
  return (await loadRecordHistory(actor ? await as(actor) : ctx, of(loaves), '1')).changes[0]?.fields ?? []
}

describe('a field that changed', () => {
  it.each([
    ['an association by its label', 'shop_id', '1', '2', { label: 'Shop', before: 'North', after: 'South' }],
    ['an association taken away', 'shop_id', '1', 'null', { before: 'North', after: null }],
    ['a choice by its words', 'title', `'rye'`, `'wheat'`, { before: 'Rye bread', after: 'Wheat bread' }],
    ['a truth in words', 'vegan', 'true', 'false', { before: 'Yes', after: 'No' }],
    ['a number as lists show it', 'price', '1234.5', '0', { before: '1,234.50', after: '0.00' }],
    ['a day', 'baked_on', `'2026-01-31'`, `'2026-02-01'`, { before: '31 Jan 2026', after: '1 Feb 2026' }],
    [
      'a moment in the site’s zone',
      'cooled_at',
      `'2026-01-31 23:30+00'`,
      `'2026-07-01 12:00+00'`,
      { before: '1 Feb 2026, 00:30', after: '1 Jul 2026, 14:00' },
    ],
    [
      'a time without zone as it is',
      'seen_at',
      `'2026-01-31 23:30'`,
      `'2026-07-01 12:00'`,
      { before: '31 Jan 2026, 23:30', after: '1 Jul 2026, 12:00' },
    ],
    ['an array', 'tags', `array['a', 'b']`, `array['a', 'b,c']`, { before: 'a, b', after: 'a, b,c' }],
    ['a secret without its value', 'pin', `'1234'`, `'9999'`, { before: 'kept out of the log', after: 'changed' }],
    [
      'a value too large for the log',
      'body',
      `repeat('x', 2000000)`,
      `'y'`,
      { before: '2 MB, too large to keep', after: 'y' },
    ],
    ['a column that is no field', 'more', `'a'`, `'b'`, { label: 'more', before: 'a', after: 'b' }],
  ])('shows %s', async (_what, column, before, after, expected) => {
    expect(await from(column, before, after)).toEqual([expect.objectContaining(expected)])
  })

  it('shows a long text word by word, with what stayed cut to its edges', async () => {
    const [start, end] = ['It rises slowly. '.repeat(10), ' Then it is baked.'.repeat(10)]
    const [field] = await from('body', `'${start}Twelve hours.${end}'`, `'${start}Eighteen hours.${end}'`)
    expect(field?.parts).toEqual([
      { kind: 'same', text: expect.stringMatching(/^… .{20,40}$/) },
      { kind: 'removed', text: 'Twelve' },
      { kind: 'added', text: 'Eighteen' },
      { kind: 'same', text: expect.stringMatching(/^ hours\..{10,40} …$/) },
    ])
  })

  it('shows JSON by the paths that differ', async () => {
    const fields = await from(
      'facts',
      `'{"size": {"w": 1, "h": 2}, "tags": ["a", "b"], "gone": true, "same": {"x": [1]}}'`,
      `'{"size": {"w": 1, "h": 3}, "tags": ["a", "c", "d"], "came": null, "same": {"x": [1]}}'`,
    )
    expect(fields.map(({ label, before, after }) => [label, before, after]).sort()).toEqual([
      ['Facts › came', undefined, null],
      ['Facts › gone', 'true', undefined],
      ['Facts › size.h', '2', '3'],
      ['Facts › tags[1]', 'b', 'c'],
      ['Facts › tags[2]', undefined, 'd'],
    ])
  })

  it('tells JSON apart that JavaScript would not', async () => {
    expect(
      await from('facts', `'{"n": 12345678901234567890, "s": "1\\"2"}'`, `'{"n": 12345678901234567891, "s": "1\\"3"}'`),
    ).toMatchObject([
      { label: 'Facts › n', before: '12345678901234567890', after: '12345678901234567891' },
      { label: 'Facts › s', before: '1"2', after: '1"3' },
    ])
    await db.admin.sql`delete from loaves`
    expect(await from('plain', `'{"a":1}'`, `'{ "a": 1 }'`)).toMatchObject([{ label: 'Plain' }])
  })

  it('says how many more places of a JSON value differ', async () => {
    const object = (value: number) =>
      `'${JSON.stringify(Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`key${at}`, value])))}'`
    const fields = await from('facts', object(1), object(2))
    expect(fields).toHaveLength(13)
    expect(fields.at(-1)).toMatchObject({ label: 'Facts', after: 'and 18 more places' })
  })

  it('is left out where the person may not read it', async () => {
    expect(await from('price', '1', '2', EDITOR)).toEqual([])
    await db.admin.sql`delete from loaves`
    expect(await from('price', '1', '2')).toHaveLength(1)
  })
})

describe('a record that came or went', () => {
  it('shows what it had, and how much more', async () => {
    await db.admin.sql`insert into loaves (id, title, body, price, vegan, baked_on, code, tags, shop_id)
      values (1, 'rye', 'dark', 3, true, '2026-01-31', gen_random_uuid(), '{a}', 1)`
    const { ctx, of } = await site()
    const [change] = (await loadRecordHistory(ctx, of(loaves), '1')).changes
    expect(change).toMatchObject({ op: 'insert', moreFields: 3 })
    expect(change?.fields).toHaveLength(6)
    expect(change?.fields.every(({ before }) => before === undefined)).toBe(true)
    await db.admin.sql`delete from loaves`
    const [gone] = (await loadRecordHistory(ctx, of(loaves), '1')).changes
    expect(gone).toMatchObject({ op: 'delete' })
    expect(gone?.fields.every(({ after }) => after === undefined)).toBe(true)
  })

  it('says only that it was touched where nothing else changed', async () => {
    const fields = await from('updated_at', 'now()', `now() + interval '1 hour'`)
    expect(fields.map(({ label }) => label)).toEqual(['Updated at'])
  })
})
