import { sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { recordKey, restorePlan } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()
const { orm } = db.app
const cakes = { schema: 'public', name: 'cakes' }
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
const rows = async () =>
  (await db.admin.sql`select c::text as row from cakes c order by id`).map(({ row }) => row as string)

beforeAll(async () => {
  await db.owner.sql.unsafe(
    `create table shops (id int primary key); create table cakes (id int primary key, name text, price numeric, data jsonb, shop_id int references shops)`,
  )
  await db.owner.sql`grant all on cakes, shops to kontor_app`
  await installTriggers(db.owner.sql, [cakes, { schema: 'public', name: 'shops' }])
  await db.admin.sql.unsafe(
    `insert into shops values (1); insert into cakes select i, 'cake ' || i, i * 1.5, jsonb_build_object('n', i), 1 from generate_series(1, 10) i`,
  )
})

it('a record goes back to any moment, whatever happened since', async () => {
  const [at, before] = [await now(), await rows()]
  await db.admin.sql.unsafe(
    `update cakes set price = 7 where id = 1; update cakes set name = 'x', data = '{"n": 2}' where id = 1; delete from cakes where id = 2; insert into cakes values (3000, 'new')`,
  )
  const plan = await restorePlan(orm, [{ ...cakes, recordIds: ['1', '2', '3', '3000', 'nothing'].slice(0, 4) }], at)
  expect(plan.steps.map(({ kind, recordId }) => `${kind} ${recordId}`).sort()).toEqual([
    'remove 3000',
    'restore 2',
    'set 1',
  ])
  expect(plan.steps.find(({ kind }) => kind === 'set')?.values).toEqual({
    price: '1.5',
    name: 'cake 1',
    data: '{"n": 1}',
  })
  expect(plan.isClean).toBe(true)
  await take(db, plan)
  expect(await rows()).toEqual(before)
})

it('a filtered list goes back: what matched then, and what matches now', async () => {
  const [at, before] = [await now(), await rows()]
  await db.admin.sql.unsafe(
    `update cakes set price = 100 where id in (1, 9); delete from cakes where id = 8; insert into cakes values (50, 'late', 20), (51, 'late', 1); update cakes set name = 'other' where id = 2`,
  )
  const plan = await restorePlan(orm, [{ ...cakes, past: sql`t.price > 10`, present: sql`t.price > 10` }], at)
  expect(plan.steps.map(({ kind, recordId }) => `${kind} ${recordId}`).sort()).toEqual([
    'remove 50',
    'restore 8',
    'set 1',
    'set 9',
  ])
  await take(db, plan)
  const after = await rows()
  expect(after.filter((row) => !row.includes('other') && !row.includes('late'))).toEqual(
    before.filter((row) => !row.startsWith('(2,')),
  )
  await take(db, await restorePlan(orm, [{ ...cakes, past: sql`true`, present: sql`true` }], at))
  expect(await rows()).toEqual(before)
})

it('links go back with the records they belong to, whatever the order of their keys', async () => {
  await db.owner.sql.unsafe(`
    create table shelves (row text, place int, note text, primary key (row, place));
    create table on_shelf (cake_id int references cakes, place int, row text, primary key (cake_id, place, row),
      foreign key (row, place) references shelves (row, place));
    create table twins (a int references cakes, b int references cakes, primary key (a, b));
    grant all on shelves, on_shelf, twins to kontor_app;
    insert into shelves values ('a,b', 1), ('a', 2), ('c', 3); insert into on_shelf values (1, 1, 'a,b'), (3, 3, 'c')`)
  const [shelves, onShelf, twins] = ['shelves', 'on_shelf', 'twins'].map((name) => ({ schema: 'public', name }))
  await installTriggers(db.owner.sql, [shelves!, onShelf!, twins!])
  const at = await now()
  await db.admin.sql.unsafe(
    `delete from on_shelf; insert into on_shelf values (3, 2, 'a'), (4, 3, 'c'); insert into twins values (1, 3), (3, 3), (4, 5)`,
  )
  const steps = async (scopes: Parameters<typeof restorePlan>[1], without?: ReadonlySet<string>) =>
    (await restorePlan(orm, scopes, at, { without })).steps
      .map(({ relation, kind, recordId }) => `${relation} ${kind} ${recordId}`)
      .sort()
  const owner = [
    { column: 'row', holds: 'row' },
    { column: 'place', holds: 'place' },
  ]
  const low = { ...shelves!, past: sql`t.place < 3`, present: sql`t.place < 3`, links: [{ ...onShelf!, owner }] }
  expect(await steps([low])).toEqual(['public.on_shelf remove 3,2,a', 'public.on_shelf restore 1,1,a\\,b'])
  expect(await steps([low], new Set([recordKey({ relation: 'public.shelves', recordId: 'a,2' })]))).toEqual([
    'public.on_shelf restore 1,1,a\\,b',
  ])
  // A link between two of the listed records belongs to both.
  const both = ['a', 'b'].map((column) => ({ ...twins!, owner: [{ column, holds: 'id' }] }))
  expect(await steps([{ ...cakes, recordIds: ['1', '3'], links: both }])).toEqual([
    'public.twins remove 1,3',
    'public.twins remove 3,3',
  ])
})

it('what keys refuse is said before anything is written', async () => {
  await db.admin.sql.unsafe(`insert into shops values (2); update cakes set shop_id = 2 where id = 5`)
  const at = await now()
  await db.admin.sql.unsafe(`update cakes set shop_id = 1 where id = 5; delete from shops where id = 2`)
  expect((await restorePlan(orm, [{ ...cakes, recordIds: ['5'] }], at)).steps).toMatchObject([
    { blockers: [{ kind: 'parent_gone' }] },
  ])
})

it('nothing to do where nothing changed since', async () => {
  expect(await restorePlan(orm, [{ ...cakes, past: sql`true`, present: sql`true` }], await now())).toMatchObject({
    steps: [],
    isClean: true,
  })
})

it('a moment before the history is refused with the one it begins at', async () => {
  await expect(restorePlan(orm, [{ ...cakes, recordIds: ['1'] }], '2001-01-01')).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringMatching(/can be seen from \d{4}-/),
  })
  await expect(restorePlan(orm, [{ ...cakes, recordIds: ['1'] }], '2999-01-01')).rejects.toMatchObject({
    code: 'invalid',
  })
})

