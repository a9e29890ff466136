import { pino } from 'pino'
import postgres from 'postgres'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { installTriggers } from '@/lib/history'
import { createFeed, type Feed } from '@/lib/watch'
import { createPace } from '@/lib/watch/pace'
import { isQuiet } from '@/lib/watch/quiet'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'

const db = await createTestDatabase()
const log = pino({ level: 'silent' })
const feeds: Feed[] = []

beforeAll(async () => {
  await db.owner.sql.unsafe(
    `create table things (id int primary key, n int); grant all on things to kontor_app; insert into things select i, 0 from generate_series(1, 1000) as i`,
  )
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'things' }])
})
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.close()))
})

/** A process that follows, and when it was told of which value of which record. */
async function follow() {
  const feed = createFeed({ sql: db.app.sql, listenUrl: db.urls.app, log })
  feeds.push(feed)
  const told: { record: string | null; n: unknown; id: string }[] = []
  await feed.subscribe(({ changes }) => {
    for (const { recordId, after, id } of changes) told.push({ record: recordId, n: after?.n, id })
  })
  return { feed, told }
}

/** Single-row commits on eight connections until stopped; how many there were. */
function writeOn() {
  const sql = postgres(db.urls.app, { max: 8, onnotice: () => {} })
  let isOver = false
  let count = 0
  const writing = Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      while (!isOver) {
        await sql`update things set n = n + 1 where id = ${100 + writer * 100 + Math.floor(Math.random() * 100)}`
        count++
      }
    }),
  )
  return async () => {
    isOver = true
    await writing
    await sql.end()
    return count
  }
}

/** Milliseconds until each was told of a commit, most of a few. */
async function slowest(followers: readonly { told: { record: string | null; n: unknown }[] }[], base: number) {
  let most = 0
  for (let n = base; n < base + 10; n++) {
    await db.admin.sql`update things set n = ${n} where id = 1`
    const begun = performance.now()
    for (const { told } of followers) {
      while (!told.some((one) => one.record === '1' && one.n === n)) {
        if (performance.now() - begun > 5000) throw new Error('It was never told.')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    most = Math.max(most, performance.now() - begun)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  return most
}

describe('quiet', () => {
  it('is asked for while much is written, and everybody hears everything all the same', {
    timeout: 60_000,
  }, async () => {
    const one = await follow()
    const two = await follow()
    const stop = writeOn()
    await eventually(async () => expect(await isQuiet(db.app.sql)).toBe(true))
    const late = await follow()
    const hasBegun = late.told.length
    expect(await slowest([one, two, late], 1_000_000)).toBeLessThan(500)
    const count = await stop()
    for (const { told } of [one, two]) {
      await eventually(() => expect(told.filter(({ record }) => record !== '1')).toHaveLength(count))
      expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
    }
    expect(late.told.length).toBeGreaterThan(hasBegun)
    await eventually(async () => expect(await isQuiet(db.app.sql)).toBe(false))
    expect(await slowest([one, two, late], 2_000_000)).toBeLessThan(500)
  })

  it('of a process that hangs leaves the others reading at intervals', async () => {
    const follower = await follow()
    const hung = postgres(db.urls.app, { max: 1, onnotice: () => {} })
    await hung`select pg_advisory_lock_shared(1802465908, 20)`
    await hung`notify kontor_quiet`
    expect(await slowest([follower], 3_000_000)).toBeLessThan(500)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await slowest([follower], 4_000_000)).toBeLessThan(500)
    await hung.end()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await slowest([follower], 5_000_000)).toBeLessThan(500)
  })

  it('ends with the connection of whoever asked for it', { timeout: 60_000 }, async () => {
    const follower = await follow()
    const stop = writeOn()
    await eventually(async () => expect(await isQuiet(db.app.sql)).toBe(true))
    await db.admin.sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'kontor feed'`
    await eventually(() => expect(follower.feed.state().doorbellLosses).toBe(1))
    const count = await stop()
    await eventually(() => expect(follower.told).toHaveLength(count))
    await eventually(async () => expect(await isQuiet(db.app.sql)).toBe(false))
    expect(await slowest([follower], 6_000_000)).toBeLessThan(500)
  })
})

describe('the pace', () => {
  it('is loud from four hundred rings a second on, and calm again below a hundred changes', () => {
    let now = 0
    const pace = createPace(() => now)
    const pass = (rings: number, changes: number) => {
      for (let at = 0; at < rings; at++) pace.rung()
      now += 250
      pace.read(changes)
      return pace.isLoud()
    }
    expect(pass(90, 10_000)).toBe(false)
    expect(pass(110, 110)).toBe(true)
    expect(pass(0, 30)).toBe(true)
    expect(pass(0, 20)).toBe(false)
    expect(pass(0, 10_000)).toBe(false)
    expect(pace.perSecond()).toBe(40_000)
  })
})
