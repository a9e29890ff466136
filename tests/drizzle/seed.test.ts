import type postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { seedDemo } from '@/drizzle/seed'
import { migrateTables } from '@/lib/db/migrate'
import { createTestDatabase, type TestDatabase } from '@/tests/support/database'

const NOW = new Date('2026-11-21T12:40:00Z')
const first = await createTestDatabase()
const second = await createTestDatabase()

async function seed(db: TestDatabase, now: Date): Promise<string[]> {
  const lines: string[] = []
  await migrateTables(db.urls.owner)
  await seedDemo(db.owner.sql, (line) => lines.push(line), now)
  return lines
}

const logged = await seed(first, NOW)

async function count(sql: postgres.Sql, from: string): Promise<number> {
  const [row] = await sql.unsafe(`select count(*)::int as n from ${from}`)
  return row?.n
}

/** A digest of every row of every table of the demo, by table. */
async function digests(sql: postgres.Sql): Promise<Record<string, string>> {
  const tables = await sql`select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('blog', 'catalogue', 'shop', 'staff') order by 1`
  const result: Record<string, string> = {}
  for (const { name } of tables) {
    const [row] = await sql.unsafe(
      `select md5(string_agg(hash, '' order by hash)) as all from (select md5(t::text) as hash from ${name} t) as rows`,
    )
    result[name] = row?.all
  }
  return result
}

describe('the demo', () => {
  test.each([
    ['catalogue.categories', 50],
    ['catalogue.products', 2000],
    ['catalogue.allergens', 14],
    ['shop.customers', 20_000],
    ['shop.orders', 50_000],
    ['shop.carts', 7],
    ['blog.posts', 214],
    ['blog.tags', 38],
    ['staff.employees', 42],
  ])('has in %s %i rows', async (table, rows) => {
    expect(await count(first.owner.sql, table)).toBe(rows)
  })

  test('has about three lines an order', async () => {
    const lines = await count(first.owner.sql, 'shop.order_lines')
    expect(lines).toBeGreaterThan(140_000)
    expect(lines).toBeLessThan(160_000)
  })

  test('tells what it did, a line a part', () => {
    expect(logged.map((line) => line.split(':')[0])).toEqual(['Catalogue', 'Shop', 'Blog', 'Staff'])
  })

  test('leaves everything alone when it is there already', async () => {
    const before = await digests(first.owner.sql)
    await first.owner.sql`update catalogue.products set price = 9.99 where id = 1`
    await seedDemo(first.owner.sql, () => expect.unreachable('nothing is seeded twice'), NOW)
    const [product] = await first.owner.sql`select price from catalogue.products where id = 1`
    expect(product?.price).toBe('9.99')
    await first.owner.sql`update catalogue.products set price = 1.80 where id = 1`
    expect(await digests(first.owner.sql)).toEqual(before)
  })

  test('is the same on the same day at the same moment, also where numbers were used before', async () => {
    await migrateTables(second.urls.owner)
    await second.owner.sql`insert into catalogue.categories (name, slug) values ('Gone', 'gone')`
    await second.owner.sql`delete from catalogue.categories`
    await seed(second, NOW)
    expect(await digests(second.owner.sql)).toEqual(await digests(first.owner.sql))
  })

  test('has nothing that happened in the future', async () => {
    const { sql } = first.owner
    expect(
      await count(sql, `shop.orders where placed_at > '${NOW.toISOString()}' or paid_at > '${NOW.toISOString()}'`),
    ).toBe(0)
    expect(await count(sql, `blog.comments where created_at > '${NOW.toISOString()}'`)).toBe(0)
    expect(await count(sql, `shop.customers where updated_at > '${NOW.toISOString()}'`)).toBe(0)
    expect(
      await count(sql, 'shop.orders o join shop.customers c on c.id = customer_id where c.created_at > placed_at'),
    ).toBe(0)
  })

  test('has carts that are alive, and declarations in versions without a gap', async () => {
    const { sql } = first.owner
    expect(await count(sql, `shop.carts where expires_at > '${NOW.toISOString()}' and total > 0`)).toBe(7)
    const [row] = await sql`select count(*)::int as entries, bool_and(whole) as whole, max(versions)::int as most from (
      select count(*) as versions, count(*) = max(entry_version) and bool_and(version_at <= ${NOW.toISOString()}) as whole
      from catalogue.allergen_declarations group by entry_id) e`
    expect(row).toEqual({ entries: 150, whole: true, most: 4 })
  })

  test('is open today, and on Saturdays has more to do than on Mondays', async () => {
    const { sql } = first.owner
    expect(await count(sql, `shop.orders where placed_at > '2026-11-21'`)).toBeGreaterThan(50)
    const weekday = (day: number) => count(sql, `shop.orders where extract(isodow from placed_at) = ${day}`)
    expect(await weekday(6)).toBeGreaterThan(1.5 * (await weekday(1)))
  })

  test('numbers orders in the order they came in', async () => {
    const [row] = await first.owner.sql`select bool_and(placed_at >= earlier) as sorted, max(id)::int as last
      from (select id, placed_at, lag(placed_at, 1, placed_at) over (order by id) as earlier from shop.orders) o`
    expect(row).toEqual({ sorted: true, last: 50_000 })
  })

  test('has totals that follow from the lines and the coupon', async () => {
    const wrong = await count(
      first.owner.sql,
      `shop.orders o left join shop.coupons c on c.code = o.coupon_code where total <>
        (select round(sum(amount) * (1 - coalesce(c.percent, 0) / 100), 2) from shop.order_lines where order_id = o.id)`,
    )
    expect(wrong).toBe(0)
  })

  test('counts as sold what the lines sold', async () => {
    const wrong = await count(
      first.owner.sql,
      'catalogue.products p join shop.sales_per_product s on s.product_id = p.id where p.sold <> s.units',
    )
    expect(wrong).toBe(0)
  })

  test('has pictures that are PNGs', async () => {
    const { sql } = first.owner
    const pictures = await count(sql, 'catalogue.products where photo is not null')
    expect(pictures).toBeGreaterThan(200)
    expect(await count(sql, String.raw`catalogue.products where substr(photo, 1, 4) = '\x89504e47'`)).toBe(pictures)
  })

  test('has no shift that overlaps another, and refuses one', async () => {
    const [shift] = await first.owner.sql`select employee_id, during::text from staff.shifts limit 1`
    await expect(
      first.owner.sql`insert into staff.shifts (employee_id, station, during)
        values (${shift?.employee_id}, 'counter', ${shift?.during}::text::tstzrange)`,
    ).rejects.toMatchObject({ code: '23P01', constraint_name: 'shifts_no_overlap' })
  })

  test('searches customers by an index', async () => {
    const plan = await first.owner.sql`explain select * from shop.customers where email ilike '%lindqvist%'`
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('customers_email_trgm')
  })

  test('leaves nothing behind when it is interrupted', async () => {
    const third = await createTestDatabaseWithBrokenShop()
    await expect(seedDemo(third.owner.sql, () => {}, NOW)).rejects.toThrow('no customers today')
    expect(await count(third.owner.sql, 'catalogue.products')).toBe(0)
  })
})

async function createTestDatabaseWithBrokenShop(): Promise<TestDatabase> {
  const db = await createTestDatabase()
  await migrateTables(db.urls.owner)
  await db.owner.sql.unsafe(`create function shop.refuse() returns trigger language plpgsql as
    $$ begin raise exception 'no customers today'; end $$;
    create trigger refuse before insert on shop.customers for each statement execute function shop.refuse()`)
  return db
}
