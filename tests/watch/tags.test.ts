import { integer, pgTable } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { columnCodec, defineAdmin, resolveAdmin, watcher } from '@/lib/admin'
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
      watcher(prices, {
        on: 'updated',
        label: 'dear',
        when: ({ old, new: now }) => Number(old?.amount) < 1000 && Number(now?.amount) >= 1000,
        revalidate: 'dear',
      }),
    ],
  }),
)

beforeAll(async () => {
  await db.owner.sql.unsafe(
    `create table prices (id int primary key, amount int, note int); grant select on prices to kontor_app`,
  )
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
    sql: db.app.sql,
    codec: columnCodec,
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

it('asks the condition first', async () => {
  const asked: string[] = []
  const stop = await followTags({
    feed,
    watchers: source.watchers.filter(({ label }) => label === 'dear'),
    sql: db.app.sql,
    codec: columnCodec,
    log,
    revalidate: async (tags) => void asked.push(...tags),
  })
  await db.admin.sql`insert into prices values (9001, 1, 1), (9002, 5000, 1)`
  await db.admin.sql`update prices set amount = amount + 1`
  await db.admin.sql`update prices set note = 3`
  await feed.position()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(asked).toEqual([])
  await db.admin.sql`update prices set amount = 1000 where id = 9001`
  await eventually(() => expect(asked).toEqual(['dear']))
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
