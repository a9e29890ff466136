import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { findSubject } from '@/lib/admin/history/subject'
import { loadVersionHistory } from '@/lib/admin/history/version-history'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { undeleteRecord } from '@/lib/admin/operations/versions'
import { appendOnly } from '@/lib/admin/storage-options'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { createTables, currentNotes, installAll, keptNotes } from './support'

const db = await createTestDatabase()
await createTables(db, { keptNotes, currentNotes })

async function site() {
  const admin = await createTestAdmin(db.app, {
    schema: { keptNotes, currentNotes },
    sections: {
      main: section(
        'Main',
        {},
        {
          notes: resource(keptNotes, {
            storage: appendOnly({ current: currentNotes }),
            form: { fields: { note: { read: (ctx) => ctx.user.role === 'owner' } } },
          }),
        },
      ),
    },
  })
  await installAll(db, admin)
  return { ...admin, notes: admin.of(keptNotes), road: { ctx: admin.ctx } }
}

test('a record’s versions say who, when, why and what differed, also those from before changes were recorded', async () => {
  const { ctx, notes, road, as } = await site()
  const { id } = await createRecord({ ...road, reason: 'new' }, notes, { values: { name: 'Rye', price: '1' } })
  await updateRecord({ ctx: await as(EDITOR), reason: 'dearer' }, notes, id, { values: { price: '2' } })
  await updateRecord(road, notes, id, { values: { note: 'quiet' } })
  const { changes, next } = await loadVersionHistory(ctx, notes, id, { limit: 10 })
  expect(
    changes.map(({ version, op, reason, fields, canUndo }) => ({ version, op, reason, fields, canUndo })),
  ).toMatchObject([
    {
      version: 3,
      op: 'update',
      reason: null,
      fields: [{ label: 'Note', before: null, after: 'quiet' }],
      canUndo: false,
    },
    { version: 2, op: 'update', reason: 'dearer', fields: [{ label: 'Price', before: '1.000', after: '2.000' }] },
    { version: 1, op: 'insert', reason: 'new' },
  ])
  expect(next).toBeNull()
  // What a person may not read is no difference to them.
  const seen = await loadVersionHistory(await as(EDITOR), notes, id, { limit: 1 })
  expect(seen.changes[0]?.fields).toEqual([])
})

test('it comes in pages, each difference against the version before', async () => {
  const { ctx, notes, road } = await site()
  const { id } = await createRecord(road, notes, { values: { name: 'Spelt', count: '0' } })
  for (const count of [1, 2, 3, 4]) await updateRecord(road, notes, id, { values: { count: String(count) } })
  const first = await loadVersionHistory(ctx, notes, id, { limit: 2 })
  expect(first.changes.map(({ version, fields }) => [version, fields[0]?.before, fields[0]?.after])).toEqual([
    [5, '3', '4'],
    [4, '2', '3'],
  ])
  const second = await loadVersionHistory(ctx, notes, id, { limit: 3, before: Number(first.next) })
  expect(second.changes.map(({ version, op }) => [version, op])).toEqual([
    [3, 'update'],
    [2, 'update'],
    [1, 'insert'],
  ])
  expect(second.next).toBeNull()
})

test('a deleted record still has it, and says that it came back', async () => {
  const { ctx, notes, road } = await site()
  const { id } = await createRecord(road, notes, { values: { name: 'Corn' } })
  await deleteRecords(road, notes, [id])
  expect(await findSubject(ctx, notes, id)).toEqual({ title: 'Corn', isGone: true, hasVersions: true })
  await undeleteRecord(road, notes, id)
  const { changes } = await loadVersionHistory(ctx, notes, id, { limit: 10 })
  expect(changes.map(({ version, op }) => [version, op])).toEqual([
    [3, 'insert'],
    [2, 'delete'],
    [1, 'insert'],
  ])
})
