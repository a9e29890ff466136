import { eq } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { loadVersionHistory } from '@/lib/admin/history/version-history'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import { appendOnly } from '@/lib/admin/storage-options'
import { travel } from '@/lib/admin/time-travel/travel'
import { appendOnlyColumns, currentColumns } from '@/lib/db/storage-columns'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { createTables, installAll } from './support'

const db = await createTestDatabase()
const columns = () => ({ name: text('name').notNull(), grams: integer('grams').notNull().default(0) })
const recipes = pgTable('recipes', { ...appendOnlyColumns('integer'), ...columns() })
const currentRecipes = pgTable('recipes_current', { ...currentColumns('integer'), ...columns() })
const schema = { recipes, currentRecipes }
await createTables(db, schema)

/** Editors see only what is called Rye. */
async function site() {
  const admin = await createTestAdmin(db.app, {
    schema,
    sections: {
      main: section(
        'Main',
        {},
        {
          recipes: resource(recipes, {
            storage: appendOnly({ current: currentRecipes }),
            list: { sort: ['name'] },
            scope: (ctx) => (ctx.user.role === 'editor' ? eq(recipes.name, 'Rye') : undefined),
          }),
        },
      ),
    },
  })
  await installAll(db, admin)
  return { ...admin, recipes: admin.of(recipes), road: { ctx: admin.ctx } }
}

const moment = async () => (await db.admin.sql`select clock_timestamp()::text as at`)[0]?.at as string

test('the past of append-only records is their versions of then, unrecorded and under any type of key', async () => {
  const { ctx, as, recipes: resourceOf, road } = await site()
  const rye = await createRecord(road, resourceOf, { values: { name: 'Rye', grams: '1' } })
  const corn = await createRecord(road, resourceOf, { values: { name: 'Corn', grams: '1' } })
  const then = await moment()
  await updateRecord(road, resourceOf, rye.id, { values: { grams: '2' } })
  await deleteRecords(road, resourceOf, [rye.id])
  await deleteRecords(road, resourceOf, [corn.id])

  const past = await travel(ctx, resourceOf, then, 'record')
  expect(past.notice).toBeUndefined()
  expect((await loadList(past.ctx, past.resource, {})).rows.map(({ title }) => title)).toEqual(['Corn', 'Rye'])
  const view = await loadRecordView(past.ctx, past.resource, rye.id)
  expect(view).toMatchObject({ texts: { grams: '1' }, can: { update: false, delete: false } })
  const { changes } = await loadVersionHistory(ctx, resourceOf, rye.id, { limit: 5, until: then })
  expect(changes.map(({ version }) => version)).toEqual([1])

  // What an editor might see when it went is seen of the past too, and nothing else.
  const editor = await travel(await as(EDITOR), resourceOf, then)
  expect((await loadList(editor.ctx, editor.resource, {})).rows.map(({ title }) => title)).toEqual(['Rye'])
})
