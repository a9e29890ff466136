import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  interval,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytea } from '../../lib/db/column-types'
import { timestamps } from './timestamps'

export const catalogue = pgSchema('catalogue')

export const productStatus = catalogue.enum('product_status', [
  'available',
  'low_stock',
  'sold_out',
  'seasonal',
  'draft',
])

/** What 100 g contain, in grams but for the energy in kilojoules. */
export interface Nutrition {
  energy: number
  fat: number
  sugar: number
  protein: number
  salt: number
}

export const categories = catalogue.table(
  'categories',
  {
    id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
    name: text('name').notNull(),
    slug: text('slug').notNull().unique(),
    parentId: integer('parent_id').references((): AnyPgColumn => categories.id, { onDelete: 'restrict' }),
    position: smallint('position').notNull().default(0),
    description: text('description'),
    ...timestamps(),
  },
  (category) => [
    index().on(category.parentId),
    index().on(category.position, category.id),
    check('categories_not_own_parent', sql`${category.parentId} <> ${category.id}`),
  ],
)

export const suppliers = catalogue.table(
  'suppliers',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull().unique(),
    email: text('email'),
    phone: text('phone'),
    website: text('website'),
    city: text('city'),
    deliversOn: text('delivers_on').array().notNull().default([]),
    rating: real('rating'),
    isActive: boolean('is_active').notNull().default(true),
    ...timestamps(),
  },
  (supplier) => [check('suppliers_rating_range', sql`${supplier.rating} between 0 and 5`)],
)

export const products = catalogue.table(
  'products',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    name: text('name').notNull(),
    slug: text('slug').notNull().unique(),
    sku: text('sku').notNull().unique(),
    categoryId: integer('category_id').references(() => categories.id, { onDelete: 'restrict' }),
    supplierId: uuid('supplier_id').references(() => suppliers.id, { onDelete: 'set null' }),
    status: productStatus('status').notNull().default('draft'),
    price: numeric('price', { precision: 10, scale: 2 }).notNull(),
    cost: numeric('cost', { precision: 10, scale: 2 }).notNull().default('0'),
    vat: numeric('vat', { precision: 4, scale: 2 }).notNull().default('7.00'),
    stock: integer('stock').notNull().default(0),
    sold: integer('sold').notNull().default(0),
    views: bigint('views', { mode: 'number' }).notNull().default(0),
    onSaleFrom: timestamp('on_sale_from', { withTimezone: true }),
    description: text('description'),
    body: text('body'),
    ingredients: text('ingredients').array().notNull().default([]),
    nutrition: jsonb('nutrition').$type<Nutrition>(),
    weightKg: real('weight_kg'),
    bakedFor: interval('baked_for'),
    colour: text('colour'),
    website: text('website'),
    photo: bytea('photo'),
    locked: boolean('locked').notNull().default(false),
    ...timestamps(),
  },
  (product) => [
    index().on(product.name, product.id),
    index().on(product.categoryId),
    index().on(product.supplierId),
    index().on(product.status, product.id),
    index().on(product.views, product.id),
    index().on(product.sold, product.id),
    index().on(product.price, product.id),
    index().on(product.updatedAt, product.id),
    index().using('gin', product.ingredients),
    check('products_price_not_negative', sql`${product.price} >= 0`),
    check('products_cost_not_negative', sql`${product.cost} >= 0`),
    check('products_vat_range', sql`${product.vat} between 0 and 30`),
    check('products_stock_not_negative', sql`${product.stock} >= 0`),
    check('products_colour_is_hex', sql`${product.colour} ~ '^#[0-9a-f]{6}$'`),
  ],
)

export const allergens = catalogue.table('allergens', {
  code: text('code').primaryKey(),
  name: text('name').notNull().unique(),
  description: text('description'),
})

export const productsAllergens = catalogue.table(
  'products_allergens',
  {
    productId: integer('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    allergenCode: text('allergen_code')
      .notNull()
      .references(() => allergens.code, { onDelete: 'restrict', onUpdate: 'cascade' }),
  },
  (link) => [primaryKey({ columns: [link.productId, link.allergenCode] }), index().on(link.allergenCode)],
)
