import { sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { restorePlan } from '@/lib/history'
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
