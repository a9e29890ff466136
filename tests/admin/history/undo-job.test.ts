import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { jobsOf } from '@/lib/admin/jobs'
import { undoChanges } from '@/lib/admin/operations/undo'
import { requestUndo } from '@/lib/admin/operations/undo-job'
import { systemClock } from '@/lib/db/clock'
import { installTriggers } from '@/lib/history'
import { getJob, listJobFailures } from '@/lib/tasks'
import { runJobsWorker } from '@/lib/tasks/worker'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table shelves (id integer primary key, label text);
  create table books (id integer primary key, title text unique, shelf_id integer references shelves on delete cascade);
  grant all on all tables in schema public to kontor_app`)
await installTriggers(
  db.owner.sql,
  ['shelves', 'books'].map((name) => ({ schema: 'public', name })),
)
const shelves = pgTable('shelves', { id: integer().primaryKey(), label: text() })
const books = pgTable('books', {
  id: integer().primaryKey(),
  title: text().unique(),
  shelfId: integer('shelf_id').references(() => shelves.id, { onDelete: 'cascade' }),
})
const admin = await createTestAdmin(db.app, {
  schema: { shelves, books },
  sections: { main: section('Main', {}, { shelves: resource(shelves), books: resource(books) }) },
})
const [person] = await db.admin.sql<{ id: string }[]>`
  insert into kontor.users (email, name, role) values ('big@undo.test', 'Big undo', 'owner') returning id`
const ctx = await admin.as({ id: `user:${person!.id}`, name: 'Big undo', role: 'owner' })

const worker = await runJobsWorker({
  db: db.app,
  listener: db.app.sql,
  jobs: jobsOf(admin.source),
  log: pino({ level: 'silent' }),
  clock: systemClock,
  worker: 'test',
  settings: { pollMs: 50 },
})
afterAll(() => worker.stop(1000))

const ended = async (id: string) => {
  await expect
    .poll(async () => (await getJob(db.app.sql, id))?.state, { timeout: 50_000 })
    .not.toMatch(/queued|running/)
  return (await getJob(db.app.sql, id))!
}

test('a deletion with more than ten thousand children is undone in chunks, and that undo too', async () => {
  await db.admin.sql`insert into shelves values (1, 'all')`
  await db.admin.sql`insert into books select n, 'book ' || n, 1 from generate_series(1, 10500) n`
  const count = async () => (await db.admin.sql`select count(*)::int as n from books`)[0]!.n
  await db.admin.sql`delete from shelves where id = 1`
  const [{ tx } = { tx: '' }] = await db.admin.sql<{ tx: string }[]>`
    select tx::text from kontor.changes where relation = 'public.shelves' order by id desc limit 1`
  await expect(undoChanges({ ctx }, { tx })).rejects.toMatchObject({ code: 'too_large' })
  const first = await requestUndo({ ctx }, { tx })
  expect(await ended(first)).toMatchObject({ state: 'completed', total: 10_501, done: 10_501, failed: 0 })
  expect(await count()).toBe(10_500)
  const second = await requestUndo({ ctx }, { request: first })
  expect(await ended(second)).toMatchObject({ state: 'completed', failed: 0 })
  expect(await count()).toBe(0)
}, 120_000)

test('what is in the way of a large undo is left out and reported', async () => {
  await db.admin.sql`truncate shelves, books`
  await db.admin.sql`insert into books select n, 'book ' || n, null from generate_series(1, 1200) n`
  const [{ tx } = { tx: '' }] = await db.admin.sql.begin(async (inside) => {
    await inside`update books set title = title || '!'`
    return inside<{ tx: string }[]>`select pg_current_xact_id()::text as tx`
  })
  await db.admin.sql`update books set title = 'mine' where id = 7`
  const id = await requestUndo({ ctx }, { tx })
  expect(await ended(id)).toMatchObject({ state: 'completed', done: 1200, failed: 1 })
  expect(await listJobFailures(db.app.sql, id)).toMatchObject([{ item: 'mine, Title', reason: 'Changed again since.' }])
  expect(await db.admin.sql`select id from books where title like '%!' or title = 'mine'`).toEqual([{ id: 7 }])
})

test('somebody who may no longer sign in undoes nothing', async () => {
  const [{ tx } = { tx: '' }] = await db.admin.sql<{ tx: string }[]>`
    select tx::text from kontor.changes where relation = 'public.books' order by id desc limit 1`
  await db.admin.sql`update kontor.users set status = 'disabled' where id = ${person!.id}`
  const id = await requestUndo({ ctx }, { tx })
  expect(await ended(id)).toMatchObject({ state: 'failed', error: expect.stringContaining('no longer') })
})
