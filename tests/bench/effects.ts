import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq'
import { Logger, runMigrations as migrateGraphile, run as runGraphile } from 'graphile-worker'
import pg from 'pg'
import PgBoss from 'pg-boss'
import { pino } from 'pino'
import postgres from 'postgres'
import { z } from 'zod'
import { connect } from '@/lib/db/client'
import { systemClock } from '@/lib/db/clock'
import { handler } from '@/lib/effects/handler'
import { openCarrier } from '@/lib/effects/queue/bullmq'
import { migrateQueue } from '@/lib/effects/queue/migrate'
import { resolveHandlers } from '@/lib/effects/registry'
import { runEffectsWorker } from '@/lib/effects/work/worker'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'

export interface BenchRow {
  case: string
  result: string
  /** Against the first row of the table. */
  ratio: string
}

export interface BenchTable {
  title: string
  rows: BenchRow[]
}

const CONCURRENCY = 16

/** Effects beside what else carries jobs on Postgres, on one server in one run. */
export async function benchEffects(adminUrl: string, jobs = 20_000): Promise<BenchTable[]> {
  const name = `bench_${randomUUID().slice(0, 8)}`
  await prepareTemplate(adminUrl)
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  const url = databaseUrl(adminUrl, name)
  try {
    await migrateQueue(databaseUrl(adminUrl, name, 'kontor_owner'), 'kontor_app')
    const rates: [string, number][] = [
      ['bare BullMQ, one id a job', await drainBullmq(url, jobs / 4)],
      ['kontor.effects', await withEffects(databaseUrl(adminUrl, name, 'kontor_app'), (at) => drainEffects(at, jobs))],
      ['graphile-worker', await drainGraphile(url, jobs / 4)],
      ['pg-boss, batches of 100', await drainBoss(url, jobs)],
    ]
    const base = rates[0]?.[1] ?? 1
    const perSecond = rates.map(([label, rate]) => ({
      case: label,
      result: `${Math.round(rate)}/s`,
      ratio: (rate / base).toFixed(2),
    }))
    const waits = await withEffects(databaseUrl(adminUrl, name, 'kontor_app'), latencies)
    const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0
    const urgent = await withEffects(databaseUrl(adminUrl, name, 'kontor_app'), urgentInBacklog)
    const median = at(0.5)
    return [
      { title: `No-op jobs waiting, drained with concurrency ${CONCURRENCY}`, rows: perSecond },
      {
        title: 'Commit to start of the handler',
        rows: [
          { case: 'idle, median', result: `${median.toFixed(1)} ms`, ratio: '1.00' },
          { case: 'idle, 99th percentile', result: `${at(0.99).toFixed(1)} ms`, ratio: (at(0.99) / median).toFixed(2) },
          {
            case: 'urgent kind behind 10,000 others',
            result: `${urgent.waitMs.toFixed(1)} ms`,
            ratio: (urgent.waitMs / median).toFixed(2),
          },
          { case: 'all of those 10,000 done', result: `${urgent.drainedS.toFixed(1)} s`, ratio: '' },
        ],
      },
    ]
  } finally {
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

interface Bench {
  sql: postgres.Sql
  /** Called with each payload; replaced by what is measured. */
  onRun(listener: (payload: unknown, kind: string) => void): void
  /** Starts the worker; until then effects only wait. */
  start(): Promise<void>
}

async function withEffects<T>(url: string, measure: (bench: Bench) => Promise<T>): Promise<T> {
  const db = connect(url, { max: 10 })
  const listener = connect(url, { max: 1 })
  let notice: (payload: unknown, kind: string) => void = () => {}
  const run = (payload: unknown, ctx: { kind: string }) => notice(payload, ctx.kind)
  const { handlers } = resolveHandlers([
    {
      path: 'bench',
      handlers: {
        'bench.noop': handler({ payload: z.unknown(), run }),
        'bench.urgent': handler({ payload: z.unknown(), run, priority: 1 }),
      },
    },
  ])
  const carrier = openCarrier({ kinds: [...handlers.keys()], databaseUrl: url, onError: () => {} })
  let worker: Awaited<ReturnType<typeof runEffectsWorker>> | undefined
  try {
    return await measure({
      sql: db.sql,
      onRun: (next) => {
        notice = next
      },
      async start() {
        const log = pino({ level: 'silent' })
        const shared = { db, listener: listener.sql, carrier, handlers, log, clock: systemClock }
        worker = await runEffectsWorker({ ...shared, worker: 'bench', settings: { concurrency: CONCURRENCY } })
      },
    })
  } finally {
    await worker?.stop(1000)
    await carrier.close()
    await Promise.all([db.close(), listener.close()])
  }
}

async function drainEffects({ sql, start, onRun }: Bench, jobs: number): Promise<number> {
  await sql`insert into kontor.effects (kind, payload) select 'bench.noop', to_jsonb(n) from generate_series(1, ${jobs}) n`
  let done = 0
  onRun(() => done++)
  const startedAt = performance.now()
  await start()
  while (done < jobs) await sleep(5)
  for (;;) {
    const [row] =
      await sql`select count(*)::int as left from kontor.effects where status in ('pending', 'running', 'failed')`
    if (row?.left === 0) break
    await sleep(5)
  }
  return (jobs / (performance.now() - startedAt)) * 1000
}

async function latencies({ sql, start, onRun }: Bench): Promise<number[]> {
  await start()
  await sleep(1500)
  const waits: number[] = []
  for (let n = 0; n < 300; n++) {
    const started = new Promise<number>((resolve) => onRun(() => resolve(performance.now())))
    await sql`insert into kontor.effects (kind) values ('bench.noop')`
    const committedAt = performance.now()
    waits.push(Math.max(0, (await started) - committedAt))
    await sleep(10)
  }
  return waits.toSorted((a, b) => a - b)
}

const BACKLOG = 10_000

/** Milliseconds until an urgent effect starts behind a backlog, and seconds until the backlog is done. */
async function urgentInBacklog({ sql, start, onRun }: Bench): Promise<{ waitMs: number; drainedS: number }> {
  await sql`insert into kontor.effects (kind) select 'bench.noop' from generate_series(1, ${BACKLOG})`
  const begunAt = performance.now()
  let done = 0
  let urgent = (_at: number) => {}
  onRun((_payload, kind) => (kind === 'bench.urgent' ? urgent(performance.now()) : done++))
  await start()
  await sleep(300)
  const started = new Promise<number>((resolve) => {
    urgent = resolve
  })
  await sql`insert into kontor.effects (kind) values ('bench.urgent')`
  const committedAt = performance.now()
  const waitMs = (await started) - committedAt
  while (done < BACKLOG) await sleep(5)
  return { waitMs, drainedS: (performance.now() - begunAt) / 1000 }
}

async function drainBullmq(url: string, jobs: number): Promise<number> {
  const client = new pg.Client(url)
  await client.connect()
  await runMigrations(client, 'bench_bullmq')
  await client.end()
  const connection = { connectionString: url, schema: 'bench_bullmq', max: CONCURRENCY }
  const queue = new Queue('bench', { connection }, createPostgresBackend)
  for (let n = 0; n < jobs; n += 1000) {
    const batch = Array.from({ length: Math.min(1000, jobs - n) }, (_, index) => ({
      name: 'noop',
      data: { n: n + index },
    }))
    await queue.addBulk(batch.map((job) => ({ ...job, opts: { removeOnComplete: true } })))
  }
  let done = 0
  const startedAt = performance.now()
  const options = { connection, concurrency: CONCURRENCY }
  const worker = new Worker('bench', async () => void done++, options, createPostgresBackend)
  while (done < jobs) await sleep(5)
  const rate = (jobs / (performance.now() - startedAt)) * 1000
  await worker.close()
  await queue.close()
  return rate
}

async function drainGraphile(url: string, jobs: number): Promise<number> {
  const logger = new Logger(() => () => {})
  await migrateGraphile({ connectionString: url, logger })
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`select graphile_worker.add_job('noop', json_build_object('n', n)) from generate_series(1, ${jobs}) n`
  let done = 0
  const startedAt = performance.now()
  const runner = await runGraphile({
    connectionString: url,
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY,
    noHandleSignals: true,
    logger,
    taskList: { noop: async () => void done++ },
  })
  while (done < jobs) await sleep(5)
  const rate = (jobs / (performance.now() - startedAt)) * 1000
  await runner.stop()
  await sql.end()
  return rate
}

async function drainBoss(url: string, jobs: number): Promise<number> {
  const boss = new PgBoss({
    connectionString: url,
    schema: 'bench_boss',
    max: CONCURRENCY,
    supervise: false,
    schedule: false,
  })
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue('noop')
  for (let n = 0; n < jobs; n += 1000) {
    await boss.insert(
      Array.from({ length: Math.min(1000, jobs - n) }, (_, index) => ({ name: 'noop', data: { n: n + index } })),
    )
  }
  let done = 0
  const startedAt = performance.now()
  // Its `work` waits half a second between batches: fetching in a loop is what it can do at best.
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (;;) {
        const batch = await boss.fetch('noop', { batchSize: 100 })
        if (batch.length === 0) return
        done += batch.length
        await boss.complete(
          'noop',
          batch.map(({ id }) => id),
        )
      }
    }),
  )
  const rate = (done / (performance.now() - startedAt)) * 1000
  await boss.stop({ graceful: false })
  return rate
}
