import { expect, test } from 'vitest'
import { undoPlan } from '@/lib/history'
import { installTriggers, printTriggers, triggerState } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { logged } from '@/tests/support/history'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()
const run = (statement: string) => db.admin.sql.unsafe(statement)

async function table(name: string, columns: string, after = '') {
  await db.owner.sql.unsafe(`create table ${name} (${columns})${after}; grant all on ${name} to kontor_app`)
  await install(name)
}
const install = (...names: string[]) =>
  installTriggers(
    db.owner.sql,
    names.map((name) => ({ schema: 'public', name })),
  )
const told = async (name: string, work: string) =>
  (await logged(db, `public.${name}`, () => run(work))).map(({ op, record_id, before, after }) => [
    op,
    record_id,
    before,
    after,
  ])
/** How one table's recording differs from what it should be. */
const driftOf = async (name: string) =>
  (await triggerState(db.owner.sql, [{ schema: 'public', name }])).filter(
    ({ message }) => message.includes(`public.${name} `) && !message.includes('no longer asks'),
  )
const rowsOf = async (name: string) =>
  (await run(`select to_jsonb(t)::text as row from ${name} t order by 1`)).map(({ row }) => row)

test('a column added, dropped, and another one added are noticed, one row or many', async () => {
  await table('shifting', 'id int primary key, v int, skipped int')
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'shifting', ignore: ['skipped'] }])
  await run('insert into shifting values (1, 1), (2, 2)')
  await run('alter table shifting add x int; alter table shifting drop x; alter table shifting add y int')
  expect(await told('shifting', 'update shifting set y = 5 where id = 1')).toEqual([
    ['update', '1', { y: null }, { y: '5' }],
  ])
  expect(await told('shifting', 'update shifting set y = 6')).toHaveLength(2)
  await run('alter table shifting drop y, drop skipped, add fresh int, add other int')
  expect(
    await told('shifting', `update shifting set fresh = 7 where id = 2; delete from shifting where id = 2`),
  ).toMatchObject([
    ['update', '2', { fresh: null }, { fresh: '7' }],
    ['delete', '2', { id: '2', v: '2', fresh: '7' }, null],
  ])
})

test('the same on a partitioned table', async () => {
  await table('parted', 'id int primary key, v int', ' partition by range (id)')
  await db.owner.sql.unsafe('create table parted_1 partition of parted default')
  await run('insert into parted values (1, 1)')
  await run('alter table parted add x int; alter table parted drop x; alter table parted add y int')
  expect(await told('parted', 'update parted set y = 5')).toEqual([['update', '1', { y: null }, { y: '5' }]])
})

test('records keep their ids when a column of the key is renamed', async () => {
  const done = ['update 1,a', 'update 2,b', 'delete 2,b', 'insert 3,c']
  for (const [name, after] of [
    ['rekeyed', ''],
    ['rekeyed_parts', ' partition by range (id)'],
  ] as const) {
    await table(name, 'id int, code text, v int, primary key (id, code)', after)
    if (after) await db.owner.sql.unsafe(`create table ${name}_1 partition of ${name} default`)
    await run(`insert into ${name} values (1, 'a', 1), (2, 'b', 2)`)
    await run(`alter table ${name} rename id to ident`)
    const changes = await told(
      name,
      `update ${name} set v = 5; delete from ${name} where ident = 2; insert into ${name} values (3, 'c', 3)`,
    )
    expect(changes.map(([op, id]) => `${op} ${id}`)).toEqual(done)
    await table(`${name}_one`, 'id int primary key, v int')
    await run(`insert into ${name}_one values (1, 1); alter table ${name}_one rename id to ident`)
    expect(await told(`${name}_one`, `update ${name}_one set v = 2; truncate ${name}_one`)).toMatchObject([
      ['update', '1', { v: '1' }, { v: '2' }],
      ['delete', '1', { ident: '1', v: '2' }, null],
    ])
  }
})

