import { integer, pgTable } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineAdmin, resolveAdmin, watcher } from '@/lib/admin'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers } from '@/lib/history'
import { measureFeed } from '@/lib/metrics'
import { createFeed, followTags } from '@/lib/watch'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'

const db = await createTestDatabase()
const log = pino({ level: 'silent' })
const feed = createFeed({ sql: db.app.sql, listenUrl: db.urls.app, log })
const prices = pgTable('prices', { id: integer().primaryKey(), amount: integer(), note: integer() })
const source = resolveAdmin(
  defineAdmin({
    watch: [
      watcher(prices, { on: 'updated', triggerColumns: ['amount'], revalidate: ['prices', 'menu'] }),
      watcher(prices, { on: 'deleted', revalidate: 'gone' }),
    ],
  }),
)

beforeAll(async () => {
  await db.owner.sql`create table prices (id int primary key, amount int, note int)`
  await installTriggers(
    db.owner.sql,
    trackedTables(source).filter(({ name }) => name === 'prices'),
  )
})
afterAll(() => feed.close())

it('revalidates what a change touches, and tries again where that fails', async () => {
  const asked: string[] = []
  let isAway = true
  const stop = await followTags({
    feed,
    watchers: source.watchers,
    log,
    async revalidate(tags) {
      if (isAway) throw new Error('not answering yet')
      asked.push(...tags)
    },
  })
  await db.admin.sql`insert into prices values (1, 1, 1)`
  await db.admin.sql`update prices set note = 2`
  await db.admin.sql`update prices set amount = 2`
  isAway = false
  await eventually(() => expect(asked).toEqual(['prices', 'menu']))
  await db.admin.sql`insert into prices select i, 1, 1 from generate_series(2, 5000) as i`
  await db.admin.sql`delete from prices`
  await eventually(() => expect(asked).toContain('gone'))
  stop()
})

it('is measured', async () => {
  const registry = new Registry()
  measureFeed(registry, { sql: db.app.sql, feed, hub: { state: () => ({ sessions: 3, streams: 4, dropped: 0 }) } })
  const text = await registry.metrics()
  expect(text).toMatch(/^kontor_feed_events [1-9]\d*$/m)
  expect(text).toMatch(/^kontor_feed_lag_seconds 0$/m)
  expect(text).toMatch(/^kontor_feed_listening 1$/m)
  expect(text).toMatch(/^kontor_notification_queue_usage 0$/m)
  expect(text).toMatch(/^kontor_live_browsers 3$/m)
})
