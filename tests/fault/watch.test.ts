import type { AddressInfo } from 'node:net'
import { connect as connectTo, createServer, type Socket } from 'node:net'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startCrashablePostgres } from '@/tests/support/crashable-postgres'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'
import { createThings, expectWholeLog, type Follower, follow, newestId, writeMuch } from '@/tests/support/watch'

const followers: Follower[] = []
const followed = async (...args: Parameters<typeof follow>) => {
  const follower = await follow(...args)
  followers.push(follower)
  return follower
}
afterEach(async () => {
  await Promise.all(followers.splice(0).map((follower) => follower.close()))
})

describe('whoever follows the log receives all of it, once each and in order for each record,', () => {
  let db: Awaited<ReturnType<typeof createTestDatabase>>
  let writers: postgres.Sql

  const created = createTestDatabase()
  beforeAll(async () => {
    db = await created
    await createThings(db.owner.sql)
    writers = postgres(db.urls.admin, { max: 8, onnotice: () => {} })
  })
  afterAll(() => writers.end())

  it('though its connections are terminated again and again in a burst', { timeout: 180_000 }, async () => {
    const start = await newestId(db.admin.sql)
    const follower = await followed({ app: db.urls.app })
    let isOver = false
    const terminate = async () => {
      for (let turn = 0; !isOver; turn++) {
        const names = turn % 2 === 0 ? ['kontor feed'] : ['kontor feed', 'follower']
        await db.admin.sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = any(${names})`
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
    }
    const terminating = terminate()
    await writeMuch(writers, 8, 60)
    isOver = true
    await terminating
    await expectWholeLog(db.admin.sql, start, follower)
    expect(follower.feed.state().doorbellLosses).toBeGreaterThan(0)
    await eventually(() => expect(follower.feed.state().isListening).toBe(true))
  })

  it('though a transaction stays open for 30 s here and another in the next database: neither holds the others up', {
    timeout: 120_000,
  }, async () => {
    const start = await newestId(db.admin.sql)
    const follower = await followed({ app: db.urls.app })
    const elsewhere = postgres(db.urls.admin.replace(/\/[^/]*$/, '/postgres'), { max: 1, onnotice: () => {} })
    const [here, there] = [await db.admin.sql.reserve(), await elsewhere.reserve()]
    await there`begin`
    await there`select pg_current_xact_id()`
    await here`begin`
    await here`insert into things values (500, 'slow')`
    const opened = performance.now()
    await writeMuch(writers, 4, 30, 600)
    await expectWholeLog(db.admin.sql, start, follower)
    for (let id = 700; performance.now() - opened < 30_000; id++) {
      await writeMuch(writers, 1, 2, id)
      await expectWholeLog(db.admin.sql, start, follower)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect(follower.received.some(({ record }) => record === '500')).toBe(false)
    await here`commit`
    await expectWholeLog(db.admin.sql, start, follower)
    expect(follower.received.at(-1)?.record).toBe('500')
    await there`rollback`
    here.release()
    there.release()
    await elsewhere.end()
  })

  it('though nobody ever rings', async () => {
    const start = await newestId(db.admin.sql)
    const follower = await followed({ app: db.urls.app })
    const silent = postgres(db.urls.admin, { max: 4, onnotice: () => {}, connection: { 'kontor.mute': 'on' } as never })
    await writeMuch(silent, 4, 40, 1000)
    await silent.end()
    await expectWholeLog(db.admin.sql, start, follower)
  })

  it('of rows of 10 MB too, by a doorbell that carries nothing', async () => {
    const start = await newestId(db.admin.sql)
    const follower = await followed({ app: db.urls.app })
    const payloads: string[] = []
    const ear = postgres(db.urls.app, { max: 1, onnotice: () => {} })
    await ear.listen('kontor_changes', (payload) => payloads.push(payload))
    await db.admin
      .sql`insert into things select 2000 + i, repeat('0123456789', 1048576) from generate_series(1, 3) as i`
    await db.admin.sql`update things set name = name || 'x' where id > 2000`
    await expectWholeLog(db.admin.sql, start, follower)
    expect(payloads.length).toBeGreaterThan(0)
    expect(new Set(payloads)).toEqual(new Set(['']))
    await ear.end()
  })

  it('in two processes alike', async () => {
    const start = await newestId(db.admin.sql)
    const both = [await followed({ app: db.urls.app }), await followed({ app: db.urls.app })]
    await writeMuch(writers, 8, 40, 3000)
    for (const follower of both) await expectWholeLog(db.admin.sql, start, follower)
  })

  it('of one transaction of 100,000 changes, without holding them', { timeout: 120_000 }, async () => {
    const start = await newestId(db.admin.sql)
    const follower = await followed({ app: db.urls.app })
    let most = 0
    await follower.feed.subscribe(({ changes }) => {
      most = Math.max(most, changes.length)
    })
    await db.admin.sql`insert into things select 10000 + i, 'many' from generate_series(1, 100000) as i`
    await db.admin.sql`update things set name = 'one' where id = 10001`
    await expectWholeLog(db.admin.sql, start, follower)
    expect(most).toBeLessThanOrEqual(2000)
  })

  it('though its doorbell’s connection is half open: a heartbeat finds out', async () => {
    const start = await newestId(db.admin.sql)
    const proxy = await startProxy(db.urls.app)
    const follower = await followed({ app: db.urls.app, listen: proxy.url }, { heartbeatMs: 200 })
    await eventually(() => expect(follower.feed.state().isListening).toBe(true))
    proxy.freeze()
    await writeMuch(writers, 2, 20, 5000)
    await expectWholeLog(db.admin.sql, start, follower)
    await eventually(() => expect(follower.feed.state().isListening).toBe(false))
    proxy.thaw()
    await eventually(() => expect(follower.feed.state().isListening).toBe(true), 30_000)
    await follower.close()
    await proxy.close()
  })
})

describe('Postgres stopped at once and started again', () => {
  it('loses nobody a change: not who was connected, not a named subscription that was away', {
    timeout: 120_000,
  }, async () => {
    const server = await startCrashablePostgres()
    const owner = postgres(server.urls.owner, { max: 1, onnotice: () => {} })
    await createThings(owner)
    await owner.end()
    const writers = postgres(server.urls.admin, { max: 6, onnotice: () => {} })
    const start = await newestId(writers)
    const follower = await follow({ app: server.urls.app })
    const away = await follow({ app: server.urls.app }, { name: 'away' })
    await away.close()
    for (let turn = 0; turn < 2; turn++) {
      const writing = writeMuch(writers, 6, 60, turn * 1000)
      await eventually(() => expect(follower.received.length).toBeGreaterThan(turn * 20))
      await server.crash()
      await server.restart()
      await writing
      await writeMuch(writers, 6, 20, turn * 1000)
    }
    await expectWholeLog(writers, start, follower)
    const back = await follow({ app: server.urls.app }, { name: 'away' })
    const received = [...away.received, ...back.received]
    await eventually(
      () => expect(away.received.length + back.received.length).toBeGreaterThanOrEqual(follower.received.length),
      30_000,
    )
    expect(new Set(received.map(({ seq }) => seq)).size).toBeLessThanOrEqual(follower.received.length)
    const ids = (list: Follower['received']) => list.map(({ seq }) => seq).toSorted()
    expect(ids([...away.received, ...back.received])).toEqual(ids(follower.received))
    await back.close()
    await follower.close()
    await writers.end()
    await server.remove()
  })
})

/** Between a client and the server; `freeze` leaves connections open and lets nothing through. */
async function startProxy(target: string) {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((client) => {
    const upstream = connectTo(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('data', (data) => isFrozen || upstream.write(data))
    upstream.on('data', (data) => isFrozen || client.write(data))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    freeze() {
      isFrozen = true
    },
    thaw() {
      isFrozen = false
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
