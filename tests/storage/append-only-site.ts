import { foreignKey, integer, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { appendOnly } from '@/lib/admin/storage-options'
import { appendOnlyColumns, currentColumns } from '@/lib/db/storage-columns'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { createTables, installAll } from './support'

export const db = await createTestDatabase()

export const bakers = pgTable('bakers', { id: integer('id').primaryKey(), name: text('name').notNull() })
const columns = () => ({
  name: text('name').notNull(),
  grams: integer('grams').notNull().default(100),
  bakerId: integer('baker_id'),
  secret: text('secret'),
})
export const recipes = pgTable('recipes', { ...appendOnlyColumns(), ...columns() })
export const currentRecipes = pgTable('recipes_current', { ...currentColumns(), ...columns() }, (t) => [
  unique('recipes_name').on(t.name),
  foreignKey({ name: 'recipes_baker', columns: [t.bakerId], foreignColumns: [bakers.id] }),
])
export const loaves = pgTable('loaves', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  label: text('label').notNull(),
  recipeId: uuid('recipe_id')
    .notNull()
    .references(() => currentRecipes.entryId),
})
export const schema = { bakers, recipes, currentRecipes, loaves }
await createTables(db, schema)
await db.owner.sql`insert into bakers values (1, 'Ada'), (2, 'Ben')`

/** An admin of recipes that keep every version, and what a test does with them. */
export async function site(options: ResourceOptions<typeof recipes> = {}) {
  const admin = await createTestAdmin(db.app, {
    schema,
    sections: {
      main: section(
        'Main',
        {},
        {
          recipes: resource(recipes, { ...options, storage: appendOnly({ current: currentRecipes }) }),
          bakers: resource(bakers),
          loaves: resource(loaves),
        },
      ),
    },
  })
  await installAll(db, admin)
  const resourceOf = admin.of(recipes)
  const road = { ctx: admin.ctx }
  return {
    ...admin,
    recipes: resourceOf,
    road,
    create: (values: Record<string, string | null>) => createRecord(road, resourceOf, { values }),
    update: (id: string, values: Record<string, string | null>) => updateRecord(road, resourceOf, id, { values }),
    remove: (id: string) => deleteRecords(road, resourceOf, [id]),
  }
}

/** Every entry whose newest version lives stands in the companion exactly so, and nothing else does. */
export const differences = () => db.admin.sql`
  with newest as (select distinct on (entry_id) * from recipes order by entry_id, entry_version desc), living as (select * from newest where not deleted)
  (select to_jsonb(l) from living l except select to_jsonb(c) from recipes_current c)
  union all (select to_jsonb(c) from recipes_current c except select to_jsonb(l) from living l)`
export const emptyTables = () =>
  db.admin.sql.unsafe(
    `do $$ begin set local session_replication_role = replica; delete from loaves; delete from recipes; delete from recipes_current; end $$`,
  )
