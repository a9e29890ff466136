import { expect, test } from 'vitest'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers } from '@/lib/history'
import { createTables, installAll } from '@/tests/storage/support'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { workerProcesses } from '@/tests/support/worker-processes'
import { carts, cartsAdmin } from './storage-tables'

const EXPIRED = 3_000

const db = await createTestDatabase()
const { sql } = db.admin
await createTables(db, { carts })
await sql.unsafe(`create table told (cart text); create table acknowledged (count int);
  grant select, insert on told, acknowledged to kontor_app`)
const admin = await createTestAdmin(db.app, cartsAdmin())
await installAll(db, admin)
await installTriggers(db.owner.sql, trackedTables(admin.source))
const { supervise } = await workerProcesses('storage-process.ts')

test('ephemeral records outlive kill −9 as they were last committed, and each expiry is told once', {
  timeout: 180_000,
}, async () => {
  await sql`insert into carts (id, expires_at) values ('survivor', now() + interval '1 hour')`
  await sql`insert into carts (id, expires_at) select n::text, now() - interval '1 s' from generate_series(1, ${EXPIRED}) n`
  const told = async () => (await sql`select count(*)::int as n from told`)[0]?.n as number
  const program = await supervise({ databaseUrl: db.urls.app })
  for (let kills = 0; kills < 4; kills++) {
    const before = await told()
    await expect.poll(told, { interval: 20 }).toBeGreaterThan(before)
    program.current().signal('SIGKILL')
  }
  await expect.poll(async () => (await sql`select 1 from carts`).length, { timeout: 30_000 }).toBe(1)
  await program.stop()

  expect(await sql`select cart from told group by cart having count(*) > 1`).toEqual([])
  expect(await told()).toBe(EXPIRED)
  const [logged] = await sql`select count(*)::int as n, count(distinct record_id)::int as records from kontor.changes
    where op = 'delete' and source = 'expiry' and actor = 'system'`
  expect(logged).toEqual({ n: EXPIRED, records: EXPIRED })
  const [kept] = await sql`select count, (select max(count) from acknowledged) as acknowledged from carts`
  expect(kept?.acknowledged).toBeGreaterThan(0)
  expect(kept?.count).toBeGreaterThanOrEqual(kept?.acknowledged)
  expect(program.starts()).toBeGreaterThan(3)
})
