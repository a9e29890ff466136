import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installTriggers, sealChanges } from '@/lib/history'
import { formatCursor, isVisibleIn, parseCursor } from '@/lib/watch/cursor'
import { presentCursor, readPage, readSince } from '@/lib/watch/read'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const sessions = await Promise.all([0, 1, 2].map(() => db.admin.sql.reserve()))

beforeAll(async () => {
  await db.owner.sql`create table notes (id int generated always as identity primary key, text text)`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'notes' }])
})
afterAll(() => {
  for (const session of sessions) session.release()
})

const number = (max: bigint) => fc.bigInt({ min: 0n, max }).map(String)
const cursor = fc
  .record({
    system: number(2n ** 64n - 1n),
    floor: number(2n ** 63n - 1n),
    id: number(2n ** 63n - 1n),
    snapshot: fc.record({
      xmin: number(1000n),
      xmax: number(2n ** 64n - 1n),
      xip: fc.array(number(2n ** 64n - 1n), { maxLength: 5 }),
    }),
  })
  .filter(({ snapshot }) => BigInt(snapshot.xmin) <= BigInt(snapshot.xmax))

describe('a cursor', () => {
  it('is one line of text, and comes back from it', () => {
    fc.assert(
      fc.property(cursor, (one) => {
        expect(parseCursor(formatCursor(one))).toEqual(one)
        expect(formatCursor(one)).toMatch(/^[\d.:,]+$/)
      }),
    )
  })

  it('is nothing else', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(parseCursor(text)).toBeUndefined()))
    for (const text of ['1.1.1.5:3:', '1.1.99999999999999999999.1:3:', '1.1.1.1:3:4,', "1.1.1.1:3:'"]) {
      expect(parseCursor(text)).toBeUndefined()
    }
  })

  it('shows what was over when it was taken', () => {
    const wide = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(wide, wide, fc.array(wide, { maxLength: 3 }), (tx, xmax, xip) => {
        const snapshot = { xmin: '0', xmax: `${xmax}`, xip: xip.map(String) }
        expect(isVisibleIn(`${tx}`, snapshot)).toBe(tx < xmax && !xip.includes(tx))
      }),
    )
  })

  // Without a name each reading makes sure of the server, with one only the first in a session.
  const READERS = [undefined, 'reader']

  it.each(READERS)(
    'reads what is committed once, however transactions interleave with readings (%s)',
    async (reader) => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), who: fc.nat(2) }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('savepoint' as const), who: fc.nat(2) }) },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constantFrom('commit' as const, 'commit' as const, 'rollback' as const),
            who: fc.nat(2),
          }),
        },
        { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), who: fc.constant(0) }) },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          const start = await presentCursor(db.app.sql)
          let at = start
          const read: string[] = []
          const look = async () => {
            const { next, changes, isGap } = await readSince(db.app.sql, parseCursor(formatCursor(at))!, { reader })
            expect(isGap).toBe(false)
            read.push(...changes.map(({ id }) => id))
            at = next
          }
          const isOpen = [false, false, false]
          for (const { kind, who } of steps) {
            const session = sessions[who]!
            if (kind === 'read') await look()
            else if (kind === 'commit' || kind === 'rollback') {
              if (isOpen[who]) await session.unsafe(kind)
              isOpen[who] = false
            } else {
              if (!isOpen[who]) await session`begin`
              isOpen[who] = true
              if (kind === 'savepoint') await session`savepoint s`
              await session`insert into notes (text) values ('x')`
              if (kind === 'savepoint') await session`rollback to savepoint s`
            }
          }
          for (const [who, session] of sessions.entries()) if (isOpen[who]) await session`commit`
          await look()
          const committed = await db.admin.sql<{ id: string }[]>`
          select id::text as id from kontor.changes where id > ${start.id} order by changes.id`
          expect(read.toSorted((a, b) => Number(a) - Number(b))).toEqual(committed.map(({ id }) => id))
          const page = await readPage(db.app.sql, start, at, undefined)
          expect(page.changes.map(({ id }) => id)).toEqual(committed.map(({ id }) => id))
        }),
        { numRuns: 60 },
      )
    },
  )

  it.each(READERS)('reads by an index, and only what is new (%s)', async (reader) => {
    await db.admin.sql`insert into notes (text) select 'x' from generate_series(1, 20000)`
    await db.admin.sql`analyze kontor.changes`
    const at = await presentCursor(db.app.sql)
    await db.admin.sql`insert into notes (text) values ('new')`
    await db.admin.sql.begin(async (tx) => {
      // Counts of earlier transactions on this connection may not have been handed over yet.
      const scanned = async () => {
        const [row] = await tx<{ seq: number; fetched: number }[]>`
          select coalesce(sum(seq_tup_read), 0)::float8 as seq, coalesce(sum(idx_tup_fetch), 0)::float8 as fetched
          from pg_stat_xact_user_tables where schemaname = 'kontor' and relname like 'changes%'`
        return row!
      }
      await readSince(tx, at, { reader })
      const before = await scanned()
      const { changes } = await readSince(tx, at, { reader })
      const after = await scanned()
      expect(changes).toHaveLength(1)
      expect(after.seq - before.seq).toBe(0)
      expect(after.fetched - before.fetched).toBeLessThan(10)
    })
  })

  it.each(READERS)(
    'does not take what came from another cluster for what an open transaction of that number wrote (%s)',
    async (reader) => {
      const [slow, restoring] = [sessions[0]!, sessions[1]!]
      await slow`begin`
      await restoring`set session_replication_role = replica`
      const [now] = await slow<{ tx: string }[]>`select pg_current_xact_id()::text as tx`
      await restoring`insert into kontor.changes (tx, relation, record_id, op, after, actor, source)
        values (${now!.tx}, 'public.notes', '0', 'insert', '{"text": "of then"}', 'user:then', 'sql')`
      await restoring`set session_replication_role = origin`
      const cursor = await presentCursor(db.app.sql)
      await slow`insert into notes (text) values ('of now')`
      await slow`commit`
      if (reader) await readSince(db.app.sql, cursor, { reader })
      const { changes, next } = await readSince(db.app.sql, cursor, { reader })
      expect(changes.map(({ after }) => after?.text)).toEqual(['of now'])
      expect((await readPage(db.app.sql, cursor, next, undefined)).changes).toHaveLength(1)
    },
  )

  it('loses nothing that got its id earlier and its transaction number later than what is committed', async () => {
    await sealChanges(db.app.orm)
    const [quick, slow] = [sessions[0]!, sessions[1]!]
    for (const session of [quick, slow]) {
      await session`begin`
      await session`select pg_current_xact_id()`
    }
    await slow`insert into notes (text) values ('slow')`
    await quick`insert into notes (text) values ('quick')`
    await quick`commit`
    const cursor = await presentCursor(db.app.sql)
    await slow`commit`
    expect((await readSince(db.app.sql, cursor)).changes.map(({ after }) => after?.text)).toEqual(['slow'])
    expect((await readSince(db.app.sql, cursor, { reader: 'the same' })).changes).toHaveLength(1)
  })

  it('goes on by id after a dump and restore into another cluster', async () => {
    const before = await presentCursor(db.app.sql)
    await db.admin.sql`insert into notes (text) values ('unread')`
    const elsewhere = { ...before, system: `${BigInt(before.system) + 1n}` }
    const reading = await readSince(db.app.sql, elsewhere)
    expect(reading.isGap).toBe(false)
    expect(reading.changes).toHaveLength(1)
    await db.admin.sql`insert into notes (text) values ('new')`
    expect((await readSince(db.app.sql, reading.next)).changes).toHaveLength(1)
    expect((await readSince(db.app.sql, { ...elsewhere, id: '999999999' })).isGap).toBe(true)
  })

  it('finds what a crash gave an old transaction id to', async () => {
    const here = await presentCursor(db.app.sql)
    const ahead = { ...here, snapshot: { xmin: '4000000000', xmax: '4000000000', xip: [] } }
    await db.admin.sql`insert into notes (text) values ('reused')`
    for (const reader of [undefined, 'one of a session it does not know']) {
      const reading = await readSince(db.app.sql, ahead, { reader })
      expect(reading.isGap).toBe(false)
      expect(reading.changes).toHaveLength(1)
    }
  })

  it('tells a reader who goes on the same as anybody else', async () => {
    const at = await presentCursor(db.app.sql)
    await db.admin.sql`insert into notes (text) select repeat('x', 100) from generate_series(1, 60)`
    // One snapshot for all: transactions of anybody else move the next one on.
    await db.app.sql.begin('isolation level repeatable read', async (tx) => {
      for (const each of [undefined, ['public.notes'], ['public.others']]) {
        const asked = await readSince(tx, at, { each })
        const first = await readSince(tx, at, { each, reader: 'going on' })
        const on = await readSince(tx, at, { each, reader: 'going on' })
        expect(first).toEqual(asked)
        expect(on).toEqual(asked)
        expect(asked.changes.length + (asked.many[0]?.count ?? 0)).toBe(60)
      }
    })
  })
})
