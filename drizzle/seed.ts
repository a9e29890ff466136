import type postgres from 'postgres'
import { seedBlog } from './demo/blog'
import { seedCatalogue } from './demo/catalogue'
import { seedShop } from './demo/shop'
import { seedStaff } from './demo/staff'

/** A bakery is on Lake Constance: its days begin at midnight there. */
const ZONE = 'Europe/Berlin'

/**
 * Fills the demo's tables: the same bakery every time, its recent past ending today. Does nothing where
 * there is data already. All of it is one transaction, so that an interrupted seed leaves nothing behind.
 * @param sql a connection of a role that may write the demo's tables
 * @param log told what is done, a line a part
 * @param now the moment at which the demo's present is; the same day gives the same data up to that moment
 */
export async function seedDemo(sql: postgres.Sql, log: (line: string) => void, now = new Date()): Promise<void> {
  const isNew = await sql.begin(async (tx) => {
    await tx`lock table catalogue.products in share row exclusive mode`
    const [found] = await tx`select exists (select from catalogue.categories) or exists (select from catalogue.products)
      or exists (select from shop.customers) or exists (select from blog.posts) or exists (select from staff.employees) as any`
    if (found?.any) return false
    await tx`select set_config('kontor.actor', 'system', true), set_config('kontor.source', 'seed', true)`
    await tx`select set_config('TimeZone', ${ZONE}, true), set_config('statement_timeout', '0', true)`
    await createHelpers(tx, now)
    // The parts refer to rows by their number: the demo's identities count from 1, also where rows were deleted before.
    for (const table of NUMBERED) await tx.unsafe(`alter table ${table} alter column id restart with 1`)
    for (const [name, seed] of Object.entries(PARTS)) {
      const started = performance.now()
      const rows = await seed(tx)
      log(`${name}: ${rows} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    }
    await tx`drop function pg_temp.noise, pg_temp.pick, pg_temp.moment, pg_temp.today, pg_temp.clock`
    return true
  })
  // So that the first lists are planned well, and counted without reading the tables.
  if (isNew) await sql`vacuum (analyze) ${sql(VACUUMED)}`
}

const PARTS: Record<string, (tx: postgres.TransactionSql) => Promise<string>> = {
  Catalogue: seedCatalogue,
  Shop: seedShop,
  Blog: seedBlog,
  Staff: seedStaff,
}

const VACUUMED = [
  ...['catalogue.products', 'catalogue.categories', 'shop.customers', 'shop.addresses', 'shop.orders'],
  ...['shop.order_lines', 'shop.carts', 'shop.cart_lines', 'blog.posts', 'blog.comments', 'staff.shifts'],
]

const NUMBERED = [
  ...['catalogue.categories', 'catalogue.products', 'shop.customers', 'shop.orders'],
  ...['blog.authors', 'blog.posts', 'blog.tags', 'staff.roles', 'staff.employees'],
]

/**
 * `noise(key, n)` is a number in [0, 1) that looks random and is always the same; `pick(list, chance)` an element of a
 * list; `moment()` the present and `today()` the midnight before it; `clock()` a time without fractions of a second, as
 * people would have typed it.
 */
async function createHelpers(tx: postgres.TransactionSql, now: Date): Promise<void> {
  const moment = `timestamptz '${now.toISOString()}'`
  await tx.unsafe(`
    create function pg_temp.noise(key text, n bigint) returns float8 language sql immutable as
      $$ select ('x' || substr(md5(key || n::text), 1, 8))::bit(32)::bigint / 4294967296.0::float8 $$;
    create function pg_temp.pick(list text[], chance float8) returns text language sql immutable as
      $$ select list[1 + floor(chance * cardinality(list))::int] $$;
    create function pg_temp.moment() returns timestamptz language sql immutable as $$ select ${moment} $$;
    create function pg_temp.clock(at timestamptz) returns timestamptz language sql stable as
      $$ select date_trunc('second', at) $$;
    create function pg_temp.today() returns timestamptz language sql stable as
      $$ select date_trunc('day', ${moment}, '${ZONE}') $$;`)
}
