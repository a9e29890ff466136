import { beforeAll, expect, it } from 'vitest'
import { asOfTable, hadOtherKey, resolveMoment, restorePlan, undoPlan } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()
const { orm } = db.app
const TABLES = ['plain', 'parted']

beforeAll(async () => {
  await db.owner.sql.unsafe(`
    create table plain (id int primary key deferrable, name text, qty int);
    create table parted (id int, name text, qty int, primary key (id) deferrable) partition by range (id);
    create table parted_1 partition of parted for values from (0) to (1000)`)
  await db.owner.sql.unsafe('grant all on all tables in schema public to kontor_app')
  await installTriggers(
    db.owner.sql,
    TABLES.map((name) => ({ schema: 'public', name })),
  )
})

const txOf = (statement: string) =>
  db.admin.sql.begin(async (tx) => {
    await tx.unsafe(statement)
    return (await tx<{ tx: string }[]>`select pg_current_xact_id()::text as tx`)[0]!.tx
  })
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
const rows = async (name: string) =>
  (await db.admin.sql.unsafe(`select id, name, qty from ${name} order by id`)).map(
    ({ id, name, qty }) => `${id} ${name} ${qty}`,
  )

it.each(['plain', 'parted'])(
  'keys swapped, turned round and moved on within one statement go back: %s',
  async (name) => {
    await db.admin.sql.unsafe(
      `insert into ${name} values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'same', 4), (5, 'same', 4)`,
    )
    const before = await rows(name)
    for (const statement of [
      `update ${name} set id = case id when 1 then 2 else 1 end where id in (1, 2)`,
      `update ${name} set id = id % 3 + 1 where id <= 3`,
      `update ${name} set id = id + 1`,
      `update ${name} set id = 9 - id where id in (4, 5)`,
      `update ${name} set id = case id when 1 then 2 else 1 end, qty = qty + 1 where id in (1, 2)`,
      `update ${name} set id = case id when 1 then 2 else 1 end where id in (1, 2); update ${name} set qty = 7 where id = 1; delete from ${name} where id = 2`,
      `insert into ${name} values (8, 'x', 1); update ${name} set name = 'y' where id = 8; delete from ${name} where id = 8; insert into ${name} values (8, 'z', 1); delete from ${name} where id = 8; update ${name} set qty = 0 where id = 1`,
    ]) {
      const tx = await txOf(statement)
      const plan = await undoPlan(orm, { tx })
      expect(plan.steps.flatMap(({ blockers, conflicts }) => [...blockers, ...conflicts])).toEqual([])
      await take(db, plan)
      expect(await rows(name)).toEqual(before)
    }
  },
)

it('a change from before the primary key was replaced is refused, not taken for another row', async () => {
  await db.owner.sql.unsafe(`create table rekeyed (id int primary key, code int not null unique, name text, state text);
    grant all on rekeyed to kontor_app; insert into rekeyed values (3, 4, 'c', 'new'), (4, 3, 'd', 'new')`)
  const track = () => installTriggers(db.owner.sql, [{ schema: 'public', name: 'rekeyed' }])
  await track()
  const moment = await now()
  await db.admin.sql`insert into rekeyed values (1, 2, 'a', 'new'), (2, 1, 'b', 'new')`
  const changes = {
    'an update': await txOf(`update rekeyed set state = 'old' where id = 1`),
    'an update of a row older than the log': await txOf(`update rekeyed set state = 'old' where id = 3`),
    'an update of what is the key today': await txOf(
      'update rekeyed set code = 7 where id = 1; update rekeyed set code = 2 where id = 1',
    ),
    'an insertion': await txOf(`insert into rekeyed values (5, 6, 'e', 'new')`),
    'a deletion': await txOf('delete from rekeyed where id = 5'),
  }
  await db.admin.sql`update rekeyed set state = 'old'`
  const before = await resolveMoment(orm, moment)
  const table = { schema: 'public', name: 'rekeyed' }
  expect(await hadOtherKey(orm, await asOfTable(orm, table), before)).toBe(false)
  await db.owner.sql.unsafe(
    'alter table rekeyed drop constraint rekeyed_pkey; alter table rekeyed add primary key (code)',
  )
  await track()
  for (const tx of Object.values(changes)) {
    const { steps } = await undoPlan(orm, { tx })
    expect(steps.map(({ values, blockers }) => [values, blockers])).toEqual([
      [{}, [{ kind: 'rekeyed', canSkip: false }]],
    ])
  }
  // Nor can rows of then be told from others.
  expect(await hadOtherKey(orm, await asOfTable(orm, table), before)).toBe(true)
  await expect(restorePlan(orm, [{ ...table, recordIds: ['1'] }], moment)).rejects.toMatchObject({ code: 'invalid' })
  const since = await now()
  // What came after goes back.
  const tx = await txOf(`update rekeyed set state = 'later' where id = 1; delete from rekeyed where id = 4`)
  const plan = await undoPlan(orm, { tx })
  expect(plan.isClean).toBe(true)
  expect(await hadOtherKey(orm, await asOfTable(orm, table), await resolveMoment(orm, since))).toBe(false)
  await take(db, plan, { 'public.rekeyed': ['code'] })
  expect(await db.admin.sql`select id from rekeyed where state = 'old'`).toHaveLength(4)
})
