import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setUpSystem } from '@/bin/supervisor/system'
import { bundleWorker } from '@/bin/supervisor/worker-bundle'
import { freePort } from '@/lib/db/embedded-port'
import { sweepWorkers, workerStatus } from '@/lib/db/workers'
import { readEnv } from '@/lib/env'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'
import { startHeartbeat } from '@/worker/heartbeat'
import { startWorker } from '@/worker/worker'

const db = await createTestDatabase()
const silent = pino({ level: 'silent' })
const variables = { DATABASE_URL: db.urls.app, NEXTAUTH_SECRET: 'a secret of some length' }

describe('the heartbeat', () => {
  it('shows a worker while it lives and nobody after it stopped', async () => {
    expect(await workerStatus(db.app.orm)).toEqual({ alive: [], silentForSeconds: null })
    const worker = await startWorker(readEnv(variables, 'worker'), { duties: [], services: [] }, silent)
    const { alive, silentForSeconds } = await workerStatus(db.app.orm)
    expect(alive).toMatchObject([{ id: worker.id, pid: process.pid }])
    expect(Math.abs(alive[0]!.seenAt.getTime() - Date.now())).toBeLessThan(60_000)
    expect(silentForSeconds).toBe(0)
    await worker.stop()
    expect((await workerStatus(db.app.orm)).alive).toEqual([])
  })

  it('goes on, and returns to the table when its row was swept meanwhile', async () => {
    const heartbeat = await startHeartbeat({ db: db.app, log: silent }, '1.2.3', 20)
    await db.owner.sql`delete from kontor.workers`
    await eventually(async () => {
      expect((await workerStatus(db.app.orm)).alive).toMatchObject([{ id: heartbeat.id, version: '1.2.3' }])
    })
    await heartbeat.stop()
  })

  it('that stopped long ago counts the seconds, and is swept after an hour', async () => {
    await db.owner.sql`insert into kontor.workers (host, pid, version, seen_at) values
      ('here', 1, '0', now() - interval '2 minutes'), ('there', 2, '0', now() - interval '2 hours')`
    const { alive, silentForSeconds } = await workerStatus(db.app.orm)
    expect(alive).toEqual([])
    expect(silentForSeconds).toBeGreaterThanOrEqual(120)
    await sweepWorkers(db.app.orm)
    expect(await db.owner.sql`select host from kontor.workers`).toMatchObject([{ host: 'here' }])
  })

  it('refuses to start where schema kontor is not there', async () => {
    const url = new URL(db.urls.app)
    url.pathname = '/template1'
    const env = readEnv({ ...variables, DATABASE_URL: url.href }, 'worker')
    await expect(startWorker(env, { duties: [], services: [] }, silent)).rejects.toThrow()
  })
})

describe('the built worker', () => {
  let folder: string
  let file: string

  beforeAll(async () => {
    folder = await mkdtemp(path.resolve('node_modules/.kontor-worker-'))
    file = path.join(folder, 'worker.mjs')
    await bundleWorker(file)
    await setUpSystem(db.urls.owner, 'kontor_app')
  })

  afterAll(() => rm(folder, { recursive: true }))

  function run(env: Record<string, string>) {
    const child = spawn(process.execPath, ['--enable-source-maps', file], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    return { child, ended, output: () => output }
  }

  it('runs in plain Node and leaves no row behind at SIGTERM', async () => {
    await db.owner.sql`delete from kontor.workers`
    const { child, ended, output } = run(variables)
    await eventually(() => expect(output()).toContain('The worker is up'), 20_000)
    expect((await workerStatus(db.app.orm)).alive).toMatchObject([{ pid: child.pid }])
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect((await workerStatus(db.app.orm)).alive).toEqual([])
  })

  it('answers for its health and its measures on a port of its own', async () => {
    const port = await freePort()
    const { child, ended, output } = run({ ...variables, KONTOR_WORKER_PORT: String(port) })
    await eventually(() => expect(output()).toContain('The worker is up'), 20_000)
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    expect(await (await get('/health')).json()).toEqual({ status: 'ok' })
    const [{ id }] = (await db.app.sql`insert into kontor.effects (kind, payload)
      values ('log', '{"message": "counted"}') returning id`) as unknown as [{ id: string }]
    await eventually(async () => {
      const [row] = await db.app.sql`select status from kontor.effects where id = ${id}`
      expect(row?.status).toBe('completed')
    }, 20_000)
    await eventually(async () => {
      const text = await (await get('/metrics')).text()
      expect(text).toContain('kontor_effect_attempts_total{kind="log",outcome="completed",process="worker"} 1')
      expect(text).toContain('kontor_database_up{process="worker"} 1')
      expect(text).toContain('kontor_effects{state="dead",process="worker"} 0')
      expect(text).toContain('process_cpu_seconds_total')
    }, 20_000)
    expect((await get('/')).status).toBe(404)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await expect(get('/health')).rejects.toThrow()
  })

  it('names every missing variable and ends', async () => {
    const { ended, output } = run({})
    expect(await ended).toBe(1)
    expect(output()).toMatch(/DATABASE_URL is missing.*NEXTAUTH_SECRET is missing/s)
  })
})
