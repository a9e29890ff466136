import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import type { UndoChoice } from '@/lib/admin/history/undo-view'
import { jobsOf } from '@/lib/admin/jobs'
import { undoChanges } from '@/lib/admin/operations/undo'
import { answerUndo, questionOfUndo, requestUndo } from '@/lib/admin/operations/undo-job'
import { systemClock } from '@/lib/db/clock'
import { installTriggers } from '@/lib/history'
import { cancelJob, getJob, listJobFailures, resumeJob } from '@/lib/tasks'
import { runJobsWorker } from '@/lib/tasks/worker'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table shelves (id integer primary key, label text);
  create table books (id integer primary key, title text unique, shelf_id integer references shelves on delete cascade);
  create table queue (id integer primary key, place integer, unique (place) deferrable initially deferred);
  grant all on all tables in schema public to kontor_app`)
await installTriggers(
  db.owner.sql,
  ['shelves', 'books', 'queue'].map((name) => ({ schema: 'public', name })),
)
const shelves = pgTable('shelves', { id: integer().primaryKey(), label: text() })
const books = pgTable('books', {
  id: integer().primaryKey(),
  title: text().unique(),
  shelfId: integer('shelf_id').references(() => shelves.id, { onDelete: 'cascade' }),
})
const queue = pgTable('queue', { id: integer().primaryKey(), place: integer() })
const admin = await createTestAdmin(db.app, {
  schema: { shelves, books, queue },
  sections: {
    main: section(
      'Main',
      {},
      {
        shelves: resource(shelves, {
          authorize: ({ user }, operation) => operation !== 'delete' || user.role === 'owner',
        }),
        books: resource(books),
        queue: resource(queue),
      },
    ),
  },
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

/** What a job waits to be told. */
const asked = async (id: string) => {
  expect((await ended(id)).state).toBe('waiting')
  return (await questionOfUndo(db.app.sql, id))!
}
const tell = async (id: string, chosen: UndoChoice) => {
  const { token } = await asked(id)
  expect(await answerUndo(db.app.sql, id, { token, chosen, actor: ctx.actor.id })).toBe(true)
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
  const id = await requestUndo({ ctx }, { tx, leaveOut: true })
  expect(await ended(id)).toMatchObject({ state: 'completed', done: 1200, failed: 1 })
  expect(await listJobFailures(db.app.sql, id)).toMatchObject([{ item: 'mine, Title', reason: 'Changed again since.' }])
  expect(await db.admin.sql`select id from books where title like '%!' or title = 'mine'`).toEqual([{ id: 7 }])
})

const updateAll = async (count = 12_000) => {
  await db.admin.sql`truncate shelves, books`
  await db.admin.sql`insert into books select n, 'book ' || n, null from generate_series(1, ${count}::int) n`
  return db.admin.sql.begin(async (inside) => {
    await inside`update books set title = title || '!'`
    const [row] = await inside<{ tx: string }[]>`select pg_current_xact_id()::text as tx`
    return row!.tx
  })
}
const changed = () => db.admin.sql`select id, title from books where title <> 'book ' || id order by id`

test('the whole of a large undo is looked through first, and waits where some of it was changed again', async () => {
  const tx = await updateAll()
  await db.admin.sql`update books set title = 'mine ' || id where id in (7, 6000, 11999)`
  const id = await requestUndo({ ctx }, { tx })
  const { question } = await asked(id)
  expect(question).toMatchObject({
    message: '3 records were changed again since. Undoing would overwrite that.',
    refusal: { blocked: 3, free: 11_997 },
  })
  expect(question.refusal.obstacles).toHaveLength(3)
  expect(question.refusal.obstacles).toContainEqual({
    record: 'mine 6000',
    label: 'Title',
    reason: 'Changed again since.',
    expected: 'book 6000!',
    now: 'mine 6000',
    wanted: 'book 6000',
    choice: 'overrule',
  })
  expect(await getJob(db.app.sql, id)).toMatchObject({ isChecking: true, checked: 12_000, total: 12_000, done: 0 })
  expect((await changed()).length).toBe(12_000)

  await tell(id, { leaveOut: true })
  expect(await ended(id)).toMatchObject({ state: 'completed', total: 12_000, done: 12_000, failed: 3 })
  const failures = await listJobFailures(db.app.sql, id)
  expect(failures.map(({ item }) => item).sort()).toEqual(['mine 11999, Title', 'mine 6000, Title', 'mine 7, Title'])
  expect(await changed()).toEqual([7, 6000, 11999].map((n) => ({ id: n, title: `mine ${n}` })))
}, 120_000)

test('values that changed hands between records of different chunks come back together', async () => {
  await db.admin.sql`insert into queue select n, n from generate_series(1, 1200) n`
  const [{ tx } = { tx: '' }] = await db.admin.sql.begin(async (inside) => {
    await inside`update queue set place = 1201 - place`
    return inside<{ tx: string }[]>`select pg_current_xact_id()::text as tx`
  })
  expect(await ended(await requestUndo({ ctx }, { tx }))).toMatchObject({ state: 'completed', done: 1200, failed: 0 })
  expect(await db.admin.sql`select from queue where place <> id`).toHaveLength(0)
})

test('what is overruled is what the check found; a conflict made after the start is listed and left', async () => {
  const tx = await updateAll()
  await db.admin.sql`update books set title = 'asked' where id = 7`
  const id = await requestUndo({ ctx }, { tx })
  await asked(id)
  // The job waits for the newest record until the later change is committed; the look before waits for nobody.
  await db.admin.sql.begin(async (inside) => {
    await inside`select from books where id = 12000 for update`
    await tell(id, { overrule: true })
    await expect.poll(async () => (await getJob(db.app.sql, id))?.isChecking, { timeout: 20_000 }).toBe(false)
    await db.admin.sql`update books set title = 'later' where id = 8`
    await db.admin.sql`insert into books values (13000, 'book 9', null)`
  })
  expect(await ended(id)).toMatchObject({ state: 'completed', done: 12_000, failed: 2 })
  expect(await listJobFailures(db.app.sql, id)).toMatchObject([
    { item: 'book 9!, Title', reason: 'Taken by book 9 by now, and only one may have it.' },
    { item: 'later, Title', reason: 'Changed again since.' },
  ])
  expect(await changed()).toEqual([
    { id: 8, title: 'later' },
    { id: 9, title: 'book 9!' },
    { id: 13_000, title: 'book 9' },
  ])
}, 120_000)

test('what came into the way while it waited is asked about as well, and what was said before stays said', async () => {
  const tx = await updateAll(1_200)
  await db.admin.sql`update books set title = 'seen' where id = 7`
  const id = await requestUndo({ ctx }, { tx })
  const first = await asked(id)
  await db.admin.sql`update books set title = 'unseen' where id = 900`
  await tell(id, { overrule: true })
  const { question } = await asked(id)
  expect(question.refusal).toMatchObject({ blocked: 1, obstacles: [{ record: 'unseen', now: 'unseen' }] })
  const stale = { token: first.token, chosen: { overrule: true }, actor: ctx.actor.id }
  expect(await answerUndo(db.app.sql, id, stale)).toBe(false)
  await tell(id, { leaveOut: true })
  expect(await ended(id)).toMatchObject({ state: 'completed', done: 1200, failed: 1 })
  expect(await changed()).toEqual([{ id: 900, title: 'unseen' }])
})

test('stopped while it waits, a large undo has done nothing, and looks again when it is to go on', async () => {
  const tx = await updateAll(1_200)
  await db.admin.sql`update books set title = 'mine' where id = 7`
  const id = await requestUndo({ ctx }, { tx })
  await asked(id)
  expect(await cancelJob(db.app.sql, id, ctx.actor.id)).toBe(true)
  expect(await questionOfUndo(db.app.sql, id)).toBeUndefined()
  expect((await changed()).length).toBe(1200)
  await db.admin.sql`update books set title = 'book 7!' where id = 7`
  expect(await resumeJob(db.app.sql, id)).toBe(true)
  expect(await ended(id)).toMatchObject({ state: 'completed', done: 1200, failed: 0 })
  expect(await changed()).toEqual([])
})

test('who may not do it is told before any of it is done', async () => {
  await db.admin.sql`truncate shelves, books`
  const [{ tx } = { tx: '' }] = await db.admin.sql.begin(async (inside) => {
    await inside`insert into shelves select n, 'shelf' from generate_series(1, 300) n`
    return inside<{ tx: string }[]>`select pg_current_xact_id()::text as tx`
  })
  const [editor] = await db.admin.sql<{ id: string }[]>`
    insert into kontor.users (email, name, role) values ('editor@undo.test', 'Editor', 'editor') returning id`
  const theirs = await admin.as({ id: `user:${editor!.id}`, name: 'Editor', role: 'editor' })
  const id = await requestUndo({ ctx: theirs }, { tx })
  const error = expect.stringContaining('does not allow you to delete this shelf')
  expect(await ended(id)).toMatchObject({ state: 'failed', isChecking: true, done: 0, error })
})

test('somebody who may no longer sign in undoes nothing', async () => {
  const [{ tx } = { tx: '' }] = await db.admin.sql<{ tx: string }[]>`
    select tx::text from kontor.changes where relation = 'public.books' order by id desc limit 1`
  await db.admin.sql`update kontor.users set status = 'disabled' where id = ${person!.id}`
  const id = await requestUndo({ ctx }, { tx })
  expect(await ended(id)).toMatchObject({ state: 'failed', error: expect.stringContaining('no longer') })
})
