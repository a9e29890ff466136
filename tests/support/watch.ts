import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import type postgres from 'postgres'
import { expect } from 'vitest'
import { columnCodec, defineAdmin, resolveAdmin, watcher } from '@/lib/admin'
import { connect } from '@/lib/db/client'
import { installTriggers } from '@/lib/history'
import { createFeed, createWatchers, type Feed, type Message, type Watchers } from '@/lib/watch'
import { eventually } from './eventually'

const things = pgTable('things', { id: integer().primaryKey(), name: text() })

const { watchers: declared } = resolveAdmin(
  defineAdmin({
    schema: { things },
    watch: (['inserted', 'updated', 'deleted'] as const).map((on) => watcher(things, { on, label: on })),
  }),
)

/** The table that followers follow. */
export async function createThings(owner: postgres.Sql): Promise<void> {
  await owner.unsafe(`create table things (id int primary key, name text); grant all on things to kontor_app`)
  await installTriggers(owner, [{ schema: 'public', name: 'things' }])
}

/** A process that follows table `things`, with connections of its own. */
export interface Follower {
  feed: Feed
  watchers: Watchers
  received: { seq: string; record: string; said: string }[]
  close(): Promise<void>
}

export async function follow(
  urls: { app: string; listen?: string },
  options: { heartbeatMs?: number; name?: string } = {},
): Promise<Follower> {
  const log = pino({ level: 'silent' })
  const db = connect(urls.app, { max: 3, applicationName: 'follower' })
  const feed = createFeed({ sql: db.sql, listenUrl: urls.listen ?? urls.app, log, heartbeatMs: options.heartbeatMs })
  const watchers = createWatchers({ feed, sql: db.sql, watchers: declared, codec: columnCodec, log })
  const received: Follower['received'] = []
  const handler = ({ watcher: said, key, seq }: Message) => {
    received.push({ seq, record: String(key.id), said: String(said) })
  }
  for (const label of ['inserted', 'updated', 'deleted']) {
    await watchers.subscribe(
      label,
      { all: true },
      handler as never,
      options.name ? { name: `${options.name} ${label}` } : {},
    )
  }
  return {
    feed,
    watchers,
    received,
    async close() {
      await watchers.close()
      await feed.close()
      await db.close()
    },
  }
}

/** The newest id of the log: what `expectWholeLog` starts behind. */
export async function newestId(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<{ id: string }[]>`select coalesce(max(id), 0)::text as id from kontor.changes`
  return row!.id
}

/** What was received is what was committed to `things` after `start`: all of it, once each, in order for each record. */
export async function expectWholeLog(sql: postgres.Sql, start: string, { received }: Follower): Promise<void> {
  await eventually(async () => {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int as count from kontor.changes where id > ${start} and relation = 'public.things'`
    expect(received.length).toBeGreaterThanOrEqual(row!.count)
  }, 60_000)
  const committed = await sql<{ id: string }[]>`
    select id::text as id from kontor.changes where id > ${start} and relation = 'public.things' order by changes.id`
  const ids = received.map(({ seq }) => seq).toSorted((a, b) => Number(a) - Number(b))
  expect(ids).toEqual(committed.map(({ id }) => id))
  const last = new Map<string, number>()
  for (const { record, seq } of received) {
    expect(Number(seq)).toBeGreaterThan(last.get(record) ?? 0)
    last.set(record, Number(seq))
  }
}

/** Many writers over few records: inserts, updates, deletes, rollbacks and savepoints, until `turns` are over. */
export async function writeMuch(sql: postgres.Sql, writers: number, turns: number, base = 0): Promise<void> {
  const write = async (writer: number) => {
    for (let turn = 0; turn < turns; turn++) {
      const id = base + ((writer + turn) % 5)
      await sql
        .begin(async (tx) => {
          await tx`insert into things values (${id}, ${`${writer}`}) on conflict (id) do update set name = ${`${writer}.${turn}`}`
          if (turn % 7 === 3) await tx`delete from things where id = ${id}`
          if (turn % 5 === 1) {
            await tx
              .savepoint(async (inner) => {
                await inner`insert into things values (${base + 100 + writer}, 'gone') on conflict (id) do update set name = 'gone'`
                throw new Error('back to the savepoint')
              })
              .catch(() => {})
          }
          if (turn % 11 === 7) throw new Error('rolled back')
        })
        .catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
}
