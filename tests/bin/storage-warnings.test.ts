import { expect, test } from 'vitest'
import { setUpTables, storageWarnings, tablesSql } from '@/bin/supervisor/tables'
import { connect } from '@/lib/db/client'
import { migrateTables } from '@/lib/db/migrate'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()

test('start and migrate say which tables are not as their storage needs them, and setting up mends it', async () => {
  expect(await storageWarnings(db.urls.app)).toContain('shop.carts is not in the database. Run `npm run migrate`.')
  await migrateTables(db.urls.owner)
  expect(await storageWarnings(db.urls.app)).toEqual([
    expect.stringContaining(
      'catalogue.allergen_declarations is not set up as append-only. Run `npm run migrate -- --tables`.',
    ),
    expect.stringContaining('shop.carts is not set up as ephemeral'),
    expect.stringContaining('shop.cart_lines is not set up as ephemeral'),
  ])
  expect((await setUpTables(db.urls.owner)).failed).toEqual([])
  expect(await storageWarnings(db.urls.app)).toEqual([])
})

test('what migrate prints for people who run it by hand sets the tables up too', async () => {
  const printed = await createTestDatabase()
  await migrateTables(printed.urls.owner)
  const psql = connect(printed.urls.owner, { max: 1 })
  await psql.sql.unsafe(await tablesSql(printed.urls.owner))
  await psql.close()
  expect(await storageWarnings(printed.urls.app)).toEqual([])
})

test('a permanent table that refers to one that is to be unlogged is named, with what to do', async () => {
  await db.owner.sql`alter table shop.carts set logged`
  await db.owner.sql`alter table shop.cart_lines set logged`
  await db.owner.sql`create table shop.receipts (cart_id uuid references shop.carts on delete cascade)`
  expect(await storageWarnings(db.urls.app)).toContainEqual(
    expect.stringMatching(/shop\.receipts refers to shop\.carts, and Postgres lets no permanent table.*durable: true/),
  )
  const { failed } = await setUpTables(db.urls.owner)
  expect(failed[0]).toContain('shop.receipts refers to shop.carts')
})
