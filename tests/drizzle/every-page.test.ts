import { expect, test } from 'vitest'
import config from '@/admin.config'
import { setUpTables } from '@/bin/supervisor/tables'
import { seedDemo } from '@/drizzle/seed'
import { resolveAdmin } from '@/lib/admin'
import { migrateTables } from '@/lib/db/migrate'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { visitEverything } from '@/tests/support/every-page'

const db = await createTestDatabase()
await migrateTables(db.urls.owner)
await seedDemo(db.owner.sql, () => {})
expect((await setUpTables(db.urls.owner)).failed).toEqual([])
const { ctx, as } = await createTestAdmin(db.owner, config.options)
const demo = [...resolveAdmin(config).admin.resources.values()].filter(({ section }) => section !== 'system')

test.each(demo.map(({ key }) => key))('%s lists, sorts, searches, opens, and is the same after a save', async (key) => {
  const resource = ctx.admin.resources.get(key)
  expect(resource).toBeDefined()
  if (resource) await visitEverything(ctx, resource)
})

test('an editor sees no salary in any column, and nobody but who works full time', async () => {
  const { loadList } = await import('@/lib/admin/list')
  const editor = await as(EDITOR)
  const employees = editor.admin.resources.get('staff/employees')
  const list = employees && (await loadList(editor, employees, new URLSearchParams()))
  expect(list?.columns.map(({ name }) => name)).not.toContain('salary')
  expect(list?.count.count).toBeLessThan(30)
})
