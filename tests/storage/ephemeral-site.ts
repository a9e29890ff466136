import { type AnyPgColumn, integer, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { expireRecords } from '@/lib/admin/operations/expire'
import { loadRecordView } from '@/lib/admin/record-view'
import { type EphemeralOptions, ephemeral } from '@/lib/admin/storage-options'
import { ephemeralColumns } from '@/lib/db/storage-columns'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { createTables, installAll, movableClock } from './support'

export const db = await createTestDatabase()

export const carts = pgTable(
  'carts',
  {
    id: text('id').primaryKey(),
    ...ephemeralColumns(),
    token: text('token'),
    total: integer('total').notNull().default(0),
  },
  (t) => [unique('cart_token').on(t.token)],
)
export const lines = pgTable('lines', {
  id: uuid('id').primaryKey().defaultRandom(),
  ...ephemeralColumns(),
  cartId: text('cart_id').references((): AnyPgColumn => carts.id, { onDelete: 'cascade', onUpdate: 'cascade' }),
  what: text('what').notNull(),
})
export const orders = pgTable('orders', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  what: text('what'),
})
export const schema = { carts, lines, orders }
await createTables(db, schema)

export type Options = ResourceOptions<typeof carts> & { life?: EphemeralOptions<typeof carts> }

/** An admin of carts that vanish, and what a test does with them. Time stands until `clock` is moved. */
export async function site({ life, ...options }: Options = {}, clock = movableClock(), database = db.app) {
  const admin = await createTestAdmin(
    database,
    {
      schema,
      sections: {
        shop: section(
          'Shop',
          {},
          {
            carts: resource(carts, {
              ...options,
              storage: ephemeral({ inactivityTimeout: '30m', maximumLifetime: '2h', ...life }),
            }),
            lines: resource(lines, { storage: ephemeral({}) }),
            orders: resource(orders),
          },
        ),
      },
    },
    clock,
  )
  await installAll(db, admin)
  const resourceOf = admin.of(carts)
  const road = { ctx: admin.ctx }
  return {
    ...admin,
    clock,
    road,
    carts: resourceOf,
    create: (id: string, values: Record<string, string> = {}) =>
      createRecord(road, resourceOf, { values: { id, ...values } }),
    load: (id: string) => resourceOf.storage.load(admin.ctx.db, id),
    open: (id: string, options?: { isActivity: boolean }) => loadRecordView(admin.ctx, resourceOf, id, options),
    list: async () => (await loadList(admin.ctx, resourceOf, { sort: 'id' })).rows.map(({ id }) => id),
    sweep: () => expireRecords(admin.ctx, resourceOf),
  }
}

export const stored = async () => (await db.admin.sql`select id from carts order by id`).map(({ id }) => id as string)

export const emptyTables = () => db.admin.sql`truncate carts, lines, orders, kontor.expiries`
