import pino, { type Logger } from 'pino'
import { afterAll, expect } from 'vitest'
import { connect } from '@/lib/db/client'
import { databaseClock } from '@/lib/db/clock'
import type { HandlerDefinition } from '@/lib/effects/handler'
import { openCarrier } from '@/lib/effects/queue/bullmq'
import { migrateQueue } from '@/lib/effects/queue/migrate'
import { resolveHandlers } from '@/lib/effects/registry'
import { requestEffect } from '@/lib/effects/request'
import {
  type EffectsSettings,
  type EffectsWorker,
  type EffectsWorkerParts,
  runEffectsWorker,
} from '@/lib/effects/work/worker'
import type { TestDatabase } from './database'

export const SECRET = 'a secret of the tests, long enough'

/** Intervals short enough for tests; the proportions are those of the defaults. */
export const QUICK: EffectsSettings = { concurrency: 16, leaseMs: 3000, offerMs: 1500, reconcileMs: 250, pollMs: 250 }

export interface TestWorker extends EffectsWorker {
  /** Stops at once and closes every connection; called after the file where the test did not. */
  end(graceMs?: number): Promise<void>
}

export interface TestWorkerOptions {
  redisUrl?: string
  settings?: Partial<EffectsSettings>
  name?: string
  log?: Logger
  parts?: Partial<EffectsWorkerParts>
}

/** Starts effects workers on the file's database; every one still running at the end is stopped. */
export async function effectsWorkers(db: TestDatabase) {
  await migrateQueue(db.urls.owner, 'kontor_app')
  const open = new Set<TestWorker>()
  let count = 0
  afterAll(async () => {
    await Promise.all([...open].map((worker) => worker.end()))
  })

  return async function start(handlers: Record<string, HandlerDefinition>, options: TestWorkerOptions = {}) {
    const resolved = resolveHandlers([{ path: 'effects', handlers }])
    if (resolved.checks.length > 0) throw new Error(JSON.stringify(resolved.checks))
    const log = options.log ?? pino({ level: process.env.KONTOR_TEST_LOG ?? 'silent' })
    const pool = connect(db.urls.app, { max: 10, applicationName: 'kontor-effects' })
    const listener = connect(db.urls.app, { max: 1, applicationName: 'kontor-listen' })
    const onError = (error: Error) => log.warn({ err: error }, 'queue')
    const carrier = openCarrier({
      kinds: [...resolved.handlers.keys()],
      databaseUrl: db.urls.app,
      redisUrl: options.redisUrl,
      onError,
    })
    const worker = await runEffectsWorker({
      db: pool,
      listener: listener.sql,
      carrier,
      handlers: resolved.handlers,
      log,
      clock: await databaseClock(pool.sql),
      secret: SECRET,
      callbackUrl: 'http://127.0.0.1:1/api/effects/callback',
      worker: options.name ?? `test-${++count}`,
      settings: { ...QUICK, ...options.settings },
      ...options.parts,
    })
    const running: TestWorker = {
      ...worker,
      async end(graceMs = 100) {
        if (!open.delete(running)) return
        await worker.stop(graceMs)
        await carrier.close()
        await Promise.all([pool.close(), listener.close()])
      },
    }
    open.add(running)
    return running
  }
}

/** Requests effects, and answers each one's row once it is terminal, or failed for now. `wait` is the seconds until it is due. */
export function effectCarrier(db: TestDatabase) {
  return async function carryOut(kind: string, payload: unknown, until = ['completed', 'dead', 'failed']) {
    const id = await requestEffect(db.app.orm, { kind, payload })
    let row: Record<string, unknown> = {}
    const readState = async () => {
      const [read] = await db.app.sql`
        select *, extract(epoch from run_at - now())::float8 as wait from kontor.effects where id = ${id}`
      row = read!
      return String(row.status)
    }
    await expect.poll(readState, { interval: 20 }).toSatisfy((status: string) => until.includes(status))
    return row as Record<string, unknown> & { completion_payload: Record<string, unknown>; last_error: string }
  }
}
