import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { travel } from '@/lib/admin/time-travel/travel'
import { installTriggers } from '@/lib/history'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table people (id int primary key, name text not null);
  create table places (id int primary key, name text not null);
  create table people_places (person_id int references people, place_id int references places, primary key (person_id, place_id));
  grant all on all tables in schema public to kontor_app`)
await installTriggers(
  db.owner.sql,
  ['people', 'places', 'people_places'].map((name) => ({ schema: 'public', name })),
)

const people = pgTable('people', { id: integer('id').primaryKey(), name: text('name').notNull() })
const places = pgTable('places', { id: integer('id').primaryKey(), name: text('name').notNull() })
const peoplePlaces = pgTable(
  'people_places',
  {
    personId: integer('person_id').references(() => people.id),
    placeId: integer('place_id').references(() => places.id),
  },
  (t) => [primaryKey({ columns: [t.personId, t.placeId] })],
)

test('a table of nothing but its key is listed as of a moment, sorted, filtered and searched', async () => {
  await db.admin.sql`insert into people values (1, 'Ada'), (2, 'Bob')`
  await db.admin.sql`insert into places values (1, 'Paris'), (2, 'Lyon')`
  await db.admin.sql`insert into people_places values (1, 1), (1, 2), (2, 1)`
  const [{ at }] = (await db.admin.sql`select clock_timestamp()::text as at`) as unknown as [{ at: string }]
  await db.admin.sql`delete from people_places where place_id = 1`
  await db.admin.sql`update people_places set person_id = 2`
  const { ctx, of } = await createTestAdmin(db.app, {
    schema: { people, places, peoplePlaces },
    sections: {
      main: section(
        'Main',
        {},
        {
          people: resource(people),
          places: resource(places),
          peoplePlaces: resource(peoplePlaces, { list: { search: ['person.name', 'place.name'] } }),
        },
      ),
    },
  })
  const journey = await travel(ctx, of(peoplePlaces), at)
  const ids = async (query: string) =>
    (await loadList(journey.ctx, journey.resource, new URLSearchParams(query))).rows.map(({ id }) => id)
  expect(await ids('')).toEqual(['2,1', '1,2', '1,1'])
  expect(await ids('sort=-placeId,personId')).toEqual(['1,2', '1,1', '2,1'])
  expect(await ids('q=ada')).toEqual(['1,2', '1,1'])
  expect(await ids('f.placeId=in:1')).toEqual(['2,1', '1,1'])
})
