import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  char,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { pgType } from '../../lib/db/column-types'
import { productStatus, products } from './catalogue'
import { timestamps } from './timestamps'

export const shop = pgSchema('shop')

export const orderStatus = shop.enum('order_status', [
  'unpaid',
  'paid',
  'baking',
  'ready',
  'delivered',
  'late',
  'cancelled',
])

export const orderChannel = shop.enum('order_channel', ['counter', 'web', 'phone'])

export const customers = shop.table(
  'customers',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    firstName: text('first_name').notNull(),
    lastName: text('last_name').notNull(),
    name: text('name').notNull().generatedAlwaysAs(sql`first_name || ' ' || last_name`),
    email: text('email').notNull().unique(),
    phone: text('phone'),
    birthday: date('birthday'),
    language: char('language', { length: 2 }).notNull().default('en'),
    newsletter: boolean('newsletter').notNull().default(false),
    points: integer('points').notNull().default(0),
    favourites: text('favourites').array().notNull().default([]),
    preferences: jsonb('preferences').notNull().default({}),
    notes: text('notes'),
    ...timestamps(),
  },
  (customer) => [
    index().on(customer.name, customer.id),
    index().on(customer.createdAt, customer.id),
    check('customers_points_not_negative', sql`${customer.points} >= 0`),
  ],
)

/** A customer's addresses by what they call them: 'home', 'work', 'Grandma, 2nd floor'. */
export const addresses = shop.table(
  'addresses',
  {
    customerId: bigint('customer_id', { mode: 'number' })
      .notNull()
      .references(() => customers.id, { onDelete: 'cascade' }),
    label: text('label').notNull(),
    street: text('street').notNull(),
    postcode: text('postcode').notNull(),
    city: text('city').notNull(),
    country: char('country', { length: 2 }).notNull().default('DE'),
    isDefault: boolean('is_default').notNull().default(false),
  },
  (address) => [primaryKey({ columns: [address.customerId, address.label] }), index().on(address.city)],
)

export const coupons = shop.table(
  'coupons',
  {
    code: text('code').primaryKey(),
    description: text('description').notNull(),
    percent: numeric('percent', { precision: 5, scale: 2 }).notNull(),
    valid: pgType('valid', { type: 'daterange' }),
    minimum: numeric('minimum', { precision: 10, scale: 2 }).notNull().default('0'),
    usesLeft: integer('uses_left'),
    ...timestamps(),
  },
  (coupon) => [check('coupons_percent_range', sql`${coupon.percent} > 0 and ${coupon.percent} <= 100`)],
)

export const orders = shop.table(
  'orders',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    customerId: bigint('customer_id', { mode: 'number' })
      .notNull()
      .references(() => customers.id, { onDelete: 'restrict' }),
    /** Where it goes: one of the customer's own addresses; null is picked up at the counter. */
    deliverTo: text('deliver_to'),
    status: orderStatus('status').notNull().default('unpaid'),
    channel: orderChannel('channel').notNull().default('counter'),
    total: numeric('total', { precision: 12, scale: 2 }).notNull().default('0'),
    couponCode: text('coupon_code').references(() => coupons.code, { onDelete: 'set null', onUpdate: 'cascade' }),
    placedAt: timestamp('placed_at', { withTimezone: true }).notNull().defaultNow(),
    wantedAt: timestamp('wanted_at', { withTimezone: true }),
    paidAt: timestamp('paid_at', { withTimezone: true }),
    isGift: boolean('is_gift').notNull().default(false),
    note: text('note'),
    updatedAt: timestamps().updatedAt,
  },
  (order) => [
    foreignKey({
      columns: [order.customerId, order.deliverTo],
      foreignColumns: [addresses.customerId, addresses.label],
    })
      .onDelete('restrict')
      .onUpdate('cascade'),
    index().on(order.customerId, order.deliverTo),
    index().on(order.couponCode),
    index().on(order.placedAt, order.id),
    index().on(order.status, order.placedAt),
    index().on(order.total, order.id),
    check('orders_total_not_negative', sql`${order.total} >= 0`),
  ],
)

export const orderLines = shop.table(
  'order_lines',
  {
    orderId: bigint('order_id', { mode: 'number' })
      .notNull()
      .references(() => orders.id, { onDelete: 'cascade' }),
    lineNo: smallint('line_no').notNull(),
    productId: integer('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'restrict' }),
    quantity: integer('quantity').notNull().default(1),
    unitPrice: numeric('unit_price', { precision: 10, scale: 2 }).notNull(),
    amount: numeric('amount', { precision: 12, scale: 2 }).notNull().generatedAlwaysAs(sql`quantity * unit_price`),
    note: text('note'),
  },
  (line) => [
    primaryKey({ columns: [line.orderId, line.lineNo] }),
    index().on(line.productId),
    check('order_lines_quantity_positive', sql`${line.quantity} > 0`),
    check('order_lines_unit_price_not_negative', sql`${line.unitPrice} >= 0`),
  ],
)

/** What was sold of each product; each row is summed up by itself, so that a page of them costs a page of them. */
export const salesPerProduct = shop
  .view('sales_per_product', {
    productId: integer('product_id').notNull(),
    product: text('product').notNull(),
    status: productStatus('status').notNull(),
    orders: bigint('orders', { mode: 'number' }).notNull(),
    units: bigint('units', { mode: 'number' }).notNull(),
    revenue: numeric('revenue', { precision: 14, scale: 2 }).notNull(),
  })
  .as(sql`select p.id as product_id, p.name as product, p.status, s.orders, s.units, s.revenue::numeric(14, 2)
    from catalogue.products p
    cross join lateral (
      select count(*) as orders, coalesce(sum(l.quantity), 0) as units, coalesce(sum(l.amount), 0) as revenue
      from shop.order_lines l where l.product_id = p.id
    ) s`)
