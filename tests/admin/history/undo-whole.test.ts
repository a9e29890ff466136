import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { beforeEach, expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import type { UndoRefusal } from '@/lib/admin/history/undo-view'
import { inTransaction } from '@/lib/admin/operations/road'
import { type Found, lookAtPart } from '@/lib/admin/operations/undo-check'
import { installTriggers } from '@/lib/history'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table makers (id integer primary key, name text unique);
  create table tools (
    id integer primary key, serial text unique, maker_id integer references makers, a integer, b integer, unique (a, b)
  );
  grant all on all tables in schema public to kontor_app`)
await installTriggers(
  db.owner.sql,
  ['makers', 'tools'].map((name) => ({ schema: 'public', name })),
)
const makers = pgTable('makers', { id: integer().primaryKey(), name: text().unique() })
const tools = pgTable('tools', {
  id: integer().primaryKey(),
  serial: text().unique(),
  makerId: integer('maker_id').references(() => makers.id),
  a: integer(),
  b: integer(),
})
const admin = await createTestAdmin(db.app, {
  schema: { makers, tools },
  sections: {
    main: section(
      'Main',
      {},
      {
        makers: resource(makers, {
          authorize: ({ user }, operation) => operation !== 'delete' || user.role === 'owner',
        }),
        tools: resource(tools),
      },
    ),
  },
})
const ctx = await admin.as({ id: 'user:whole', name: 'Whole', role: 'owner' })

beforeEach(async () => {
  await db.admin.sql`truncate makers, tools`
  await db.admin.sql`insert into makers select n, 'maker ' || n from generate_series(1, 100) n`
})

/** Fills in tools, each with a maker. */
const addTools = (count: number) =>
  db.admin.sql`insert into tools select n, 'serial ' || n, 1 + n % 100, n, 0 from generate_series(1, ${count}::int) n`

/** One transaction, and what selects its changes. */
const inOne = (...statements: string[]) =>
  db.admin.sql.begin(async (inside) => {
    for (const statement of statements) await inside.unsafe(statement)
    const [row] = await inside<{ tx: string }[]>`select pg_current_xact_id()::text as tx`
    return row!
  })

/** Looks at all parts, each in a transaction of its own; what they found goes from one to the next as JSON. */
const inTheWay = async (tx: { tx: string }, more: object = {}, person = ctx): Promise<UndoRefusal | undefined> => {
  let found: Found | null = null
  let checked = 0
  for (;;) {
    const part = await inTransaction({ ctx: person }, admin.of(tools), (inside) =>
      lookAtPart(inside, { ...tx, ...more }, found),
    )
    checked += part.checked
    found = part.next && JSON.parse(JSON.stringify(part.next))
    if (found) continue
    const [{ n }] = await db.admin.sql<
      [{ n: number }]
    >`select count(*)::int as n from kontor.changes where tx = ${tx.tx}::xid8`
    expect(checked).toBe(n)
    return part.question?.refusal
  }
}

const COUNT = 12_000

test('thirty thousand rows that nothing stands in the way of are free to go', async () => {
  await addTools(COUNT)
  expect(await inTheWay(await inOne(`update tools set serial = serial || '!', maker_id = 1 + (id + 1) % 100`))).toBe(
    undefined,
  )
})

test('what the same undo brings back, frees or takes along is in nobody’s way', async () => {
  await addTools(COUNT)
  const renumbered = await inOne(
    `update tools set serial = 'for now ' || id, b = 1`,
    `update tools set serial = 'serial ' || (${COUNT + 1} - id), a = ${COUNT + 1} - a, b = 0`,
  )
  expect(await inTheWay(renumbered)).toBeUndefined()
  const gone = await inOne('delete from tools', 'delete from makers')
  expect(await inTheWay(gone)).toBeUndefined()
  await db.admin.sql`truncate makers, tools`
  const made = await inOne(
    `insert into makers select n, 'maker ' || n from generate_series(1, 100) n`,
    `insert into tools select n, 'serial ' || n, 1 + n % 100, n, 0 from generate_series(1, ${COUNT}) n`,
  )
  expect(await inTheWay(made)).toBeUndefined()
})

test('parents that are gone, values that are taken and children that came are found wherever they are', async () => {
  await addTools(COUNT)
  const changed = await inOne(
    `update tools set serial = serial || '!', maker_id = 1 where maker_id <> 1`,
    'delete from tools where id > 11990',
  )
  await db.admin.sql`delete from makers where id in (5, 6)`
  await db.admin.sql`insert into tools values (40001, 'serial 7', 1, 1000000, 0), (40002, 'taken', 1, 11995, 0)`
  const refusal = (await inTheWay(changed))!
  // 120 tools of each of two makers, the serial of one tool, the place of another that was deleted.
  expect(refusal.blocked).toBe(242)
  const reasons = new Map(refusal.obstacles.map(({ reason, label }) => [reason, label]))
  expect(Object.fromEntries(reasons)).toEqual({
    'What it points at is no longer there.': 'Maker',
    'Another record has this value by now, and only one may.': expect.stringMatching(/Serial|A, B/),
  })
  const taken = refusal.obstacles.filter(({ reason }) => reason.startsWith('Another record'))
  expect(taken.map(({ label }) => label).sort()).toEqual(['A, B', 'Serial'])
  expect(taken.map(({ choice }) => choice).sort()).toEqual(['leaveOut', 'overrule'])
  expect(refusal.obstacles.length).toBeLessThanOrEqual(50)

  await db.admin.sql`truncate makers, tools`
  const made = await inOne(`insert into makers select n, 'maker ' || n from generate_series(1, 12000) n`)
  await db.admin.sql`insert into tools (id, maker_id) values (1, 11000), (2, 11000), (3, 4)`
  expect(await inTheWay(made)).toMatchObject({
    blocked: 2,
    free: 11_998,
    obstacles: [{ reason: 'Other records point at it by now.' }, { reason: 'Other records point at it by now.' }],
  })
})

test('a column that is gone, and one that needs a value nobody knows, are told for all', async () => {
  await db.admin.sql`insert into tools select n, null, 1, n, 0 from generate_series(1, 12000) n`
  const gone = await inOne('delete from tools')
  await db.owner.sql`alter table tools rename column b to c`
  await db.owner.sql`alter table tools add needed integer not null`
  try {
    const refusal = (await inTheWay(gone))!
    expect(refusal).toMatchObject({ blocked: 12_000, free: 0 })
    expect(refusal.obstacles.length).toBeLessThanOrEqual(50)
    // Twelve thousand values cannot be asked for one by one.
    expect(refusal.obstacles.map(({ choice }) => choice)).not.toContain('give')
    expect(new Set(refusal.obstacles.map(({ reason }) => reason))).toContain('The column no longer exists.')
  } finally {
    await db.owner.sql`alter table tools drop column needed`
    await db.owner.sql`alter table tools rename column c to b`
  }
})

test('who may not do it at all is told before it starts', async () => {
  const made = await inOne(`insert into makers select n, 'maker ' || n from generate_series(101, 12000) n`)
  const editor = await admin.as({ id: 'user:editor', name: 'Editor', role: 'editor' })
  await expect(inTheWay(made, {}, editor)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await inTheWay(made)).toBeUndefined()
})

test('a record that changed again and again is looked at once, with all its changes', async () => {
  await addTools(6_000)
  const changed = await inOne(
    `update tools set serial = 'once ' || id`,
    `update tools set serial = 'twice ' || id`,
    `update tools set serial = 'three times ' || id where id <= 100`,
  )
  await db.admin.sql`update tools set serial = 'mine ' || id where id in (7, 5000)`
  const refusal = (await inTheWay(changed))!
  expect(refusal).toMatchObject({ blocked: 2, free: 5_998 })
  expect(refusal.obstacles.map(({ expected, wanted }) => [expected, wanted]).sort()).toEqual([
    ['three times 7', 'serial 7'],
    ['twice 5000', 'serial 5000'],
  ])
})

test('a look at the whole keeps nobody waiting', async () => {
  await addTools(12_000)
  const changed = await inOne(`update tools set serial = serial || '!'`)
  await db.admin.sql`update tools set serial = 'mine' where id = 7`
  await db.admin.sql.begin(async (other) => {
    await other`select from tools for update`
    expect(await inTheWay(changed)).toMatchObject({ blocked: 1 })
  })
})
