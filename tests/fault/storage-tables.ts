import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { type AdminOptions, type Hooks, resource, section } from '@/lib/admin/define'
import { ephemeral } from '@/lib/admin/storage-options'
import { ephemeralColumns } from '@/lib/db/storage-columns'

export const carts = pgTable('carts', {
  id: text('id').primaryKey(),
  ...ephemeralColumns(),
  count: integer('count').notNull().default(0),
})

export const cartsAdmin = (hooks: Hooks<typeof carts> = {}): AdminOptions => ({
  schema: { carts },
  sections: {
    shop: section('Shop', {}, { carts: resource(carts, { hooks, storage: ephemeral({ inactivityTimeout: '1h' }) }) }),
  },
})