it('a deleted record comes back with what its deletion took along, as it was at the moment', async () => {
  await db.owner.sql.unsafe(`create table orders (id int primary key, note text);
    create table lines (id int primary key, order_id int references orders on delete cascade, qty int);
    create table pieces (line_id int references lines on delete cascade, no int, primary key (line_id, no));
    create table letters (id int primary key, order_id int references orders on delete set null, text text)`)
  const names = ['orders', 'lines', 'pieces', 'letters']
  await db.owner.sql`grant all on orders, lines, pieces, letters to kontor_app`
  await installTriggers(
    db.owner.sql,
    names.map((name) => ({ schema: 'public', name })),
  )
  const all = async () =>
    Promise.all(
      names.map(async (name) => (await db.admin.sql.unsafe(`select t::text from ${name} t order by 1`)).flat()),
    )
  await db.admin.sql.unsafe(`insert into orders values (1, 'a'), (2, 'b'); insert into lines values (10, 1, 1), (11, 1, 2), (20, 2, 1);
    insert into pieces values (10, 1), (10, 2), (20, 1); insert into letters values (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z')`)
  const [at, before] = [await now(), await all()]
  // Since then: changed, moved away, come to be, moved here; then gone in two deletions, one of them of a record that came back.
  await db.admin.sql.unsafe(`update lines set qty = 99 where id = 10; insert into lines values (12, 1, 3); insert into pieces values (12, 1);
    insert into letters values (4, 1, 'new'); update letters set text = 'edited' where id = 1`)
  await db.admin.sql.unsafe(
    `delete from orders where id = 1; insert into orders values (1, 'again'); delete from orders where id = 1`,
  )
  const plan = await restorePlan(orm, [{ schema: 'public', name: 'orders', recordIds: ['1'] }], at, { lock: true })
  expect(plan.isClean).toBe(true)
  expect(plan.steps.map(({ kind, relation, recordId }) => `${kind} ${relation.slice(7)} ${recordId}`).sort()).toEqual([
    'restore lines 10',
    'restore lines 11',
    'restore orders 1',
    'restore pieces 10,1',
    'restore pieces 10,2',
    'set letters 1',
    'set letters 2',
  ])
  await take(db, plan, { 'public.pieces': ['line_id', 'no'] })
  await db.admin.sql`delete from letters where id = 4`
  await db.admin.sql`update letters set text = 'x' where id = 1`
  expect(await all()).toEqual(before)
  expect((await restorePlan(orm, [{ schema: 'public', name: 'orders', recordIds: ['1'] }], at)).steps).toEqual([])

  const later = await now()
  await db.admin.sql.unsafe(`update lines set order_id = 2 where id = 11; delete from orders where id = 1;
    update letters set order_id = 2 where id = 2; update lines set order_id = null where id = 20`)
  const partly = await restorePlan(orm, [{ schema: 'public', name: 'orders', recordIds: ['1'] }], later, {
    without: new Set([recordKey({ relation: 'public.pieces', recordId: '10,2' })]),
  })
  // A line that had moved on before stays where it is; a letter that has another order now is asked about.
  expect(
    partly.steps.map(({ kind, recordId, conflicts }) => `${kind} ${recordId}: ${conflicts.length}`).sort(),
  ).toEqual(['restore 10,1: 0', 'restore 10: 0', 'restore 1: 0', 'set 1: 0', 'set 2: 1'])
})
