import { expect, test } from 'vitest'
import { historyWarnings, setUpTables } from '@/bin/supervisor/tables'
import { migrateTables } from '@/lib/db/migrate'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()

test('start and migrate say what is not recorded as the config wants, and setting up mends it', async () => {
  await migrateTables(db.urls.owner)
  expect((await historyWarnings(db.urls.app))[0]).toMatch(/^Changes of \d+ tables are not recorded/)
  await setUpTables(db.urls.owner)
  expect(await historyWarnings(db.urls.app)).toEqual([])
  await db.owner.sql.unsafe(`
    alter table catalogue.products disable trigger kontor_log_update;
    alter table shop.coupons add column printed boolean;
    create or replace trigger kontor_log_insert after insert on shop.customers for each statement
      execute function kontor.keep_history()`)
  const told = await historyWarnings(db.urls.app)
  expect(told).toEqual([
    expect.stringContaining('INSERT on shop.customers is not recorded'),
    expect.stringMatching(/disabled by hand: kontor_log_update on catalogue.products/),
    expect.stringContaining('shop.coupons has changed'),
  ])
  await setUpTables(db.urls.owner)
  expect(await historyWarnings(db.urls.app)).toEqual([])
})

test('they say too where the application itself could alter the log, and what to do', async () => {
  expect(await historyWarnings(db.urls.owner)).toEqual([
    expect.stringMatching(/"kontor_owner" owns the change log.*DATABASE_OWNER_URL/),
  ])
})
