import { beforeAll, expect, it } from 'vitest'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()

beforeAll(async () => {
  await db.owner.sql`create table cakes (id int primary key, name text)`
  await db.owner.sql`grant all on cakes to kontor_app`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'cakes' }])
  await db.app.sql`insert into cakes values (1, 'Opera')`
})

const [partition] = await db.admin.sql<
  { name: string }[]
>`select 'kontor.changes_' || to_char(now() at time zone 'UTC', 'YYYY_MM') as name`

const ATTEMPTS = (table: string) => [
  `update ${table} set actor = 'nobody'`,
  `delete from ${table}`,
  `truncate ${table}`,
]

it.each([
  ...ATTEMPTS('kontor.changes'),
  ...ATTEMPTS(partition!.name),
  'update kontor.seals set count = 0',
  ...ATTEMPTS('kontor.seals').slice(1),
  ...ATTEMPTS('kontor.erasures'),
  `insert into kontor.changes (relation, op) values ('public.cakes', 'insert')`,
  `insert into ${partition!.name} (relation, op) values ('public.cakes', 'insert')`,
  'alter table kontor.changes disable trigger all',
  `alter table ${partition!.name} disable trigger all`,
  'drop table kontor.changes',
  `alter table kontor.changes detach partition ${partition!.name}`,
  "insert into kontor.tracked values ('x', now())",
  'create table kontor.mine (id int)',
])('the application may not: %s', async (statement) => {
  await expect(db.app.sql.unsafe(statement)).rejects.toMatchObject({ code: '42501' })
  await expect(
    db.app.sql.begin(async (tx) => {
      await tx`select set_config('kontor.upkeep', 'on', true)`
      await tx.unsafe(statement)
    }),
  ).rejects.toMatchObject({ code: '42501' })
})

it.each([...ATTEMPTS('kontor.changes'), ...ATTEMPTS(partition!.name), ...ATTEMPTS('kontor.changes_default').slice(2)])(
  'even the superuser is told that the log is append-only: %s',
  async (statement) => {
    await expect(db.admin.sql.unsafe(statement)).rejects.toThrow('is append-only')
    expect(await db.admin.sql`select from kontor.changes where record_id = '1'`).toHaveLength(1)
  },
)

it('a role given rights on the log by mistake is still refused by the trigger', async () => {
  await db.admin.sql`grant all on kontor.changes to kontor_app`
  await expect(
    db.app.sql.begin(async (tx) => {
      await tx`select set_config('kontor.upkeep', 'on', true)`
      await tx`delete from kontor.changes`
    }),
  ).rejects.toThrow('is append-only')
  await db.admin.sql`revoke all on kontor.changes from kontor_app`
  await db.admin.sql`grant select on kontor.changes to kontor_app`
})

it('the application adds months by a function of the owner; again it adds none', async () => {
  const months = async () =>
    (await db.app.sql`select from pg_inherits where inhparent = 'kontor.changes'::regclass`).length
  expect(await months()).toBe(8)
  expect(await db.app.sql`select kontor.add_change_partitions(8)`).toHaveLength(2)
  expect(await db.app.sql`select kontor.add_change_partitions(8)`).toHaveLength(0)
})

it('a writer without any right on the log or the schema is logged', async () => {
  await db.admin.sql`create role stranger login`.catch(() => {})
  await db.admin.sql`grant insert on cakes to stranger`
  await db.admin.sql.begin(async (tx) => {
    await tx`set local session authorization stranger`
    await tx`insert into cakes values (2, 'Sacher')`
  })
  expect(await db.admin.sql`select actor, db_user from kontor.changes where record_id = '2'`).toEqual([
    { actor: 'stranger', db_user: 'stranger' },
  ])
})

it('a trigger function cannot be tricked by the search path or by temporary objects', async () => {
  await db.app.sql.begin(async (tx) => {
    await tx.unsafe(`create temp table changes (id int); create function pg_temp.left(text, int) returns text language sql as $$ select 'forged' $$;
      set local search_path = pg_temp, public`)
    await tx.unsafe(`select set_config('kontor.actor', 'user:1', true); insert into public.cakes values (3, 'Mine')`)
  })
  expect(await db.admin.sql`select actor from kontor.changes where record_id = '3'`).toEqual([{ actor: 'user:1' }])
})

it('no function that runs as the log’s owner is anybody’s to use', async () => {
  const open = await db.admin.sql<{ name: string }[]>`
    select p.proname as name from pg_proc p where p.pronamespace = 'kontor'::regnamespace and p.prosecdef
      and has_function_privilege('public', p.oid, 'EXECUTE')`
  expect(open.map(({ name }) => name)).toEqual([])
  await expect(
    db.app.sql.begin(async (tx) => {
      await tx`create temporary table forged (id int, at timestamptz default now(), actor text, reason text) on commit drop`
      await tx`create trigger forging after insert on forged for each row execute function kontor.log_upkeep()`
    }),
  ).rejects.toMatchObject({ code: '42501' })
})
