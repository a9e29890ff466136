import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadActivity, loadPeople, loadStatistics } from '@/lib/admin/history/load-history'
import { exportNewestSeal, verifyLog } from '@/lib/admin/operations/log-care'
import { undoChanges } from '@/lib/admin/operations/undo'
import { installTriggers, sealChanges, sealedUpTo } from '@/lib/history'
import { eraseHistory } from '@/lib/history/erase'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`create table loaves (id integer primary key, name text); create table rolls (id integer primary key, name text);
  grant all on all tables in schema public to kontor_app`)
await installTriggers(
  db.owner.sql,
  ['loaves', 'rolls'].map((name) => ({ schema: 'public', name })),
)
const loaves = pgTable('loaves', { id: integer().primaryKey(), name: text() })
const rolls = pgTable('rolls', { id: integer().primaryKey(), name: text() })
const { ctx, as } = await createTestAdmin(db.app, {
  schema: { loaves, rolls },
  timeZone: 'Pacific/Auckland',
  sections: {
    main: section(
      'Main',
      {},
      { loaves: resource(loaves), rolls: resource(rolls, { authorize: (who) => who.user.role === 'owner' }) },
    ),
  },
})
const [person] = await db.admin.sql<{ id: string }[]>`
  insert into kontor.users (email, name, role) values ('ana@loaves.test', 'Ana', 'editor') returning id`
await db.admin.sql`insert into loaves select n, 'loaf' from generate_series(1, 30) n`
await db.admin.sql.begin(async (tx) => {
  await tx`select set_config('kontor.actor', ${`user:${person!.id}`}, true), set_config('kontor.source', 'form', true)`
  await tx`insert into rolls select n, 'roll' from generate_series(1, 5) n`
})

test('only owners verify the log and take its newest seal', async () => {
  const editor = await as(EDITOR)
  await expect(verifyLog(editor, db.app)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(exportNewestSeal(editor, db.app)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(exportNewestSeal(ctx, db.app)).rejects.toMatchObject({ code: 'not_found' })
  expect(await sealedUpTo(db.app.orm)).toBeNull()
  await sealChanges(db.app.orm)
  expect(await verifyLog(ctx, db.app)).toMatchObject({ findings: [], unsealed: 0 })
  expect(await exportNewestSeal(ctx, db.app)).toMatchObject({ seq: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
})

test('the charts count day by day in the person’s zone, by person and resource, and only what they may see', async () => {
  const all = await loadStatistics(ctx, 7)
  expect(all.days).toHaveLength(7)
  expect(all.days.at(-1)).toMatchObject({
    key: new Intl.DateTimeFormat('en-CA', { timeZone: 'Pacific/Auckland' }).format(new Date()),
    count: all.total,
  })
  expect(all.people).toEqual(
    expect.arrayContaining([
      { key: `user:${person!.id}`, label: 'Ana', count: 5 },
      expect.objectContaining({ key: 'postgres', label: 'postgres' }),
    ]),
  )
  expect(all.resources[0]).toEqual({ key: 'main/loaves', label: 'Loaves', count: 30 })
  expect(all.since).toBeNull()
  const few = await loadStatistics(await as(EDITOR), 7)
  expect(few.resources.map(({ key }) => key)).not.toContain('main/rolls')
  expect(few.people).toEqual([{ key: 'postgres', label: 'postgres', count: 30 }])
})

test('a record whose key was erased is no link, and its change cannot be undone', async () => {
  await db.admin.sql`insert into loaves values (77, 'Ada’s own')`
  const erasure = { relation: 'public.loaves', recordId: '77', includeKey: true }
  await eraseHistory(db.owner.sql, erasure, { actor: 'user:admin', reason: 'asked to be forgotten' })
  const [entry] = (await loadActivity(ctx, { resources: ['main/loaves'] })).changes
  expect(entry).toMatchObject({
    op: 'insert',
    canUndo: false,
    href: undefined,
    title: expect.stringMatching(/^Loaf erased-/),
  })
  expect(JSON.stringify(entry)).not.toMatch(/Ada|"77"/)
  await expect(undoChanges({ ctx }, { tx: entry?.tx })).rejects.toMatchObject({
    details: { undo: { obstacles: [{ choice: 'leaveOut', reason: expect.stringMatching(/has been erased/) }] } },
  })
  await db.admin.sql`delete from loaves where id = 77`
})

test('no day is missing from the charts, and none there twice, where clocks are changed', async () => {
  // In Auckland clocks go forward on 27 September 2026 and back on 5 April: a day of 23 hours, and one of 25.
  for (const now of ['2026-10-01T11:30:00Z', '2026-04-10T11:30:00Z', '2026-04-10T12:30:00Z']) {
    const { days } = await loadStatistics({ ...ctx, clock: { now: () => new Date(now) } }, 30)
    const keys = days.map(({ key }) => key)
    expect(new Set(keys).size).toBe(30)
    const span = (Date.parse(keys.at(-1) ?? '') - Date.parse(keys[0] ?? '')) / 86_400_000
    expect(span).toBe(29)
  }
})

test('the activity narrows to one person, and to whoever writes past the admin', async () => {
  expect(await loadPeople(ctx)).toContainEqual({ id: `user:${person!.id}`, name: 'Ana' })
  const ofAna = await loadActivity(ctx, { filters: { actor: `user:${person!.id}` } })
  expect(ofAna.changes).toMatchObject([{ who: 'Ana', count: 5, isUniform: true }])
  const outside = await loadActivity(ctx, { filters: { source: 'sql' } })
  expect(outside.changes.every(({ isOutside }) => isOutside)).toBe(true)
})
