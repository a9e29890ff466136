import { once } from 'node:events'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { columnCodec, defineAdmin, resolveAdmin, watcher } from '@/lib/admin'
import { connect } from '@/lib/db/client'
import { createFeed, createWatchers } from '@/lib/watch'

const columns = () => ({ id: integer().primaryKey(), n: integer() })

/** The table that is written to, and one that nobody writes to. */
export const watched = pgTable('watched', columns())
const calm = pgTable('calm', columns())

export const { watchers: declared } = resolveAdmin(
  defineAdmin({
    watch: [
      watcher(watched, { on: 'inserted' }),
      watcher(watched, { on: 'updated', label: 'watched updated' }),
      watcher(calm, { on: 'updated', label: 'calm updated' }),
    ],
  }),
)

export interface FollowerOptions {
  url: string
  /** The label of the watcher it subscribes to. */
  to: string
}

/** Follows until its input ends. */
export async function follow({ url, to }: FollowerOptions): Promise<void> {
  const log = pino({ level: 'warn' }, pino.destination(2))
  const db = connect(url, { max: 2, applicationName: 'follower' })
  const feed = createFeed({ sql: db.sql, listenUrl: url, log })
  const watchers = createWatchers({ feed, sql: db.sql, watchers: declared, codec: columnCodec, log })
  let messages = 0
  await watchers.subscribe(to, { all: true }, () => {
    messages++
  })
  process.stdout.write('ready\n')
  await once(process.stdin.resume(), 'end')
  await watchers.idle()
  process.stdout.write(`${JSON.stringify({ messages, ...feed.state() })}\n`)
  await watchers.close()
  await feed.close()
  await db.close()
}
