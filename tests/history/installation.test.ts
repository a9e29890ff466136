import { beforeAll, expect, it } from 'vitest'
import { installTriggers, printTriggers, triggerState, uninstallTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const run = (statement: string) => db.admin.sql.unsafe(statement)

const wanted = [{ schema: 'public', name: 'installed' }]
beforeAll(async () => {
  await db.owner.sql`create table installed (id int primary key)`
  await installTriggers(db.owner.sql, wanted)
})

it('running it again changes nothing', async () => {
  expect(await installTriggers(db.owner.sql, wanted)).toEqual({
    installed: [],
    unchanged: ['public.installed'],
    absent: [],
    failed: [],
  })
  expect(await triggerState(db.app.sql, wanted)).toEqual([])
})

it('a dropped trigger is missing, a disabled one disabled, a column added makes it outdated', async () => {
  const kinds = async () => (await triggerState(db.app.sql, wanted)).map(({ kind }) => kind)
  await run('alter table installed disable trigger kontor_log_update')
  expect(await kinds()).toEqual(['disabled'])
  await run('drop trigger kontor_log_insert on installed')
  expect(await kinds()).toEqual(['missing'])
  await installTriggers(db.owner.sql, wanted)
  expect(await kinds()).toEqual([])
  await run('alter table installed add column more int')
  expect(await kinds()).toEqual(['outdated'])
  await installTriggers(db.owner.sql, wanted)
  expect(await kinds()).toEqual([])
})

it('what was recorded with a gap begins anew, what was only upgraded does not', async () => {
  const began = async () =>
    Number(
      (
        await db.app
          .sql`select extract(epoch from began) as began from kontor.tracked where relation = 'public.installed'`
      )[0]!.began,
    )
  const first = await began()
  await run('alter table installed add column again int')
  await installTriggers(db.owner.sql, wanted)
  expect(await began()).toBe(first)
  await run('alter table installed disable trigger all')
  await installTriggers(db.owner.sql, wanted)
  expect(await began()).toBeGreaterThan(first)
})

it('a busy table is tried again, and does not stop the others', async () => {
  await db.owner.sql`create table busy (id int primary key)`
  const holder = await db.admin.sql.reserve()
  await holder`begin`
  await holder`lock table busy in access share mode`
  await holder`insert into busy values (1)`
  const installing = installTriggers(db.owner.sql, [{ schema: 'public', name: 'busy' }, ...wanted])
  setTimeout(() => holder`commit`.then(() => holder.release()), 2_500)
  expect(await installing).toMatchObject({ installed: ['public.busy'], failed: [] })
})

it('eight at once install each trigger once', async () => {
  await db.owner.sql`create table raced (id int primary key)`
  const reports = await Promise.all(
    Array.from({ length: 4 }, () => installTriggers(db.owner.sql, [{ schema: 'public', name: 'raced' }])),
  )
  expect(reports.flatMap(({ installed }) => installed)).toEqual(['public.raced'])
})

it('the printed SQL, run by a DBA, installs the same', async () => {
  await db.owner.sql`create table printed (id int primary key, body text)`
  const tables = [{ schema: 'public', name: 'printed' }]
  const text = await printTriggers(db.owner.sql, [...tables, { schema: 'public', name: 'nowhere' }])
  expect(text).toContain('-- public.nowhere: not in this database')
  const dba = await db.owner.sql.reserve()
  await dba.unsafe(text).simple()
  dba.release()
  expect((await triggerState(db.owner.sql, tables)).filter(({ kind }) => kind !== 'leftover')).toEqual([])
  expect(await installTriggers(db.owner.sql, tables)).toMatchObject({ unchanged: ['public.printed'] })
})

it('a view is refused with its name', async () => {
  await db.owner.sql`create view looking as select 1 as id`
  await expect(installTriggers(db.owner.sql, [{ schema: 'public', name: 'looking' }])).rejects.toThrow(
    'public.looking is not a table',
  )
})

it('triggers on a table the config no longer names are leftovers', async () => {
  const leftovers = await triggerState(db.app.sql, wanted)
  expect(leftovers.map(({ relation, kind }) => `${relation} ${kind}`)).toEqual([
    'public.busy leftover',
    'public.printed leftover',
    'public.raced leftover',
  ])
})

it('uninstall removes what was installed and nothing else', async () => {
  await db.owner.sql.unsafe(`create function kontor_log_mine() returns trigger language plpgsql as 'begin return null; end';
      create trigger kontor_log_mine after insert on installed execute function kontor_log_mine()`)
  const freed = await uninstallTriggers(db.owner.sql, [{ schema: 'public', name: 'printed' }])
  expect(freed).toContain('public.installed')
  expect(freed).not.toContain('public.printed')
  const left = await db.owner
    .sql`select tgname, tgrelid::regclass::text as on from pg_trigger where tgname like 'kontor_log%' order by 1, 2`
  expect(left.map(({ tgname, on }) => `${tgname} ${on}`)).toEqual([
    'kontor_log_delete printed',
    'kontor_log_insert printed',
    'kontor_log_mine installed',
    'kontor_log_truncate printed',
    'kontor_log_update printed',
  ])
  const functions = await db.owner
    .sql`select proname from pg_proc where pronamespace = 'kontor'::regnamespace and proname ~ '_[0-9a-f]{10}$'`
  expect(functions).toHaveLength(1)
  await run(`insert into installed values (77)`)
})
