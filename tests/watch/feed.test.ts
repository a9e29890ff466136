import { pino } from 'pino'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installTriggers } from '@/lib/history'
import { type Batch, createFeed, type Feed } from '@/lib/watch'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'

const db = await createTestDatabase()
const log = pino({ level: 'silent' })
const feeds: Feed[] = []
const makeFeed = () => {
  const feed = createFeed({ sql: db.app.sql, listenUrl: db.urls.app, log })
  feeds.push(feed)
  return feed
}

beforeAll(async () => {
  await db.owner.sql.unsafe(`create table things (id int primary key, name text);
    create table others (id int primary key, name text)`)
  await installTriggers(db.owner.sql, [
    { schema: 'public', name: 'things' },
    { schema: 'public', name: 'others' },
  ])
})
afterAll(async () => {
  await Promise.all(feeds.map((feed) => feed.close()))
})

/** Everything a feed hands out from now on. */
async function collect(feed: Feed, since?: string) {
  const batches: Batch[] = []
  const stop = await feed.subscribe((batch) => batches.push(batch), { since })
  return { batches, stop, changes: () => batches.flatMap(({ changes }) => changes) }
}

/** The log from one id on, as it was committed. */
const committed = async (after: string) =>
  (
    await db.admin.sql<{ id: string }[]>`select id::text from kontor.changes where id > ${after} order by changes.id`
  ).map(({ id }) => id)
const newest = async () =>
  (await db.admin.sql<{ id: string }[]>`select coalesce(max(id), 0)::text as id from kontor.changes`)[0]!.id

