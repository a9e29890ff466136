import { foreignKey, integer, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { createRecord } from '@/lib/admin/operations/create'
import { updateRecord } from '@/lib/admin/operations/update'
import { listVersions } from '@/lib/admin/operations/versions'
import { appendOnly } from '@/lib/admin/storage-options'
import { appendOnlyColumns, currentColumns } from '@/lib/db/storage-columns'
import { appendOnlyMigration, ordinaryTableMigration } from '@/lib/storage'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { installAll } from './support'

const db = await createTestDatabase()

const columns = () => ({
  name: text('name').notNull(),
  parentId: integer('parent_id'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  'odd"name': text('odd"name'),
})
const sheets = pgTable('Data sheets', { ...appendOnlyColumns('integer'), ...columns() })
const currentSheets = pgTable('Data sheets_current', { ...currentColumns('integer'), ...columns() }, (t) => [
  unique('sheet_name').on(t.name),
  foreignKey({ columns: [t.parentId], foreignColumns: [t.entryId] }),
])

const CREATE = `
  create table "Data sheets" (id integer generated always as identity primary key, name text not null constraint sheet_name unique,
    parent_id integer references "Data sheets", created_at timestamptz not null default now(), "odd""name" text,
    length integer generated always as (length(name)) stored);
  create index sheets_created on "Data sheets" (created_at);
  create table lines (id integer primary key, sheet_id integer not null references "Data sheets");
  insert into "Data sheets" (name, parent_id, created_at, "odd""name") values
    ('Rye', null, '2020-01-01', 'a'), ('Spelt', 1, '2021-02-02', null), ('Oats', 1, '2022-03-03', 'c');
  insert into lines values (1, 2);
  grant all on all tables in schema public to kontor_app;`

const rows = () => db.admin.sql`select * from "Data sheets" order by id`

test('a table becomes append-only and ordinary again without losing a row, a reference or a version', async () => {
  await db.owner.sql.unsafe(CREATE)
  const before = await rows()
  const options = { table: 'Data sheets', insertedAt: 'created_at' }
  await db.owner.sql.unsafe(appendOnlyMigration(options))
  await db.owner.sql`grant all on all tables in schema public to kontor_app`

  // Until the triggers stand, a version cannot be written at all.
  await expect(db.owner.sql`insert into "Data sheets" (name) values ('x')`).rejects.toMatchObject({ code: '23502' })

  const admin = await createTestAdmin(db.app, {
    schema: { sheets, currentSheets },
    sections: {
      main: section('Main', {}, { sheets: resource(sheets, { storage: appendOnly({ current: currentSheets }) }) }),
    },
  })
  await installAll(db, admin)
  const resourceOf = admin.of(sheets)
  const road = { ctx: admin.ctx }
  const [first] = await listVersions(admin.ctx, resourceOf, '1')
  expect(first).toMatchObject({
    number: 1,
    by: 'kontor_owner',
    source: 'migration',
    texts: { name: 'Rye', insertedAt: '2020-01-01 00:00:00+00' },
  })
  await updateRecord(road, resourceOf, '2', { values: { name: 'Dark spelt' } })
  const created = await createRecord(road, resourceOf, { values: { name: 'Corn', parentId: '1' } })
  expect(created.id).toBe('5') // the refused one above used 4 up
  await expect(createRecord(road, resourceOf, { values: { name: 'Corn' } })).rejects.toMatchObject({ code: 'invalid' })
  await expect(db.owner.sql`insert into lines values (2, 99)`).rejects.toMatchObject({ code: '23503' })
  expect(await db.admin.sql`select entry_id, length from "Data sheets_current" order by 1`).toMatchObject([
    { entry_id: 1, length: 3 },
    { entry_id: 2, length: 10 },
    { entry_id: 3, length: 4 },
    { entry_id: 5, length: 4 },
  ])

  await db.owner.sql.unsafe(ordinaryTableMigration(options))
  const after = await rows()
  expect(after.slice(0, 3)).toEqual([before[0], { ...before[1], name: 'Dark spelt', length: 10 }, before[2]])
  expect(after[3]).toMatchObject({ id: 5, name: 'Corn', parent_id: 1 })
  expect(await db.admin.sql`select count(*)::int as n from "Data sheets_versions"`).toEqual([{ n: 5 }])
  const [next] = await db.owner.sql`insert into "Data sheets" (name) values ('Next') returning id`
  expect(next?.id).toBe(6)
  await db.owner.sql`update "Data sheets" set name = 'Renamed' where id = 6`
  await expect(db.owner.sql`delete from "Data sheets" where id = 2`).rejects.toMatchObject({ code: '23503' })
  await expect(db.owner.sql`insert into "Data sheets" (name) values ('Rye')`).rejects.toMatchObject({
    constraint_name: 'sheet_name',
  })
  const indexes = await db.admin.sql`select indexname from pg_indexes where tablename = 'Data sheets' order by 1`
  expect(indexes.map(({ indexname }) => indexname)).toEqual(['Data sheets_pkey', 'sheet_name', 'sheets_created'])
})
