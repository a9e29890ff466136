import { sql } from 'drizzle-orm'
import { type AnyPgColumn, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { beforeEach, expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadRecordHistory } from '@/lib/admin/history/load-history'
import { undoChanges } from '@/lib/admin/operations/undo'
import { updateRecord } from '@/lib/admin/operations/update'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table shops (id integer primary key, city text not null, boss text, pin text not null);
  create table cakes (id integer primary key, name text not null unique, price integer, shop_id integer references shops on delete cascade, twin_id integer references cakes);
  create table notes (id integer primary key, body text);
  grant all on all tables in schema public to kontor_app`)
await installTriggers(db.owner.sql, [
  { schema: 'public', name: 'shops', redact: ['pin'] },
  { schema: 'public', name: 'cakes' },
  { schema: 'public', name: 'notes' },
])

const shops = pgTable('shops', {
  id: integer().primaryKey(),
  city: text().notNull(),
  boss: text(),
  pin: text().notNull(),
})
const cakes = pgTable('cakes', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  price: integer(),
  shopId: integer('shop_id').references(() => shops.id, { onDelete: 'cascade' }),
  twinId: integer('twin_id').references((): AnyPgColumn => cakes.id),
})
const notes = pgTable('notes', { id: integer().primaryKey(), body: text() })

type CakeOptions = Parameters<typeof resource<typeof cakes>>[1]
const site = (options: CakeOptions = {}) =>
  createTestAdmin(db.app, {
    schema: { shops, cakes, notes },
    sections: {
      main: section('Main', {}, { shops: resource(shops), cakes: resource(cakes, options), notes: resource(notes) }),
    },
  })

const psql = (statements: string) =>
  db.admin.sql.begin(async (tx) => {
    await tx.unsafe(statements)
    return (await tx<{ tx: string }[]>`select pg_current_xact_id()::text as tx`)[0]!.tx
  })
const rows = (table = 'cakes') => db.admin.sql.unsafe(`select t::text as row from ${table} t order by id`)
const obstacles = (work: Promise<unknown>) =>
  work.then(
    () => [],
    (error) => error.details?.undo?.obstacles ?? error,
  )

beforeEach(async () => {
  await db.admin.sql.unsafe(`truncate shops, cakes, notes;
    insert into shops values (1, 'Paris', 'Ana', '1234'), (2, 'Lyon', null, '9');
    insert into cakes select n, 'cake ' || n, n, 1 + n % 2 from generate_series(1, 40) n`)
})

test('ten thousand rows changed by psql go back with hooks run for each, in a few statements', async () => {
  await db.admin.sql`insert into cakes select n, 'cake ' || n, n, 1 from generate_series(41, 10000) n`
  const before = await rows()
  const tx = await psql(`update cakes set price = price * 2, name = name || '!'`)
  const seen = { before: new Set<number>(), after: new Set<number>() }
  const { ctx } = await site({
    hooks: {
      beforeUpdate: (_, changeset, cake) => {
        expect(changeset.values.price).toBe(cake.price! / 2)
        seen.before.add(cake.id)
      },
      afterSave: (_, cake) => {
        seen.after.add(cake.id)
      },
    },
  })
  const statements = await statementsOf(async () => {
    expect(await undoChanges({ ctx }, { tx })).toMatchObject({ undone: 10_000, removed: [] })
  })
  expect(statements).toBeLessThan(200)
  expect(seen.before.size).toBe(10_000)
  expect(seen.after.size).toBe(10_000)
  expect(await rows()).toEqual(before)
  const links = await db.admin.sql`select u.record_id = c.record_id and cardinality(u.undoes) = 1 as good, count(*)::int
    from kontor.changes u join kontor.changes c on c.id = u.undoes[1] where c.tx = ${tx}::xid8 group by 1`
  expect([...links]).toEqual([{ good: true, count: 10_000 }])
})

/** How many transactions' worth of statements the database saw, by the log's own clock: statements that wrote. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const [{ id } = { id: '0' }] = await db.admin.sql<{ id: string }[]>`select max(id)::text as id from kontor.changes`
  await work()
  const [row] = await db.admin.sql<{ n: number }[]>`
    select count(distinct at)::int as n from kontor.changes where changes.id > ${id}`
  return row!.n
}

test('a hook that changes a value, and one that turns one record down, hold for a set as for one', async () => {
  const tx = await psql('update cakes set price = price + 100')
  const { ctx } = await site({
    hooks: {
      beforeSave: (_, changeset) => {
        if (changeset.values.price === 7) changeset.values.price = 700
      },
    },
  })
  await undoChanges({ ctx }, { tx })
  expect(
    (await db.admin.sql`select price from cakes where id in (6, 7) order by id`).map(({ price }) => price),
  ).toEqual([6, 700])
  const again = await psql('update cakes set price = price + 100')
  const strict = await site({
    hooks: { beforeUpdate: (inside, _, cake) => (cake.id === 33 ? inside.reject('Not 33.') : undefined) },
  })
  const before = await rows()
  await expect(undoChanges({ ctx: strict.ctx }, { tx: again })).rejects.toMatchObject({ message: 'Not 33.' })
  expect(await rows()).toEqual(before)
})

test('hooks that use the transaction see the records written one by one', async () => {
  const tx = await psql('update cakes set price = price + 100')
  const counts: number[] = []
  const { ctx } = await site({
    hooks: {
      beforeUpdate: async (inside) => {
        const [row] = await inside.tx.execute<{ n: number }>('select count(*)::int as n from cakes where price < 100')
        counts.push(row!.n)
      },
      afterUpdate: async (inside, cake) => {
        await inside.create('main/notes', { id: cake.id, body: `undone ${cake.name}` })
      },
    },
  })
  await undoChanges({ ctx }, { tx })
  expect(counts).toEqual(Array.from({ length: 40 }, (_, at) => at))
  expect(await rows('notes')).toHaveLength(40)
})

test('unique values that changed hands come back, whatever the order', async () => {
  const before = await rows()
  const swap = `update cakes set name = 'x' where id = 1; update cakes set name = 'cake 1' where id = 2; update cakes set name = 'cake 2' where id = 1;`
  await undoChanges(
    { ctx: (await site()).ctx },
    {
      tx: await psql(`${swap} update cakes set name = 'y' where id = 3; update cakes set name = 'cake 3' where id = 4`),
    },
  ).catch((error) => expect(error.code).toMatch(/invalid|conflict/))
  await db.admin.sql.unsafe(`truncate cakes`)
  await db.admin.sql`insert into cakes select n, 'cake ' || n, n, 1 + n % 2 from generate_series(1, 40) n`
  const shift = await psql(
    `update cakes set name = 'last' where id = 40; update cakes set name = 'cake 40' where id = 39; update cakes set name = 'cake 39' where id = 38`,
  )
  await undoChanges({ ctx: (await site()).ctx }, { tx: shift })
  expect(await rows()).toEqual(before)
})

test('a parent comes back before its children and its twins, and asks for what the log was not told', async () => {
  await db.admin.sql`update cakes set twin_id = id + 2 where id < 30`
  const before = await rows()
  const tx = await psql('delete from shops where id = 1')
  const { ctx } = await site()
  expect(await obstacles(undoChanges({ ctx }, { tx }))).toMatchObject([
    { record: 'Paris', label: 'Pin', choice: 'give', key: 'public.shops 1 pin' },
  ])
  await undoChanges({ ctx }, { tx, given: { 'public.shops 1 pin': '4321' } })
  expect(await rows()).toEqual(before)
  expect((await db.admin.sql`select city, boss, pin from shops where id = 1`)[0]).toEqual({
    city: 'Paris',
    boss: 'Ana',
    pin: '4321',
  })
})

test('records in the way can be left out, with what depends on them, and the rest is undone', async () => {
  const { ctx } = await site()
  const [before] = await db.admin.sql`select * from cakes where id = 1`
  const tx = await psql('update cakes set price = 0 where shop_id = 2; delete from shops where id = 1')
  await db.admin.sql`insert into cakes values (2, 'new two', 1, 2)`
  await db.admin.sql`update cakes set price = 5 where id = 3`
  const told = await obstacles(undoChanges({ ctx }, { tx }))
  // The shop lacks its pin, cake 3 was changed again, cake 2 came again.
  expect(told.map(({ choice }: { choice: string }) => choice).sort()).toEqual(['give', 'leaveOut', 'overrule'])
  // Without their shop its cakes cannot come back as they were: they are left out too.
  await undoChanges({ ctx }, { tx, leaveOut: true })
  expect((await db.admin.sql`select * from cakes where id = 1`)[0]).toEqual(before)
  expect((await db.admin.sql`select price from cakes where id = 3`)[0]).toEqual({ price: 5 })
  expect((await db.admin.sql`select name from cakes where id = 2`)[0]).toEqual({ name: 'new two' })
  expect(await db.admin.sql`select from shops where id = 1`).toHaveLength(0)
})

test('a record deleted since, come again, or held by others is refused with the reason and can be left out', async () => {
  const { ctx } = await site()
  const changed = await psql('update cakes set price = 0 where id in (5, 6)')
  await db.admin.sql`delete from cakes where id = 5`
  expect(await obstacles(undoChanges({ ctx }, { tx: changed }))).toMatchObject([
    { choice: 'leaveOut', reason: expect.stringContaining('deleted') },
  ])
  await undoChanges({ ctx }, { tx: changed, leaveOut: true })
  expect((await db.admin.sql`select price from cakes where id = 6`)[0]).toEqual({ price: 6 })
  const deleted = await psql('delete from cakes where id = 8')
  await db.admin.sql`insert into cakes values (8, 'other')`
  expect(await obstacles(undoChanges({ ctx }, { tx: deleted }))).toMatchObject([
    { choice: 'leaveOut', reason: expect.stringContaining('key') },
  ])
  const created = await psql(`insert into shops values (3, 'Nice', null, '1')`)
  await db.admin.sql`update cakes set shop_id = 3 where id = 9`
  expect(await obstacles(undoChanges({ ctx }, { tx: created }))).toMatchObject([
    {
      record: expect.any(String),
      choice: 'leaveOut',
      reason: expect.stringContaining('point'),
      others: {
        sentence: 'By now {} refers to it.',
        records: [{ title: 'cake 9', href: '/admin/main/cakes/9' }],
        hasMore: false,
      },
    },
  ])
  await db.admin.sql`update cakes set shop_id = 3 where id > 30`
  expect(await obstacles(undoChanges({ ctx }, { tx: created }))).toMatchObject([
    { others: { sentence: 'By now {} refer to it.', hasMore: true } },
  ])
  expect(await db.admin.sql`select from shops where id = 3`).toHaveLength(1)
})

test('a unique value that is taken by now: the rest of the record comes back', async () => {
  const { ctx } = await site()
  const tx = await psql(`update cakes set name = 'free', price = 0 where id = 1`)
  await db.admin.sql`insert into cakes values (50, 'cake 1')`
  expect(await obstacles(undoChanges({ ctx }, { tx }))).toMatchObject([
    { record: 'free', label: 'Name', choice: 'overrule', others: { records: [{ title: 'cake 1' }] } },
  ])
  // Who has it is told only to those who may open that record.
  const secretive = await site({ scope: () => sql`${cakes.id} < 50` })
  const [told] = await obstacles(undoChanges({ ctx: secretive.ctx }, { tx }))
  expect(told).toMatchObject({ reason: expect.stringContaining('Another record has this value') })
  expect(told).not.toHaveProperty('others')
  await undoChanges({ ctx }, { tx, overrule: true })
  expect((await db.admin.sql`select name, price from cakes where id = 1`)[0]).toEqual({ name: 'free', price: 1 })
})

test('a record outside the person’s scope neither goes back nor comes back', async () => {
  const { as } = await site({ scope: (ctx) => (ctx.user.role === 'owner' ? undefined : sql`shop_id = 1`) })
  const ctx = await as(EDITOR)
  const changed = await psql('update cakes set price = 0 where shop_id = 2')
  await expect(undoChanges({ ctx }, { tx: changed })).rejects.toMatchObject({ code: 'forbidden' })
  const deleted = await psql('delete from cakes where shop_id = 2')
  await expect(undoChanges({ ctx }, { tx: deleted })).rejects.toMatchObject({ code: 'forbidden' })
  expect(await db.admin.sql`select from cakes where shop_id = 2`).toHaveLength(0)
})

test('a change nobody knows, and one that is undone already, are refused with what to do', async () => {
  const { ctx } = await site()
  await expect(undoChanges({ ctx }, { ids: ['999999999'] })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('not in the history'),
  })
  await expect(undoChanges({ ctx }, { tx: '1' })).rejects.toMatchObject({ code: 'not_found' })
  const tx = await psql('update cakes set price = 0 where id = 1')
  await undoChanges({ ctx }, { tx })
  // Done again since: the first change is still undone, and its second time is another change.
  await psql('update cakes set price = 0 where id = 1')
  await expect(undoChanges({ ctx }, { tx })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('already'),
  })
})

test('a row of ten megabytes comes back without the value the log had no room for, if one says so', async () => {
  const { ctx } = await site()
  await db.admin.sql`insert into notes values (1, repeat('0123456789', 1000000))`
  const tx = await psql('delete from notes')
  expect(await obstacles(undoChanges({ ctx }, { tx }))).toMatchObject([
    { label: 'Body', choice: 'overrule', reason: expect.stringContaining('too large') },
  ])
  expect(await rows('notes')).toHaveLength(0)
  await undoChanges({ ctx }, { tx, overrule: true })
  expect(await db.admin.sql`select id, body from notes`).toEqual([{ id: 1, body: null }])
})

test('a column dropped since is left out, if one says so', async () => {
  await db.owner.sql`alter table notes add column extra text`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'notes' }])
  await db.admin.sql`insert into notes values (1, 'kept', 'lost')`
  const { ctx } = await site()
  const updated = await psql(`update notes set extra = 'changed'`)
  const tx = await psql('delete from notes')
  // There, but no field of this admin.
  expect(await obstacles(undoChanges({ ctx }, { tx }))).toMatchObject([{ label: 'extra', choice: 'overrule' }])
  await db.owner.sql`alter table notes drop column extra`
  expect(await obstacles(undoChanges({ ctx }, { tx }))).toMatchObject([
    { label: 'extra', choice: 'overrule', reason: expect.stringContaining('no longer exists') },
  ])
  await undoChanges({ ctx }, { tx, overrule: true })
  expect(await db.admin.sql`select id, body from notes`).toEqual([{ id: 1, body: 'kept' }])
  // Where nothing else was changed there is nothing left to choose.
  expect(await obstacles(undoChanges({ ctx }, { tx: updated }))).toMatchObject([
    { label: 'extra', choice: 'leaveOut', reason: expect.stringContaining('no longer exists') },
  ])
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'notes' }])
})

test('the moment of the last update is in nobody’s way, and set by the undo itself', async () => {
  await db.owner.sql.unsafe(`create table pies (id integer primary key, name text, size integer, updated_at timestamptz);
    grant all on pies to kontor_app; insert into pies values (1, 'Apple', 1, '2020-01-01')`)
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'pies' }])
  const pies = pgTable('pies', {
    id: integer().primaryKey(),
    name: text(),
    size: integer(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).$onUpdateFn(() => new Date()),
  })
  const { ctx, of } = await createTestAdmin(db.app, {
    schema: { pies },
    sections: { main: section('Main', {}, { pies: resource(pies) }) },
  })
  await updateRecord({ ctx }, of(pies), '1', { values: { name: 'Pear' } })
  const [{ tx } = { tx: '' }] = await db.admin.sql<{ tx: string }[]>`
    select tx::text from kontor.changes where relation = 'public.pies' order by id desc limit 1`
  await updateRecord({ ctx }, of(pies), '1', { values: { size: '2' } })
  const [before] = await db.admin.sql<{ at: string }[]>`select updated_at::text as at from pies`
  await undoChanges({ ctx }, { tx })
  const [after] = await db.admin.sql`select name, size, updated_at >= ${before!.at}::timestamptz as touched from pies`
  expect(after).toEqual({ name: 'Apple', size: 2, touched: true })
  const { changes } = await loadRecordHistory(ctx, of(pies), '1')
  expect(changes[0]?.fields.map(({ label }) => label)).toEqual(['Name'])
})
