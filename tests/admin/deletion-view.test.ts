import { sql } from 'drizzle-orm'
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadDeletionView } from '@/lib/admin/deletion-view'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table people (id integer primary key, name text not null, boss_id integer references people);
  create table orders (id integer primary key, region text, person_id integer not null references people on delete cascade);
  create table notes (id integer primary key, person_id integer references people on delete set null);
  create table cars (id integer primary key, person_id integer references people on delete restrict);
  create table teams (id integer primary key, name text not null);
  create table memberships (person_id integer references people on delete cascade, team_id integer references teams,
    primary key (person_id, team_id));
  create table order_lines (id integer primary key, order_id integer references orders on delete cascade,
    person_id integer references people);
  create table parcels (id integer primary key, order_id integer references orders on delete set null);
  create table remarks (id integer primary key, line_id integer references order_lines on delete cascade);
  create table refunds (id integer primary key, line_id integer references order_lines);
  create table folders (id integer primary key, parent_id integer references folders on delete cascade);
  create table unknown_to_the_config (person_id integer references people);
  grant all on all tables in schema public to kontor_app;`)

const people = pgTable('people', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  bossId: integer('boss_id'),
})
const personId = () => integer('person_id').references(() => people.id)
const orders = pgTable('orders', {
  id: integer('id').primaryKey(),
  region: text('region'),
  personId: personId().notNull(),
})
const notes = pgTable('notes', { id: integer('id').primaryKey(), personId: personId() })
const cars = pgTable('cars', { id: integer('id').primaryKey(), personId: personId() })
const orderLines = pgTable('order_lines', { id: integer('id').primaryKey() })
const parcels = pgTable('parcels', { id: integer('id').primaryKey() })
const remarks = pgTable('remarks', { id: integer('id').primaryKey() })
const refunds = pgTable('refunds', { id: integer('id').primaryKey() })
const folders = pgTable('folders', { id: integer('id').primaryKey() })
const teams = pgTable('teams', { id: integer('id').primaryKey(), name: text('name').notNull() })
const memberships = pgTable(
  'memberships',
  { personId: personId(), teamId: integer('team_id').references(() => teams.id) },
  (table) => [primaryKey({ columns: [table.personId, table.teamId] })],
)

const site = (
  options: Parameters<typeof resource<typeof orders>>[1] = {},
  own: Parameters<typeof resource<typeof people>>[1] = {},
) =>
  createTestAdmin(db.app, {
    schema: { people, orders, notes, cars, teams, memberships },
    sections: {
      main: section(
        'Main',
        {},
        {
          people: resource(people, own),
          orders: resource(orders, options),
          notes: resource(notes),
          cars: resource(cars),
          teams: resource(teams),
          orderLines: resource(orderLines),
          parcels: resource(parcels),
          remarks: resource(remarks),
          refunds: resource(refunds),
          folders: resource(folders),
        },
      ),
    },
  })

beforeEach(async () => {
  await db.owner.sql`truncate people, orders, notes, cars, teams, memberships, unknown_to_the_config,
    order_lines, parcels, remarks, refunds, folders`
  await db.owner.sql`insert into people values (1, 'Ada', 1), (2, 'Bob', null)`
})

describe('the question before a deletion', () => {
  it('names nothing where nothing refers to the record but itself', async () => {
    const { ctx, of } = await site()
    expect(await loadDeletionView(ctx, of(people), ['1'])).toEqual({ goes: [], stays: [], blocks: [] })
  })

  it('counts what goes, what stays and what holds on, by what the foreign keys of the database do', async () => {
    await db.owner.sql`insert into orders select n, 'north', 1 from generate_series(1, 3) as n`
    await db.owner.sql`insert into notes values (1, 1)`
    await db.owner.sql`insert into cars values (1, 1), (2, 1), (3, 2)`
    await db.owner.sql`insert into teams values (1, 'Red'), (2, 'Blue')`
    await db.owner.sql`insert into memberships values (1, 1), (1, 2)`
    await db.owner.sql`insert into unknown_to_the_config values (1)`
    await db.owner.sql`update people set boss_id = 1 where id = 2`
    const { ctx, of } = await site()
    expect(await loadDeletionView(ctx, of(people), ['1'])).toEqual({
      goes: ['2 links to teams', '3 orders'],
      stays: ['1 note'],
      blocks: ['2 cars', '1 person', 'other records'],
    })
  })

  it('counts to a hundred', async () => {
    await db.owner.sql`insert into orders select n, 'north', 1 from generate_series(1, 101) as n`
    const { ctx, of } = await site()
    expect((await loadDeletionView(ctx, of(people), ['1'])).goes).toEqual(['more than 100 orders'])
  })

  it('counts only what the person may see, and says that there are others', async () => {
    await db.owner.sql`insert into orders values (1, 'north', 1), (2, 'south', 1), (3, 'south', 2)`
    const north = await site({ authorize: () => sql`${orders.region} = 'north'` })
    expect((await loadDeletionView(north.ctx, north.of(people), ['1'])).goes).toEqual(['1 order', 'other records'])
    expect((await loadDeletionView(north.ctx, north.of(people), ['2'])).goes).toEqual(['other records'])
    const none = await site({ authorize: (ctx) => ctx.user.role === 'owner' })
    expect((await loadDeletionView(await none.as(EDITOR), none.of(people), ['1'])).goes).toEqual(['other records'])
  })

  it('follows what goes to what refers to that, and counts each record once', async () => {
    await db.owner.sql`insert into orders values (1, 'north', 1), (2, 'north', 1), (3, 'north', 2)`
    await db.owner.sql`insert into order_lines values (1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 3, 2)`
    await db.owner.sql`insert into parcels values (1, 1), (2, 3), (3, null)`
    await db.owner.sql`insert into remarks values (1, 1), (2, 2), (3, 4)`
    await db.owner.sql`insert into refunds values (1, 3)`
    const { ctx, of } = await site()
    expect(await loadDeletionView(ctx, of(people), ['1'])).toEqual({
      goes: ['2 orders', '3 order lines', '2 remarks'],
      stays: ['1 parcel'],
      blocks: [],
      blocksBelow: ['1 refund'],
    })
    await db.owner.sql`truncate refunds`
    // Each of them holds on to the other's; both go.
    expect(await loadDeletionView(ctx, of(people), ['1', '2', '1'])).toEqual({
      goes: ['3 orders', '4 order lines', '3 remarks'],
      stays: ['2 parcels'],
      blocks: [],
    })
  })

  it('counts below more than it follows with "at least", and stops where it is deep', async () => {
    await db.owner.sql`insert into orders select n, 'north', 1 from generate_series(1, 1500) as n`
    await db.owner.sql`insert into order_lines select n, n, null from generate_series(1, 20) as n`
    const { ctx, of } = await site()
    const { goes } = await loadDeletionView(ctx, of(people), ['1'])
    expect(goes[0]).toBe('more than 100 orders')
    expect(goes[1]).toMatch(/^at least \d+ order lines?$/)
    await db.owner.sql`insert into folders select n, nullif(n - 1, 0) from generate_series(1, 9) as n`
    expect(await loadDeletionView(ctx, of(folders), ['1'])).toEqual({
      goes: ['5 folders'],
      stays: [],
      blocks: [],
      isCut: true,
    })
    expect(await loadDeletionView(ctx, of(folders), ['5'])).toEqual({ goes: ['4 folders'], stays: [], blocks: [] })
  })

  it('asks about so many foreign keys and no more, whichever table they point at', async () => {
    const shelves = Array.from({ length: 60 }, (_, at) => `create table box_${at} (shelf_id int references shelf_a)`)
    await db.owner.sql.unsafe(`
      create table depots (id int primary key);
      create table shelf_a (id int primary key, depot_id int references depots on delete cascade);
      create table shelf_b (id int primary key, depot_id int references depots on delete cascade);
      ${shelves.join(';')};
      create table held (shelf_id int references shelf_b);
      insert into depots values (1); insert into shelf_a values (1, 1); insert into shelf_b values (1, 1);
      insert into held values (1);
      grant select on all tables in schema public to kontor_app`)
    const depots = pgTable('depots', { id: integer('id').primaryKey() })
    const { ctx, of } = await createTestAdmin(db.app, {
      schema: { depots },
      sections: { main: section('Main', {}, { depots: resource(depots) }) },
    })
    const view = await loadDeletionView(ctx, of(depots), ['1'])
    expect(view).toEqual({ goes: ['other records'], stays: [], blocks: [], isCut: true })
  })

  it('lets records that go together refer to each other', async () => {
    await db.owner.sql`update people set boss_id = 1 where id = 2`
    const { ctx, of } = await site()
    expect((await loadDeletionView(ctx, of(people), ['1'])).blocks).toEqual(['1 person'])
    expect((await loadDeletionView(ctx, of(people), ['2', '1'])).blocks).toEqual([])
  })

  it('is answered to nobody who may not delete the record', async () => {
    const { ctx, of } = await site({}, { authorize: (_, operation) => operation !== 'delete' })
    await expect(loadDeletionView(ctx, of(people), ['1'])).rejects.toMatchObject({ code: 'forbidden' })
    await expect(loadDeletionView(ctx, of(people), ['9'])).rejects.toMatchObject({ code: 'forbidden' })
  })
})
