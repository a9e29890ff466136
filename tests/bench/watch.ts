import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import postgres from 'postgres'
import { columnCodec } from '@/lib/admin'
import { connect } from '@/lib/db/client'
import { installTriggers } from '@/lib/history'
import { createFeed, createWatchers, type FeedListener } from '@/lib/watch'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'
import { declared, watched } from './support/follower'
import { whileFollowing } from './support/followers'
import type { BenchTable } from './support/table'
import { compare, type WriteOptions, write } from './support/write'

const WRITERS = 16
const SAMPLES = 500
const ROUNDS = 8
const SECONDS = 3
const FLOOD = 1_000_000

/** What following the log costs the writers, and how soon after a commit a handler runs. */
export async function benchWatch(adminUrl: string): Promise<BenchTable[]> {
  await prepareTemplate(adminUrl)
  const name = `bench_${randomUUID().slice(0, 8)}`
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  const owner = postgres(databaseUrl(adminUrl, name, 'kontor_owner'), { max: 1, onnotice: () => {} })
  const url = databaseUrl(adminUrl, name, 'kontor_app')
  try {
    for (const table of ['bare', 'watched', 'calm']) {
      await owner.unsafe(`create table ${table} (id int primary key, n int) with (fillfactor = 50);
        insert into ${table} select i, 0 from generate_series(1, 10000) as i; grant all on ${table} to kontor_app`)
    }
    await installTriggers(
      owner,
      ['watched', 'calm'].map((table) => ({ schema: 'public', name: table })),
    )
    return [await throughput(url), await latency(url), await flood(url)]
  } finally {
    await owner.end()
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

async function throughput(url: string): Promise<BenchTable> {
  const update = (options: Partial<WriteOptions> = {}) =>
    write(url, { table: 'watched', connections: WRITERS, seconds: SECONDS, ...options })
  const rows = await compare(
    [
      ['log alone', () => update({ settings: { 'kontor.mute': 'on' } })],
      ['log and doorbell, nobody listens', () => update()],
      ['two processes follow another table', () => whileFollowing(url, 'calm updated', update)],
      ['two processes are told each of these', () => whileFollowing(url, 'watched updated', update)],
      ['no trigger', () => update({ table: 'bare' })],
    ],
    ROUNDS,
  )
  return {
    title: `Single-row updates at ${WRITERS} connections, medians of ${ROUNDS} rounds; ratios against the log alone`,
    rows,
  }
}

async function latency(url: string): Promise<BenchTable> {
  const idle = await delays(url)
  const beside = async (connections: number) => {
    const load = write(url, { table: 'watched', connections, seconds: 15 })
    const found = await delays(url)
    await load
    return found
  }
  const [loaded, crowded] = [await beside(4), await beside(WRITERS)]
  const rows = [
    ['server idle', idle],
    ['beside 4 writers at full speed', loaded],
    [`beside ${WRITERS}`, crowded],
  ] as const
  const at = (list: readonly number[], share: number) => list[Math.floor((list.length - 1) * share)]!
  return {
    title: `Commit to start of the handler, ${SAMPLES} inserts`,
    rows: rows.flatMap(([label, list]) =>
      [
        ['median', 0.5],
        ['99th percentile', 0.99],
      ].map(([what, share]) => ({
        case: `${label}, ${what}`,
        result: `${at(list, share as number).toFixed(1)} ms`,
        ratio: (at(list, share as number) / at(idle, 0.5)).toFixed(2),
      })),
    ),
  }
}

/** One transaction of a million rows: to who is told a number, and to who wants each of them. */
async function flood(url: string): Promise<BenchTable> {
  const log = pino({ level: 'silent' })
  const db = connect(url, { max: 3 })
  const writer = postgres(url, { max: 1, onnotice: () => {} })
  const feed = createFeed({ sql: db.sql, listenUrl: url, log })
  const watchers = createWatchers({ feed, sql: db.sql, watchers: declared, codec: columnCodec, log })
  const before = process.memoryUsage().heapUsed
  let highest = before
  const sampling = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().heapUsed)
  }, 50)
  let toldAt = 0
  let allAt = 0
  let messages = 0
  const tellNumber: FeedListener = ({ many }) => {
    if (many.some(({ count }) => count >= FLOOD)) toldAt ||= performance.now()
  }
  await feed.subscribe(tellNumber, { each: () => [] })
  await watchers.subscribe({ resource: watched, op: 'inserted' }, { all: true }, () => {
    if (++messages === FLOOD) allAt = performance.now()
  })
  const session = await writer.reserve()
  await session`begin`
  await session`insert into watched select 1000000 + i, 0 from generate_series(1, ${FLOOD}::int) as i`
  const start = performance.now()
  await session`commit`
  while (!toldAt || !allAt) await sleep(100)
  const [toldAfter, allAfter] = [toldAt - start, allAt - start]
  clearInterval(sampling)
  session.release()
  await watchers.close()
  await feed.close()
  await Promise.all([writer.end(), db.close()])
  const mib = (bytes: number) => `${Math.round(bytes / 1_048_576)} MiB`
  return {
    title: `One transaction of ${FLOOD.toLocaleString('en')} rows`,
    rows: [
      { case: 'told as a number, after its commit', result: `${(toldAfter / 1000).toFixed(1)} s`, ratio: '1.00' },
      {
        case: 'every message handed to a subscription of all',
        result: `${(allAfter / 1000).toFixed(0)} s`,
        ratio: (allAfter / toldAfter).toFixed(2),
      },
      {
        case: 'heap before, highest meanwhile',
        result: `${mib(before)}, ${mib(highest)}`,
        ratio: (highest / before).toFixed(2),
      },
    ],
  }
}

/** Milliseconds from sending the commit to the call of the handler, sorted. */
async function delays(url: string): Promise<number[]> {
  const log = pino({ level: 'silent' })
  const db = connect(url, { max: 3 })
  const writer = postgres(url, { max: 1, onnotice: () => {} })
  const feed = createFeed({ sql: db.sql, listenUrl: url, log })
  const watchers = createWatchers({ feed, sql: db.sql, watchers: declared, codec: columnCodec, log })
  const waiting = new Map<unknown, () => void>()
  await watchers.subscribe({ resource: watched, op: 'inserted' }, { all: true }, ({ key }) => waiting.get(key.id)?.())
  const found: number[] = []
  const [first] = await writer<{ id: number }[]>`select coalesce(max(id), 0)::int + 1 as id from watched`
  const session = await writer.reserve()
  for (let sample = 0; sample < SAMPLES; sample++) {
    const id = first!.id + sample
    const heard = new Promise<void>((resolve) => waiting.set(id, resolve))
    await session`begin`
    await session`insert into watched values (${id}, 0)`
    const start = performance.now()
    await session`commit`
    await heard
    found.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 3 + Math.random() * 10))
  }
  session.release()
  await watchers.close()
  await feed.close()
  await Promise.all([writer.end(), db.close()])
  return found.toSorted((a, b) => a - b)
}
