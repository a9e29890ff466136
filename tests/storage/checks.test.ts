import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  foreignKey,
  integer,
  pgTable,
  pgView,
  serial,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { ConfigError, type Problem } from '@/lib/admin/checks'
import { type AdminOptions, defineAdmin, resource, section } from '@/lib/admin/define'
import { resolveAdmin } from '@/lib/admin/resolve'
import { appendOnly, type EphemeralOptions, ephemeral } from '@/lib/admin/storage-options'
import { appendOnlyColumns, currentColumns, ephemeralColumns } from '@/lib/db/storage-columns'

const name = { name: text('name').notNull() }
const carts = pgTable('carts', { id: uuid('id').primaryKey(), ...ephemeralColumns(), ...name })
const recipes = pgTable('recipes', { ...appendOnlyColumns(), ...name })
const current = pgTable('recipes_current', { ...currentColumns(), ...name }, (t) => [unique().on(t.name)])
const bare = pgTable('bare', { id: integer('id').primaryKey(), ...name })

const AT = 'sections.main.it.storage'

/** A config as somebody without the compiler's help would write it. */
const site = (table: unknown, storage: unknown, further: object = {}) =>
  ({
    sections: { main: section('Main', {}, { it: resource(table as typeof bare, { storage: storage as never }) }) },
    ...further,
  }) as AdminOptions