describe('the feed', () => {
  it('tells what is committed after subscribing, once, in order, with values', async () => {
    await db.admin.sql`insert into things values (1, 'before')`
    const { changes } = await collect(makeFeed())
    await db.admin.sql`insert into things values (2, 'a')`
    await db.admin.sql`update things set name = 'b' where id = 2`
    await db.admin.sql`delete from things where id = 2`
    await eventually(() => expect(changes()).toHaveLength(3))
    expect(
      changes().map(({ op, recordId, before, after, changed }) => ({ op, recordId, before, after, changed })),
    ).toEqual([
      { op: 'insert', recordId: '2', before: null, after: { id: 2, name: 'a' }, changed: [] },
      { op: 'update', recordId: '2', before: { name: 'a' }, after: { name: 'b' }, changed: ['name'] },
      { op: 'delete', recordId: '2', before: { id: 2, name: 'b' }, after: null, changed: [] },
    ])
  })

  it('tells nothing of a rollback, and of a savepoint only what stays', async () => {
    const { changes } = await collect(makeFeed())
    await db.admin.sql
      .begin(async (tx) => {
        await tx`insert into things values (10, 'gone')`
        throw new Error('no')
      })
      .catch(() => {})
    await db.admin.sql.begin(async (tx) => {
      await tx`insert into things values (11, 'stays')`
      await tx
        .savepoint(async (inner) => {
          await inner`insert into things values (12, 'gone')`
          throw new Error('no')
        })
        .catch(() => {})
    })
    await db.admin.sql`insert into things values (13, 'last')`
    await eventually(() => expect(changes().map(({ recordId }) => recordId)).toEqual(['11', '13']))
  })

  it('is not held up by a transaction that stays open, and tells that one when it ends', async () => {
    const { changes } = await collect(makeFeed())
    const reserved = await db.admin.sql.reserve()
    await reserved`begin`
    await reserved`insert into things values (20, 'slow')`
    for (let id = 21; id < 24; id++) await db.admin.sql`insert into things values (${id}, 'fast')`
    await eventually(() => expect(changes().map(({ recordId }) => recordId)).toEqual(['21', '22', '23']))
    await reserved`commit`
    reserved.release()
    await eventually(() => expect(changes().map(({ recordId }) => recordId)).toEqual(['21', '22', '23', '20']))
  })

  it('hears of what was never announced', async () => {
    const { changes } = await collect(makeFeed())
    await db.admin.sql.begin(async (tx) => {
      await tx`select set_config('kontor.mute', 'on', true)`
      await tx`insert into things values (30, 'quiet')`
    })
    await eventually(() => expect(changes()).toHaveLength(1))
  })

  it('replays what a reader missed, exactly where it left off', async () => {
    const feed = makeFeed()
    const first = await collect(feed)
    await db.admin.sql`insert into things values (40, 'seen')`
    await eventually(() => expect(first.changes()).toHaveLength(1))
    first.stop()
    const since = first.batches.at(-1)!.cursor
    await db.admin.sql`insert into things values (41, 'missed')`
    const second = await collect(makeFeed(), since)
    expect(second.changes().map(({ recordId }) => recordId)).toEqual(['41'])
    await db.admin.sql`insert into things values (42, 'live')`
    await eventually(() => expect(second.changes().map(({ recordId }) => recordId)).toEqual(['41', '42']))
  })

  it('says so where it cannot know what was missed', async () => {
    const feed = makeFeed()
    const position = await feed.position()
    const [system, ...rest] = position.split('.')
    for (const wrong of ['nonsense', '', `${Number(system?.slice(-6)) + 1}.${rest.join('.')}`, `${position}x`]) {
      const { batches } = await collect(feed, wrong)
      expect(batches.map(({ isGap }) => isGap)).toEqual([true])
    }
  })

  it('counts a large transaction instead of holding it, and tells the small changes beside it', async () => {
    const feed = makeFeed()
    const { batches } = await collect(feed)
    await db.admin.sql.begin(async (tx) => {
      await tx`insert into things select id, 'many' from generate_series(1000, 10999) as id`
      await tx`insert into others values (1, 'one')`
    })
    await eventually(() => expect(batches).toHaveLength(1))
    expect(batches[0]?.many).toEqual([{ relation: 'public.things', count: 10000 }])
    expect(batches[0]?.changes.map(({ relation }) => relation)).toEqual(['public.others'])
  })

  it('tells two processes the same, whatever many writers do at once', async () => {
    const start = await newest()
    const [one, two] = [await collect(makeFeed()), await collect(makeFeed())]
    const writers = postgres(db.urls.admin, { max: 8, onnotice: () => {} })
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let turn = 0; turn < 40; turn++) {
          await writers`insert into others values (${1000 + writer}, ${`${turn}`}) on conflict (id) do update set name = excluded.name`
          await writers`update things set name = ${`${writer}:${turn}`} where id = 1`
        }
      }),
    )
    await writers.end()
    const all = await committed(start)
    for (const feed of [one, two]) {
      await eventually(() => expect(feed.changes()).toHaveLength(all.length))
      expect(
        feed
          .changes()
          .map(({ id }) => id)
          .toSorted((a, b) => Number(a) - Number(b)),
      ).toEqual(all)
      const last = new Map<string, number>()
      for (const { relation, recordId, id } of feed.changes()) {
        const record = `${relation} ${recordId}`
        expect(Number(id)).toBeGreaterThan(last.get(record) ?? 0)
        last.set(record, Number(id))
      }
    }
  })
})

describe('a listener that does not want each change', () => {
  it('is told single changes with their values, and of many only how many; who wants each is told each', async () => {
    const feed = makeFeed()
    const seen: Batch[] = []
    await feed.subscribe((batch) => seen.push(batch), { each: () => [] })
    await db.admin.sql`insert into others values (5000, 'one')`
    await eventually(() => expect(seen).toHaveLength(1))
    expect(seen[0]?.changes).toMatchObject([{ recordId: '5000', after: { id: 5000, name: 'one' } }])
    await db.admin.sql.begin(async (tx) => {
      await tx`insert into things select id, 'many' from generate_series(20001, 20100) as id`
      await tx`insert into others values (5001, 'two')`
    })
    await eventually(() => expect(seen).toHaveLength(2))
    expect(seen[1]?.many).toEqual([{ relation: 'public.things', count: 100 }])
    expect(seen[1]?.changes).toMatchObject([{ recordId: '5001' }])
    const all: Batch[] = []
    await feed.subscribe((batch) => all.push(batch), { each: () => ['public.things'] })
    await db.admin.sql`update things set name = 'more' where id between 20001 and 20100`
    await eventually(() => expect(all).toHaveLength(1))
    expect(all[0]?.many).toEqual([])
    expect(all[0]?.changes).toHaveLength(100)
    const { batches } = await collect(makeFeed(), seen[0]!.cursor)
    expect(batches.flatMap(({ changes }) => changes)).toHaveLength(201)
  })
})
