import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, expect, test } from 'vitest'
import { startCrashablePostgres } from '@/tests/support/crashable-postgres'
import { createOutside, violations, workerProcesses } from '@/tests/support/worker-processes'

const server = await startCrashablePostgres()
const sql = postgres(server.urls.admin, { max: 2, onnotice: () => {} })
await createOutside(sql)
const { start } = await workerProcesses()
afterAll(async () => {
  await sql.end()
  await server.remove()
})

test('Postgres stopped at once and started again: every effect and task goes on', { timeout: 180_000 }, async () => {
  const workers = await Promise.all([1, 2].map(() => start({ databaseUrl: server.urls.app, tasks: true })))
  await sql`insert into kontor.effects (kind, payload)
    select 'fault', '{"do": "slow"}' from generate_series(1, 500)`
  await expect.poll(async () => (await sql`select 1 from calls limit 1`).length, { interval: 20 }).toBe(1)
  for (let n = 0; n < 2; n++) {
    await server.crash()
    await sleep(500)
    await server.restart()
    await sleep(1000)
  }
  const left = () => sql`select 1 from kontor.effects where status not in ('completed', 'dead')`
  await expect.poll(async () => (await left()).length, { timeout: 40_000, interval: 100 }).toBe(0)
  const [counts] = await sql`select count(*) filter (where status = 'completed')::int as completed,
    (select count(*)::int from kontor.task_runs where ended_at > (select max(completed_at) from kontor.effects) - interval '2 s')
      as runs from kontor.effects`
  expect(counts!.completed).toBe(500)
  await expect
    .poll(async () => (await sql`select 1 from kontor.task_runs where ended_at > now() - interval '1 s'`).length, {
      timeout: 30_000,
    })
    .toBeGreaterThan(0)
  expect(await violations(sql)).toEqual([])
  for (const worker of workers) {
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
  }
})