const problemsOf = (options: AdminOptions): readonly Problem[] => {
  try {
    resolveAdmin(defineAdmin(options))
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const life = (options: object) => site(carts, ephemeral(options as EphemeralOptions<typeof carts>))

const MISTAKES: [claim: string, config: AdminOptions, problem: Partial<Problem>][] = [
  [
    'a duration with a slip',
    life({ inactivityTimeout: '5 minuts' }),
    {
      id: 'ephemeral.duration',
      path: `${AT}.inactivityTimeout`,
      message: '"5 minuts" is no duration.',
      hint: 'Did you mean “5m”?',
    },
  ],
  [
    'a duration in words',
    life({ maximumLifetime: '2 hours' }),
    { id: 'ephemeral.duration', path: `${AT}.maximumLifetime`, hint: 'Did you mean “2h”?' },
  ],
  [
    'a duration without a unit',
    life({ inactivityTimeout: '30' }),
    { id: 'ephemeral.duration', hint: expect.stringContaining('Did you mean “30s”?') },
  ],
  ['a number', life({ inactivityTimeout: 30 }), { id: 'ephemeral.duration', hint: expect.stringContaining("'30s'") }],
  [
    'a negative duration',
    life({ inactivityTimeout: '-5m' }),
    { id: 'ephemeral.duration', hint: expect.stringContaining('cannot be negative') },
  ],
  [
    'no time at all',
    life({ maximumLifetime: '0s' }),
    { id: 'ephemeral.duration', message: '“0s” is no time at all: records would vanish at once.' },
  ],
  ['nothing', life({ maximumLifetime: '' }), { id: 'ephemeral.duration', hint: expect.stringContaining('30s') }],
  ['null', life({ maximumLifetime: null }), { id: 'ephemeral.duration' }],
  [
    'a timeout longer than the lifetime',
    life({ inactivityTimeout: '2d', maximumLifetime: '1d' }),
    {
      id: 'ephemeral.order',
      path: `${AT}.inactivityTimeout`,
      message: '2d of inactivity is longer than the whole lifetime of 1d.',
    },
  ],
  ['room for no record', life({ maxRecords: 0 }), { id: 'ephemeral.maxRecords', path: `${AT}.maxRecords` }],
  ['room for half a record', life({ maxRecords: 1.5 }), { id: 'ephemeral.maxRecords' }],
  [
    'an unknown option',
    life({ inactivityTimout: '5m' }),
    { id: 'ephemeral.option', path: `${AT}.inactivityTimout`, hint: 'Did you mean “inactivityTimeout”?' },
  ],
  ['a callback that is none', life({ onExpire: 'save' }), { id: 'ephemeral.option', path: `${AT}.onExpire` }],
  ['a durability that is none', life({ durable: 'yes' }), { id: 'ephemeral.option', path: `${AT}.durable` }],
  [
    'a storage there is not',
    site(carts, 'redis'),
    { id: 'option.type', path: AT, message: "expected 'table', appendOnly({ current }) or ephemeral({ … })." },
  ],
  ['an append-only one without its companion', site(recipes, { kind: 'appendOnly' }), { id: 'option.type', path: AT }],
  [
    'an ephemeral table without its columns',
    site(bare, ephemeral()),
    {
      id: 'ephemeral.columns',
      message: '“bare” lacks touchedAt, livesUntil, expiresAt, revision.',
      hint: expect.stringContaining('ephemeralColumns()'),
    },
  ],
  [
    'an ephemeral table without a key',
    site(pgTable('keyless', { ...ephemeralColumns(), ...name }), ephemeral()),
    { id: 'ephemeral.key' },
  ],
  [
    'an append-only table without its columns',
    site(bare, appendOnly({ current })),
    {
      id: 'appendOnly.columns',
      path: AT,
      message: expect.stringMatching(/“bare” lacks entryId, entryVersion, deleted, insertedAt/),
      hint: expect.stringContaining('appendOnlyColumns()'),
    },
  ],
  [
    'a plain unique column on an append-only table',
    site(
      pgTable('recipes', { ...appendOnlyColumns(), name: text('name').notNull().unique() }),
      appendOnly({ current }),
    ),
    {
      id: 'appendOnly.unique',
      message: expect.stringContaining('recipes_name_unique'),
      hint: expect.stringContaining('“recipes_current”'),
    },
  ],
  [
    'a plain unique index on an append-only table',
    site(
      pgTable('recipes', { ...appendOnlyColumns(), ...name }, (t) => [uniqueIndex('one_name').on(t.name)]),
      appendOnly({ current }),
    ),
    { id: 'appendOnly.unique', message: expect.stringContaining('one_name') },
  ],
  [
    'a key that allows one version',
    site(pgTable('recipes', { ...appendOnlyColumns(), name: text('name').primaryKey() }), appendOnly({ current })),
    { id: 'appendOnly.unique', hint: expect.stringContaining('(entry_id, entry_version)') },
  ],
  [
    'a foreign key that old versions would hold',
    site(
      pgTable('recipes', { ...appendOnlyColumns(), ...name, bareId: integer('bare_id').references(() => bare.id) }),
      appendOnly({ current }),
    ),
    { id: 'appendOnly.foreignKey', hint: expect.stringContaining('“recipes_current”') },
  ],
  [
    'a number of its own for each version',
    site(pgTable('recipes', { ...appendOnlyColumns(), ...name, no: serial('no') }), appendOnly({ current })),
    { id: 'appendOnly.identity' },
  ],
  [
    'a companion of another table',
    site(recipes, appendOnly({ current: bare })),
    { id: 'appendOnly.current', message: expect.stringContaining('entryId') },
  ],
  [
    'a companion that lacks a column',
    site(pgTable('recipes', { ...appendOnlyColumns(), ...name, extra: text('extra') }), appendOnly({ current })),
    { id: 'appendOnly.current', message: '“recipes” and “recipes_current” differ in extra.' },
  ],
  [
    'a cascade into the companion',
    site(
      pgTable('recipes', { ...appendOnlyColumns(), ...name, bareId: integer('bare_id') }),
      appendOnly({
        current: pgTable('recipes_current', { ...currentColumns(), ...name, bareId: integer('bare_id') }, (t) => [
          foreignKey({ columns: [t.bareId], foreignColumns: [bare.id] }).onDelete('cascade'),
        ]),
      }),
    ),
    { id: 'appendOnly.cascade' },
  ],
  [
    'a view that should expire',
    site(pgView('seen', { id: integer('id') }).as(sql`select 1 as id`), ephemeral()),
    { id: 'ephemeral.table' },
  ],
]

for (const [claim, config, problem] of MISTAKES) {
  test(`${claim} stops the start and says what would be right`, () => {
    expect(problemsOf(config)).toContainEqual(expect.objectContaining(problem))
  })
}

test('a permanent table that refers to an unlogged one stops the start, an ephemeral or durable one does not', () => {
  const columns = {
    id: uuid('id').primaryKey(),
    cartId: uuid('cart_id').references((): AnyPgColumn => carts.id, { onDelete: 'cascade' }),
  }
  const lines = pgTable('lines', { ...columns, ...ephemeralColumns() })
  const config = (linesStorage: unknown, cartStorage: unknown) =>
    ({
      sections: {
        main: section(
          'Main',
          {},
          {
            carts: resource(carts, { storage: cartStorage as never }),
            lines: resource(lines, { storage: linesStorage as never }),
          },
        ),
      },
    }) as AdminOptions
  expect(problemsOf(config('table', ephemeral()))).toMatchObject([
    {
      id: 'ephemeral.referenced',
      path: 'sections.main.carts.storage',
      message: expect.stringContaining('permanent table “lines” refers to “carts”'),
      hint: 'Make “lines” ephemeral too, drop the foreign key, or add durable: true here.',
    },
  ])
  expect(problemsOf(config(ephemeral(), ephemeral()))).toEqual([])
  expect(problemsOf(config('table', ephemeral({ durable: true })))).toEqual([])
  expect(problemsOf(config(ephemeral({ durable: true }), ephemeral()))).toMatchObject([{ id: 'ephemeral.referenced' }])
})

test('a reference that would keep expired records from going stops the start', () => {
  const lines = pgTable('lines', {
    id: uuid('id').primaryKey(),
    ...ephemeralColumns(),
    cartId: uuid('cart_id').references(() => carts.id),
  })
  const config = {
    sections: {
      main: section(
        'Main',
        {},
        { carts: resource(carts, { storage: ephemeral() }), lines: resource(lines, { storage: ephemeral() }) },
      ),
    },
  }
  expect(problemsOf(config)).toMatchObject([
    { id: 'ephemeral.blocked', hint: "Declare it with onDelete: 'cascade' or 'set null'." },
  ])
})

test('every mistake of a storage is told at once', () => {
  expect(problemsOf(life({ inactivityTimeout: 'soon', maximumLifetime: '0m', maxRecords: -1 }))).toHaveLength(3)
})

test('what is right is right', () => {
  for (const config of [
    life({}),
    life({
      inactivityTimeout: '30m',
      maximumLifetime: '1d',
      maxRecords: 5,
      durable: true,
      onCreate: () => ({}),
      onExpire: () => {},
    }),
    life({ inactivityTimeout: '1h30m', maximumLifetime: '1h30m' }),
    site(recipes, appendOnly({ current })),
    site(bare, 'table'),
  ])
    expect(problemsOf(config)).toEqual([])
})

test('a tree that is a function of the request says at the site how tables live', async () => {
  const { requestContext } = await import('@/lib/admin/request-context')
  const sections = (storage?: unknown) => () => ({
    main: section('Main', {}, { it: resource(carts, { storage: storage as never }), recipes: resource(recipes) }),
  })
  const schema = { carts, recipes, current, bare }
  const storage = {
    'public.carts': ephemeral({ inactivityTimeout: '5m' }),
    'public.recipes': appendOnly({ current }),
  } as AdminOptions['storage']
  const source = resolveAdmin(defineAdmin({ schema, storage, sections: sections() }))
  const kinds = (admin: typeof source.admin) =>
    Object.fromEntries([...admin.resources.values()].map(({ shape, storage: { kind } }) => [shape.relation, kind]))
  const everything = { 'public.bare': 'table', 'public.carts': 'ephemeral', 'public.recipes_current': 'appendOnly' }
  expect(kinds(source.admin)).toMatchObject(everything)
  expect([...source.admin.resources.keys()].filter((key) => key.includes('current'))).toEqual([])
  const of = (from: typeof source) =>
    requestContext({
      source: from,
      db: { orm: {} } as never,
      clock: { now: () => new Date() },
      actor: { id: 'a', name: 'A', role: 'owner' },
      requestId: '1',
      road: 'form',
    })
  expect(kinds((await of(source)).admin)).toMatchObject({
    'public.carts': 'ephemeral',
    'public.recipes_current': 'appendOnly',
  })

  const late = resolveAdmin(defineAdmin({ schema, sections: sections(ephemeral({ inactivityTimeout: '5m' })) }))
  await expect(of(late)).rejects.toMatchObject({
    problems: [
      {
        id: 'storage.request',
        path: 'sections.main.it.storage',
        hint: "Name it at the site: storage: { 'public.carts': … }.",
      },
    ],
  })
})

test('callbacks of the storage know the table’s columns', () => {
  resource(carts, {
    storage: ephemeral({
      onCreate: (_ctx, given) => ({ name: given.name ?? 'none' }),
      onExpire: (_ctx, record) => {
        const typed: string = record.name
        // @ts-expect-error there is no such column
        return void [typed, record.nome]
      },
    }),
  })
})
