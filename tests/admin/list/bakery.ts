import {
  type AnyPgColumn,
  boolean,
  date,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import type { AdminOptions } from '@/lib/admin/define'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import type { TestDatabase } from '@/tests/support/database'

/* A small bakery with every association and most types, for tests of what lists, searches and pickers read. */

export const status = pgEnum('status', ['available', 'low_stock', 'sold_out'])

export const categories = pgTable('categories', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  parentId: integer('parent_id').references((): AnyPgColumn => categories.id),
})

export const products = pgTable('products', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  sku: varchar('sku', { length: 20 }).notNull(),
  categoryId: integer('category_id').references(() => categories.id),
  price: numeric('price', { precision: 10, scale: 2 }),
  cost: numeric('cost', { precision: 10, scale: 2 }),
  sold: integer('sold').notNull(),
  status: status('status').notNull(),
  labels: text('labels').array(),
  facts: jsonb('facts'),
  bakedOn: date('baked_on'),
  changedAt: timestamp('changed_at', { withTimezone: true }),
  isVegan: boolean('is_vegan'),
  code: uuid('code'),
  secret: text('secret'),
})

export const tags = pgTable('tags', { id: integer('id').primaryKey(), word: text('word').notNull() })

export const productsTags = pgTable(
  'products_tags',
  {
    productId: integer('product_id')
      .notNull()
      .references(() => products.id),
    tagId: integer('tag_id')
      .notNull()
      .references(() => tags.id),
  },
  (link) => [primaryKey({ columns: [link.productId, link.tagId] })],
)

export const people = pgTable('people', { id: integer('id').primaryKey(), name: text('name').notNull() })

export const reviews = pgTable('reviews', {
  id: integer('id').primaryKey(),
  productId: integer('product_id')
    .notNull()
    .references(() => products.id),
  authorId: integer('author_id').references(() => people.id),
  body: text('body').notNull(),
})

export const schema = { categories, products, tags, productsTags, people, reviews }

const TABLES = `
  create type status as enum ('available', 'low_stock', 'sold_out');
  create table categories (id integer primary key, name text not null, parent_id integer references categories);
  create table products (
    id integer primary key, name text not null, sku varchar(20) not null, category_id integer references categories,
    price numeric(10, 2), cost numeric(10, 2), sold integer not null, status status not null, labels text[],
    facts jsonb, baked_on date, changed_at timestamptz, is_vegan boolean, code uuid, secret text);
  create table tags (id integer primary key, word text not null);
  create table products_tags (product_id integer references products, tag_id integer references tags, primary key (product_id, tag_id));
  create table people (id integer primary key, name text not null);
  create table reviews (id integer primary key, product_id integer not null references products, author_id integer references people, body text not null);
  grant all on all tables in schema public to kontor_app;
  insert into categories values (1, 'Bread', null), (2, 'Rye', 1), (3, 'Cakes', null), (4, 'Crème', 3);
  insert into people values (1, 'Ada Lovelace'), (2, 'Bob 100%');
  insert into tags values (1, 'festive'), (2, 'festival'), (3, 'nut_free');`

/** Fills the tables with what most tests of a file share. */
export async function createBakery(db: TestDatabase): Promise<void> {
  await db.owner.sql.unsafe(TABLES)
}

/** Adds a product; what is not given is plain. */
export async function addProduct(
  db: TestDatabase,
  given: Partial<typeof products.$inferInsert> & { id: number },
): Promise<void> {
  await db.owner.orm
    .insert(products)
    .values({ name: `Product ${given.id}`, sku: `P-${given.id}`, sold: given.id, status: 'available', ...given })
}

/** A site over the bakery; `options` says what products do differently. */
export function bakeryOptions(
  options: ResourceOptions<typeof products> = {},
  others: Partial<AdminOptions> = {},
): AdminOptions {
  return {
    schema,
    sections: {
      shop: section(
        'Shop',
        {},
        {
          products: resource(products, options),
          categories: resource(categories),
          tags: resource(tags, { title: 'word' }),
          reviews: resource(reviews),
          people: resource(people),
        },
      ),
    },
    ...others,
  }
}
