import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import { canTravel, travel } from '@/lib/admin/time-travel/travel'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers } from '@/lib/history'
import { createTables, installAll, KINDS, type NoteOptions, tables } from '@/tests/storage/support'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await createTables(db, tables)
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at

it.each(KINDS)('records of a $kind storage are shown as they were', async ({ table, storage }) => {
  const site = (options: NoteOptions = {}) =>
    createTestAdmin(db.app, {
      schema: tables,
      sections: { main: section('Main', {}, { notes: resource(table as never, { ...options, storage } as never) }) },
    })
  const admin = await site()
  await installAll(db, admin)
  await installTriggers(db.owner.sql, trackedTables(admin.source))
  const notes = admin.of(table)
  const road = { ctx: admin.ctx }
  expect(canTravel(notes)).toBe(true)
  const names = async (at?: string, query = 'sort=name', as = admin.ctx, shown = notes) => {
    const then = await travel(as, shown, at)
    expect(then.notice).toBeUndefined()
    const { rows, count } = await loadList(then.ctx, then.resource, new URLSearchParams(query))
    expect(count).toEqual({ kind: 'exact', count: rows.length })
    return rows.map(({ title }) => title)
  }
  const first = await createRecord(road, notes, { values: { name: 'Alpha', price: '1' } })
  const second = await createRecord(road, notes, { values: { name: 'Beta', price: '2' } })
  const at = await now()
  await updateRecord(road, notes, first.id, { values: { name: 'Omega', price: '9' } })
  await deleteRecords(road, notes, [second.id])
  await createRecord(road, notes, { values: { name: 'Gamma' } })

  expect(await names()).toEqual(['Gamma', 'Omega'])
  expect(await names(at)).toEqual(['Alpha', 'Beta'])
  expect(await names(at, 'sort=-price')).toEqual(['Beta', 'Alpha'])
  expect(await names(at, 'q=alpha')).toEqual(['Alpha'])
  const then = await travel(admin.ctx, notes, at, 'record')
  expect(await loadRecordView(then.ctx, then.resource, first.id)).toMatchObject({ title: 'Alpha', lifetime: undefined })
  expect(await loadRecordView(then.ctx, then.resource, second.id)).toMatchObject({ title: 'Beta' })
  await expect(loadRecordView(then.ctx, then.resource, 'no uuid')).rejects.toMatchObject({ code: 'not_found' })

  // Alpha's present state is closed to the editor, Beta's last one is not.
  const narrow = await site({
    authorize: (ctx) => ctx.user.role === 'owner' || sql`${(table as typeof tables.plainNotes).price} < 5`,
  })
  expect(await names(at, 'sort=name', await narrow.as(EDITOR), narrow.of(table))).toEqual(['Beta'])
})
