import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { connect } from '@/lib/db/client'
import { whileReachable } from '@/lib/db/reachability'
import { createTestDatabase } from '@/tests/support/database'
import { startRelay } from '@/tests/support/relay'

const db = await createTestDatabase()
const relay = await startRelay(db.urls.app)
const pool = connect(relay.url, { max: 3, connectTimeout: 1 })
afterEach(() => relay.restore())
afterAll(async () => {
  await pool.close()
  await relay.close()
})

const timed = async (work: () => Promise<unknown>) => {
  const begun = performance.now()
  const outcome = await work().then(
    () => 'answered',
    (error) => error.code as string,
  )
  return { outcome, ms: performance.now() - begun }
}
const ask = () => pool.sql`select 1`.execute()
const isBack = () => expect.poll(() => ask().then(() => true)).toBe(true)

describe('queries to a database that is away', () => {
  it('fail at once where it refuses connections, however often it is asked, and the next one reaches it when it is back', async () => {
    await ask()
    await relay.refuse()
    for (let n = 0; n < 12; n++) await timed(ask)
    const many = await timed(() => Promise.all(Array.from({ length: 6 }, ask)))
    expect(many).toMatchObject({ outcome: 'ECONNREFUSED' })
    expect(many.ms).toBeLessThan(1_500)
    await relay.restore()
    const back = await timed(ask)
    expect(back).toMatchObject({ outcome: 'answered' })
    expect(back.ms).toBeLessThan(1_500)
  })

  it('fail where connections are closed without a word', async () => {
    await ask()
    relay.hangUp()
    for (let n = 0; n < 5; n++) {
      const { outcome, ms } = await timed(ask)
      expect(outcome).toMatch(/CONNECTION_CLOSED|ECONNRESET/)
      expect(ms).toBeLessThan(1_500)
    }
    await relay.restore()
    await isBack()
  })

  it('fail after the time a connection may take where it says nothing', async () => {
    const fresh = connect(relay.url, { max: 1, connectTimeout: 1 })
    relay.fallSilent()
    const { outcome, ms } = await timed(() => fresh.sql`select 1`.execute())
    expect(outcome).toBe('CONNECT_TIMEOUT')
    expect(ms).toBeLessThan(2_500)
    await fresh.close()
  })

  it('take the time from the address where it gives one', async () => {
    const fresh = connect(`${relay.url}?connect_timeout=1`, { max: 1, connectTimeout: 60 })
    relay.fallSilent()
    expect((await timed(() => fresh.sql`select 1`.execute())).outcome).toBe('CONNECT_TIMEOUT')
    await fresh.close()
  })
})

describe('whileReachable', () => {
  it('gives up a query on a connection that went silent', async () => {
    await ask()
    relay.fallSilent()
    const { outcome, ms } = await timed(() => whileReachable(pool, ask()))
    expect(outcome).toBe('unavailable')
    expect(ms).toBeLessThan(4_000)
    await relay.restore()
    await isBack()
  })

  it('waits for one that takes long, and for a pool that is busy', async () => {
    const slow = Array.from({ length: 3 }, () => pool.sql`select pg_sleep(4)`.execute())
    const { outcome, ms } = await timed(() => whileReachable(pool, ask()))
    expect(outcome).toBe('answered')
    expect(ms).toBeGreaterThan(3_000)
    await Promise.all(slow)
  })

  it('hands on how the work failed', async () => {
    const failed = whileReachable(pool, pool.sql`select 1 / 0`.execute())
    await expect(failed).rejects.toMatchObject({ code: '22012' })
  })

  it('knows a server that is back', async () => {
    relay.fallSilent()
    expect(await pool.isReachable()).toBe(false)
    await relay.restore()
    await sleep(10)
    expect(await pool.isReachable()).toBe(true)
  })
})
