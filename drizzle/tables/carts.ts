import { sql } from 'drizzle-orm'
import { bigint, check, index, integer, numeric, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { ephemeralColumns } from '../../lib/db/storage-columns'
import { products } from './catalogue'
import { customers, orderChannel, shop } from './shop'

/** What people are about to buy. It vanishes when they walk away: see its storage in admin.config.ts. */
export const carts = shop.table(
  'carts',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** What the customer is shown, and says at the counter: 'C-4F7A'. */
    code: text('code').notNull().unique(),
    customerId: bigint('customer_id', { mode: 'number' }).references(() => customers.id, { onDelete: 'cascade' }),
    channel: orderChannel('channel').notNull().default('web'),
    total: numeric('total', { precision: 12, scale: 2 }).notNull().default('0'),
    note: text('note'),
    ...ephemeralColumns(),
  },
  (cart) => [index().on(cart.customerId), check('carts_total_not_negative', sql`${cart.total} >= 0`)],
)

/** A cart's lines go with it; they never expire by themselves. */
export const cartLines = shop.table(
  'cart_lines',
  {
    cartId: uuid('cart_id')
      .notNull()
      .references(() => carts.id, { onDelete: 'cascade' }),
    lineNo: smallint('line_no').notNull(),
    productId: integer('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    quantity: integer('quantity').notNull().default(1),
    unitPrice: numeric('unit_price', { precision: 10, scale: 2 }).notNull(),
    amount: numeric('amount', { precision: 12, scale: 2 }).notNull().generatedAlwaysAs(sql`quantity * unit_price`),
    ...ephemeralColumns(),
  },
  (line) => [
    primaryKey({ columns: [line.cartId, line.lineNo] }),
    index().on(line.productId),
    check('cart_lines_quantity_positive', sql`${line.quantity} > 0`),
    check('cart_lines_unit_price_not_negative', sql`${line.unitPrice} >= 0`),
  ],
)