test('texts that a collation takes for equal are changes, in columns and in keys', async () => {
  await db.owner.sql.unsafe(`create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
  await table('people', 'id int primary key, email text collate ci, codes text[] collate ci')
  await run(`insert into people values (1, 'ada', '{a}'), (2, 'bob', '{b}')`)
  expect(await told('people', 'update people set email = upper(email) where id = 1')).toEqual([
    ['update', '1', { email: 'ada' }, { email: 'ADA' }],
  ])
  expect(await told('people', `update people set email = initcap(email), codes = '{A}'`)).toHaveLength(2)
  await table('words', 'word text collate ci primary key, n int')
  await run(`insert into words values ('abc', 1), ('x', 1)`)
  const moved = [
    ['delete', 'abc', { word: 'abc', n: 1 }, null],
    ['insert', 'ABC', null, { word: 'ABC', n: 1 }],
  ]
  expect((await told('words', `update words set word = 'ABC' where word = 'abc'`)).sort()).toEqual(moved)
})

const [{ version }] = (await run(`select current_setting('server_version_num')::int as version`)) as unknown as [
  { version: number },
]

test.runIf(version >= 180_000)('virtual generated columns keep nobody from writing, and are not logged', async () => {
  await table('virtual', 'id int primary key, v int, g int generated always as (v * 2) virtual')
  expect(
    await told('virtual', 'insert into virtual values (1, 5), (2, 6); update virtual set v = 7 where id = 1'),
  ).toEqual([
    ['insert', '1', null, { id: 1, v: 5 }],
    ['insert', '2', null, { id: 2, v: 6 }],
    ['update', '1', { v: 5 }, { v: 7 }],
  ])
  await table('becoming', 'id int primary key, v int')
  await run('insert into becoming values (1, 1), (2, 2), (3, 3)')
  await run('alter table becoming add g int generated always as (v * 2) virtual')
  const changes = await told(
    'becoming',
    'insert into becoming values (4, 4), (5, 5); update becoming set v = 9 where id = 1; update becoming set v = v + 1; delete from becoming where id = 2',
  )
  expect(changes.map(([op]) => op)).toEqual(['insert', 'insert', 'update', ...Array(5).fill('update'), 'delete'])
  expect(changes[2]).toEqual(['update', '1', { v: '1' }, { v: '9' }])
})

test('what a statement on a parent does to an inheriting table is logged with the table it is in', async () => {
  await table('parents', 'id int primary key, v text')
  await db.owner.sql.unsafe(
    `create table children (primary key (id)) inherits (parents); grant all on children to kontor_app`,
  )
  expect(await driftOf('parents')).toMatchObject([{ kind: 'outdated' }])
  await install('parents', 'children')
  await run(`insert into parents values (1, 'parent'); insert into children values (1, 'child')`)
  const changed = async (name: string) =>
    (await run(`select after from kontor.changes where relation = 'public.${name}' and op = 'update'`)).map(
      ({ after }) => after,
    )
  await run(`update parents set v = v || '!'`)
  expect(await changed('parents')).toEqual([{ v: 'parent!' }])
  expect(await changed('children')).toEqual([{ v: 'child!' }])
  expect(await told('children', 'delete from parents')).toMatchObject([['delete', '1', { v: 'child!' }, null]])
})

test('a row that its own trigger changes again is logged in that order, and undone', async () => {
  await db.owner.sql.unsafe(`
    create function numbered() returns trigger language plpgsql as
      $$ begin update orders set code = 'C' || new.id where id = new.id; return null; end $$;
    create function odd() returns trigger language plpgsql as
      $$ begin update orders set v = v + 1 where id = new.id and v % 2 = 0; return null; end $$`)
  await table('orders', 'id int primary key, v int, code text')
  await db.owner.sql.unsafe('create trigger a_number after insert on orders for each row execute function numbered()')
  expect(await driftOf('orders')).toMatchObject([{ kind: 'outdated' }])
  await install('orders')
  expect(await driftOf('orders')).toEqual([])
  const empty = await rowsOf('orders')
  const made = await logged(db, 'public.orders', () => run('insert into orders values (1, 1), (2, 1)'))
  expect(made.map(({ op, record_id }) => `${op} ${record_id}`)).toEqual([
    'insert 1',
    'update 1',
    'insert 2',
    'update 2',
  ])
  await db.owner.sql.unsafe('create trigger a_odd after update on orders for each row execute function odd()')
  const before = await rowsOf('orders')
  const changed = await logged(db, 'public.orders', () => run('update orders set v = 2 where id = 1'))
  expect(changed.map(({ after }) => after?.v)).toEqual([2, 3])
  await db.owner.sql.unsafe('drop trigger a_odd on orders')
  await take(db, await undoPlan(db.app.orm, { ids: changed.map(({ id }) => id) }))
  expect(await rowsOf('orders')).toEqual(before)
  await take(db, await undoPlan(db.app.orm, { ids: made.map(({ id }) => id) }))
  expect(await rowsOf('orders')).toEqual(empty)
})

test('a new key that goes on to rows of the same table is logged before what it does to them', async () => {
  await table('tree', 'id int primary key, parent int references tree on update cascade, v int')
  await run('insert into tree values (1, 1, 0)')
  expect((await told('tree', 'update tree set id = 2')).map(([op, id]) => `${op} ${id}`)).toEqual([
    'delete 1',
    'insert 2',
    'update 2',
  ])
})

test('triggers of a table that was renamed are taken off when another takes its name', async () => {
  await table('named', 'id int primary key, v int')
  await run('insert into named values (1, 1)')
  await db.owner.sql.unsafe('alter table named rename to named_before')
  await db.owner.sql.unsafe('create table named (id int primary key, v int); grant all on named to kontor_app')
  const tables = [{ schema: 'public', name: 'named' }]
  expect((await triggerState(db.owner.sql, tables)).filter(({ message }) => message.includes('named'))).toMatchObject([
    { kind: 'missing', relation: 'public.named' },
    { kind: 'leftover', relation: 'public.named_before' },
  ])
  await install('named')
  expect((await triggerState(db.owner.sql, tables)).filter(({ message }) => message.includes('named'))).toEqual([])
  expect(await told('named', 'delete from named_before')).toEqual([])
})

test('printed SQL that closes a gap lets the history begin anew', async () => {
  await table('gapped', 'id int primary key, v int')
  const tables = [{ schema: 'public', name: 'gapped' }]
  const began = async () =>
    (await run(`select began::text from kontor.tracked where relation = 'public.gapped'`))[0]?.began
  const runPrinted = async () => {
    const connection = await db.owner.sql.reserve()
    await connection.unsafe(await printTriggers(db.owner.sql, tables))
    connection.release()
  }
  const first = await began()
  await runPrinted()
  expect(await began()).toBe(first)
  await db.owner.sql.unsafe('drop trigger kontor_log_update on gapped')
  await runPrinted()
  expect(await began()).not.toBe(first)
})

test('odd names of keys neither break a TRUNCATE nor are read as SQL', async () => {
  for (const [at, key] of ['a%b', '$sql$||current_user||$sql$', `it's`].entries()) {
    await table(`odd_${at}`, `"${key}" text primary key, v int`)
    await run(`insert into odd_${at} values ('k', 1)`)
    await run(`alter table odd_${at} add w int`)
    expect(await told(`odd_${at}`, `update odd_${at} set w = 1; truncate odd_${at}`)).toMatchObject([
      ['update', 'k', { w: null }, { w: '1' }],
      ['delete', 'k', { [key]: 'k', v: '1', w: '1' }, null],
    ])
  }
})

