import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect } from '@/lib/db/client'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()

/** Ends every connection of the pool, and waits until the server has. */
const endBackends = () => db.admin.sql`
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where application_name = 'doomed' and datname = current_database()`

test('a server that goes away in the middle of a transaction fails it, and the pool goes on', async () => {
  const pool = connect(db.urls.app, { max: 1, applicationName: 'doomed' })
  for (let n = 0; n < 5; n++) {
    const lost = pool.sql.begin(async (tx) => {
      await tx`select 1`
      await endBackends()
      await sleep(20)
      await tx`select 2`
    })
    await expect(lost).rejects.toMatchObject({ code: expect.stringMatching(/^(CONNECTION_CLOSED|57P01|ECONNRESET)$/) })
    expect(await pool.sql`select 3 as n`).toMatchObject([{ n: 3 }])
  }
  await pool.close()
})

test('no statement of a lost transaction runs outside of it, on the connection that takes its place', async () => {
  await db.owner.sql.unsafe('create table if not exists kept (n int); grant select, insert on kept to kontor_app')
  const pool = connect(db.urls.app, { max: 1, applicationName: 'doomed' })
  const lost = pool.sql.begin(async (tx) => {
    await tx`insert into kept values (1)`
    await endBackends()
    await sleep(30)
    // Its place in the pool is another's by now.
    expect(await pool.sql`select 4 as n`).toMatchObject([{ n: 4 }])
    await tx`insert into kept values (2)`.catch(() => {})
    await tx`insert into kept values (3)`
  })
  await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  await sleep(100)
  expect(await pool.sql`select n from kept`).toHaveLength(0)
  await pool.close()
})

test('one that goes away while statements run fails those, and the pool goes on', async () => {
  const pool = connect(db.urls.app, { max: 2, applicationName: 'doomed' })
  for (let n = 0; n < 5; n++) {
    const running = [0, 1, 2, 3].map(() => pool.sql.begin((tx) => tx`select pg_sleep(5)`))
    const settled = Promise.allSettled(running)
    await sleep(50)
    for (let round = 0; round < 3; round++) {
      await endBackends()
      await sleep(60)
    }
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true)
    await sleep(50) // until the last of the ends has reached this process
    expect(await pool.sql`select 3 as n`).toMatchObject([{ n: 3 }])
  }
  await pool.close()
})

test('a statement that fails after its first rows leaves nothing in the result of the next', async () => {
  const pool = connect(db.urls.app, { max: 1, applicationName: 'doomed' })
  for (const statement of [
    'select 1 / (3 - i) as x from generate_series(1, 5) i',
    'select i from generate_series(1, 5) i',
  ]) {
    await pool.sql.unsafe(statement).catch(() => {})
    const next = await pool.sql`select 42 as answer`
    expect([...next]).toEqual([{ answer: 42 }])
  }
  const cut = pool.sql`select i, case when i = 3 then pg_sleep(10)::text end from generate_series(1, 5) i`.execute()
  setTimeout(() => void endBackends().execute(), 100)
  await expect(cut).rejects.toThrow()
  expect([...(await pool.sql`select 43 as answer`)]).toEqual([{ answer: 43 }])
  await pool.close()
})
