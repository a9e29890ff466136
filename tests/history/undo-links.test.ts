import { beforeAll, expect, it } from 'vitest'
import { undoneBy, undoPlan } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()
const { orm } = db.app

beforeAll(async () => {
  await db.owner.sql.unsafe(`
    create table cakes (id int primary key, name text, price numeric, due timestamptz);
    create table versioned (id int primary key, name text, version int not null default 0, writer text);
    create function advance() returns trigger language plpgsql as $$ begin
      new.version := coalesce(old.version, 100) + 1; new.writer := 'writer ' || new.version; return new; end $$;
    create trigger versioned_advance before insert or update on versioned for each row execute function advance();
    create table stamped (id int primary key, name text, written timestamptz default now(), locally timestamp default now());
    create function stamp() returns trigger language plpgsql as $$ begin
      new.written := clock_timestamp(); new.locally := clock_timestamp() at time zone 'Asia/Tokyo'; return new; end $$;
    create trigger stamped_written before insert or update on stamped for each row execute function stamp();
    grant all on all tables in schema public to kontor_app`)
  await installTriggers(
    db.owner.sql,
    ['cakes', 'stamped', 'versioned'].map((name) => ({ schema: 'public', name })),
  )
})

/** Runs a statement in a transaction, with a claim to undo where one is made, and returns the newest change. */
const change = (statement: string, undoes?: Record<string, Record<string, string>>) =>
  db.admin.sql.begin(async (tx) => {
    if (undoes) await tx`select set_config('kontor.undoes', ${JSON.stringify(undoes)}, true)`
    await tx.unsafe(statement)
    const [row] = await tx<
      { id: string }[]
    >`select c.id::text as id from kontor.changes as c order by c.id desc limit 1`
    return row!.id
  })
const claim = (table: string, record: string, ids: string) => ({ [`public.${table}`]: { [record]: ids } })
const isUndone = async (id: string) => (await undoneBy(orm, [id])).has(id)

it('a claim counts only where the change put back what it says it undid', async () => {
  await change(`insert into cakes values (1, 'Rye', 10, '2026-01-01'), (2, 'Bun', 1, null)`)
  const cut = await change(`update cakes set price = 5, name = 'Cut' where id = 1`)
  const future = `${BigInt(cut) + 4n}`
  for (const [statement, record] of [
    [`update cakes set due = now() where id = 1`, '1'], // something else
    [`update cakes set price = 3 where id = 1`, '1'], // the column, another value
    [`update cakes set name = 'Rye' where id = 1`, '1'], // one of two columns
    [`update cakes set price = 10, name = 'Rye' where id = 2`, '2'], // another record
  ] as const) {
    await change(statement, claim('cakes', record, `${cut},${future}`))
    expect(await isUndone(cut)).toBe(false)
  }
  expect(await isUndone(future)).toBe(false)
  // What is as it was is no conflict; what is not is asked about, and undone.
  const plan = await undoPlan(orm, { ids: [cut] })
  expect(plan).toMatchObject({ undone: [], steps: [{ values: { price: '10' }, conflicts: [{ column: 'price' }] }] })
  await take(db, plan)
  expect(await db.admin.sql`select name, price from cakes where id = 1`).toEqual([{ name: 'Rye', price: '10' }])
})

it('a real undo counts, by whoever took it, and so does its undo', async () => {
  await change(`insert into cakes values (3, 'a', 1, null)`)
  const [up, more] = [
    await change('update cakes set price = 2 where id = 3'),
    await change('update cakes set price = 3 where id = 3'),
  ]
  const back = await change('update cakes set price = 1 where id = 3', claim('cakes', '3', `${up},${more}`))
  expect([...(await undoneBy(orm, [up, more]))]).toEqual([
    [up, back],
    [more, back],
  ])
  await change('update cakes set price = 9 where id = 3', claim('cakes', '3', back))
  expect(await isUndone(up)).toBe(true)
  await change('update cakes set price = 1 where id = 3')
  await change('update cakes set price = 3 where id = 3', claim('cakes', '3', back))
  expect(await isUndone(up)).toBe(false)
  const gone = await change('delete from cakes where id = 3')
  await change(`insert into cakes values (3, 'forged', 3, null)`, claim('cakes', '3', gone))
  expect(await isUndone(gone)).toBe(false)
  await change('delete from cakes where id = 3')
  await take(db, await undoPlan(orm, { ids: [gone] }))
  expect(await isUndone(gone)).toBe(true)
})

it('claims that name each other hide nothing and end', async () => {
  await change(`insert into cakes values (4, 'a', 1, null)`)
  const first = await change('update cakes set price = 2 where id = 4')
  const [second, third] = [1n, 2n].map((more) => `${BigInt(first) + more}`) as [string, string]
  expect(
    await change('update cakes set price = 1 where id = 4', claim('cakes', '4', `${first},${second},${third}`)),
  ).toBe(second)
  expect(await change('update cakes set price = 2 where id = 4', claim('cakes', '4', `${second},${third}`))).toBe(third)
  expect(await isUndone(first)).toBe(false)
})

it('an undo counts though the table says by itself when a row was written', async () => {
  await change(`insert into stamped (id, name) values (1, 'a')`)
  const renamed = await change(`update stamped set name = 'b' where id = 1`)
  await take(db, await undoPlan(orm, { ids: [renamed] }))
  expect(await isUndone(renamed)).toBe(true)
  const gone = await change('delete from stamped where id = 1')
  await take(db, await undoPlan(orm, { ids: [gone] }))
  expect(await isUndone(gone)).toBe(true)
  const again = await change(`update stamped set name = 'c' where id = 1`)
  await change(`update stamped set name = 'd' where id = 1`, claim('stamped', '1', again))
  expect(await isUndone(again)).toBe(false)
})

it('an undo by the site counts though hooks and triggers changed its values, a claim of another role does not', async () => {
  await change(`insert into versioned (id, name) values (1, 'a')`)
  const renamed = await change(`update versioned set name = 'b' where id = 1`)
  await change(`update versioned set name = 'a' where id = 1`, claim('versioned', '1', renamed))
  expect(await isUndone(renamed)).toBe(false)
  await change(`update versioned set name = 'b' where id = 1`)
  const again = await change(`update versioned set name = 'c' where id = 1`)
  const undo = async (id: string) => {
    await take(db, await undoPlan(orm, { ids: [id] }))
    return (await db.admin.sql`select max(id)::text as id from kontor.changes`)[0]!.id as string
  }
  const undone = await undo(again)
  expect(await isUndone(again)).toBe(true)
  // And what was redone can be undone once more.
  const redone = await undo(undone)
  expect([await isUndone(again), await isUndone(undone)]).toEqual([false, true])
  expect(await db.admin.sql`select name from versioned`).toEqual([{ name: 'c' }])
  await undo(redone)
  expect(await isUndone(again)).toBe(true)
  const gone = await change('delete from versioned where id = 1')
  await undo(gone)
  expect(await isUndone(gone)).toBe(true)
  // What it left out is still to be undone.
  await change(`insert into cakes values (9, 'a', 1, null)`)
  const both = await change(`update cakes set name = 'b', price = 2 where id = 9`)
  const plan = await undoPlan(orm, { ids: [both] })
  await take(db, { ...plan, steps: plan.steps.map((step) => ({ ...step, values: { name: 'a' } })) })
  expect(await isUndone(both)).toBe(false)
  expect((await undoPlan(orm, { ids: [both] })).steps).toMatchObject([{ values: { price: '1' } }])
})
