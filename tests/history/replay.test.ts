import { beforeAll, expect, it } from 'vitest'
import { sealChanges, undoChunk, undoPlan } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { verifyHistory } from '@/lib/history/verify'
import { createTestDatabase } from '@/tests/support/database'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()
const WRITERS = 8
const CHANGES = 10_000

/** The same random numbers in every run. */
function random(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

const TABLES = ['accounts', 'entries', 'events'] as const

beforeAll(async () => {
  await db.owner.sql.unsafe(`
    create table accounts (id int primary key, name text, balance numeric, password text, data jsonb);
    create table entries (id int primary key, account_id int references accounts on delete cascade, ratio float8, tags text[]);
    create table events (id int, day date, note text, primary key (id, day)) partition by range (day);
    create table events_1 partition of events for values from ('2026-01-01') to ('2026-01-16');
    create table events_2 partition of events for values from ('2026-01-16') to ('2026-02-01')`)
  await db.owner.sql`grant all on all tables in schema public to kontor_app`
  await installTriggers(
    db.owner.sql,
    TABLES.map((name) => ({ schema: 'public', name, redact: name === 'accounts' ? ['password'] : [] })),
  )
})

/** One random statement; ids collide on purpose. */
function statement(next: (below: number) => number): string {
  const id = next(60)
  const day = `2026-01-${String(1 + next(30)).padStart(2, '0')}`
  const choices = [
    `insert into accounts values (${id}, 'n${next(99)}', ${next(999)}.${next(9)}0, 'secret${next(9)}', '{"v": ${next(9)}.0}') on conflict (id) do update set balance = accounts.balance + 1`,
    `update accounts set balance = balance - ${next(5)}, password = 'p${next(3)}' where id between ${id} and ${id + next(6)}`,
    `update accounts set name = case when id % 2 = 0 then name else 'x${next(9)}' end, data = null where id > ${40 + next(20)}`,
    `delete from accounts where id = ${id}`,
    `insert into entries select i, (select id from accounts order by id offset ${next(10)} limit 1), ${next(7)} / 3.0, array['a', null, '${next(9)}'] from generate_series(${id}, ${id + 2}) i on conflict do nothing`,
    `update entries set ratio = 'NaN', tags = tags || 'b'::text where id = ${id}`,
    `update entries set id = ${100 + next(900)} where id = ${id} and not exists (select from entries where id > 90)`,
    `delete from entries where id % 10 = ${next(10)}`,
    `insert into events values (${id}, '${day}', 'e') on conflict do nothing`,
    `update events set day = '${day}', note = note || 'm' where id = ${id} and (select count(*) from events where id = ${id}) = 1`,
    `update events_1 set note = left(note || '${next(9)}', 20) where id between ${id} and ${id + 5}`,
    `delete from events where id = ${id}`,
  ]
  return choices[next(choices.length)]!
}

const logSize = async () =>
  (
    await db.admin.sql<{ n: number }[]>`select count(*)::int as n from kontor.changes where relation like 'public.%'`
  )[0]!.n

async function writer(seed: number): Promise<void> {
  const next = random(seed)
  const connection = await db.app.sql.reserve()
  for (let i = 1; i % 50 !== 0 || (await logSize()) < CHANGES; i++) {
    try {
      await connection`begin`
      await connection.unsafe(statement(next))
      if (next(4) === 0) {
        await connection`savepoint s`
        await connection.unsafe(statement(next))
        if (next(2) === 0) await connection`rollback to savepoint s`
      }
      await connection.unsafe(statement(next))
      await connection.unsafe(next(10) === 0 ? 'rollback' : 'commit')
    } catch (error) {
      // Eight at once: deadlocks, broken references and taken keys are part of it.
      await connection`rollback`
      if (!/^(40P01|23)/.test((error as { code: string }).code)) throw error
    }
  }
  connection.release()
}

const KEYS = { accounts: ['id'], entries: ['id'], events: ['id', 'day'] }

/** What a reader who applies the log from empty ends up with: texts by column, in the order of ids. */
async function replayed(): Promise<Record<string, Map<string, Record<string, unknown>>>> {
  const tables = Object.fromEntries(
    TABLES.map((name) => [`public.${name}`, new Map<string, Record<string, unknown>>()]),
  )
  const changes = await db.admin.sql<
    { relation: string; record_id: string; op: string; after: Record<string, unknown> }[]
  >`
    select relation, record_id, op, (select jsonb_object_agg(key, to_jsonb(value #>> '{}')) from jsonb_each(after)) as after
    from kontor.changes where relation like 'public.%' order by id`
  for (const { relation, record_id, op, after } of changes) {
    const table = tables[relation]!
    if (op === 'delete') expect(table.delete(record_id)).toBe(true)
    else if (op === 'insert') {
      expect(table.has(record_id)).toBe(false)
      table.set(record_id, after)
    } else table.set(record_id, { ...table.get(record_id), ...after })
  }
  return tables
}

/** The same of the tables themselves. */
async function present() {
  const tables: Record<string, Map<string, Record<string, unknown>>> = {}
  for (const name of TABLES) {
    const columns = await db.admin.sql<
      { name: string }[]
    >`select attname as name from pg_attribute where attrelid = ${name}::regclass and attnum > 0`
    const fields = columns
      .filter(({ name: column }) => column !== 'password')
      .map(({ name: column }) => `'${column}', ${column}::text`)
    const rows = await db.admin.sql.unsafe<{ id: string; row: Record<string, unknown> }[]>(
      `select concat_ws(',', ${KEYS[name].join(', ')}) as id, jsonb_build_object(${fields.join(', ')}) as row from ${name}`,
    )
    tables[`public.${name}`] = new Map(rows.map(({ id, row }) => [id, row]))
  }
  return tables
}

const sorted = (tables: Record<string, Map<string, unknown>>) =>
  Object.entries(tables).map(([name, rows]) => [name, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))])

it('the log of 10,000 random changes by eight writers, replayed from empty, is the tables', async () => {
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => writer(i + 1)))
  expect(await logSize()).toBeGreaterThanOrEqual(CHANGES)
  expect(sorted(await replayed())).toEqual(sorted(await present()))
  const secrets = await db.admin.sql`select from kontor.changes c where c::text like '%secret%'`
  expect(secrets).toHaveLength(0)
}, 180_000)

it('and verifies', async () => {
  while ((await sealChanges(db.app.orm)) > 0);
  expect(await verifyHistory(db.app.sql)).toMatchObject({ findings: [], unsealed: 0 })
}, 60_000)

it('every undo in reverse order ends at the start', async () => {
  const [end] = await db.admin.sql<{ id: string }[]>`select (max(id) + 1)::text as id from kontor.changes`
  const everything = { filter: { relations: TABLES.map((name) => `public.${name}`) } }
  for (let next: string | null = end!.id; next; ) {
    const chunk = await undoChunk(db.app.orm, everything, next, 500)
    const plan = await undoPlan(db.app.orm, { ids: chunk.ids })
    expect(plan.steps.flatMap(({ conflicts, blockers }) => [...conflicts, ...blockers])).toEqual([])
    await take(db, plan, { 'public.events': ['id', 'day'] })
    next = chunk.next
  }
  for (const rows of Object.values(await present())) expect(rows.size).toBe(0)
}, 240_000)