test('a TRUNCATE that cannot see all rows leaves a mark', async () => {
  await table('guarded', 'id int primary key, v text')
  await run(`insert into guarded values (1, 'a'), (2, 'b')`)
  await db.owner.sql.begin(async (tx) => {
    await tx.unsafe(`set transaction isolation level repeatable read`)
    await tx.unsafe(`select count(*) from guarded`)
    await run(`insert into guarded values (3, 'c')`)
    await tx.unsafe('truncate guarded')
  })
  const marks = await run(
    `select op, record_id from kontor.changes where relation = 'public.guarded' and op <> 'insert'`,
  )
  expect([...marks]).toEqual([{ op: 'truncate', record_id: null }])
  await db.owner.sql.unsafe(`insert into guarded values (1, 'a'), (2, 'b');
    alter table guarded enable row level security, force row level security; create policy few on guarded using (v = 'a')`)
  const hidden = await logged(db, 'public.guarded', () => db.owner.sql.unsafe('truncate guarded'))
  expect(hidden.map(({ op }) => op)).toEqual(['truncate'])
})

test('a session that takes every warning for an error still writes', async () => {
  await table('strict', 'id int primary key, v int')
  const rows = await told(
    'strict',
    `set plpgsql.extra_errors = 'all'; insert into strict values (1, 1), (2, 2); update strict set v = 3`,
  )
  await run('reset plpgsql.extra_errors')
  expect(rows).toHaveLength(4)
})
