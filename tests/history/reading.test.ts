import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { changesById, changesOfRequest, changesOfTransaction, recordHistory } from '@/lib/history/record-history'
import { siteHistory } from '@/lib/history/site-history'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const { orm } = db.app

beforeAll(async () => {
  await db.owner.sql.unsafe(`create table cakes (id int primary key, name text, price numeric(8,2), data jsonb);
    create table shops (code text primary key, city text)`)
  await db.owner.sql`grant all on cakes, shops to kontor_app`
  await installTriggers(
    db.owner.sql,
    ['cakes', 'shops'].map((name) => ({ schema: 'public', name })),
  )
})

/** One transaction by `actor`. */
const by = (actor: string, statements: string, settings: Record<string, string> = {}) =>
  db.app.sql.begin(async (tx) => {
    for (const [name, value] of Object.entries({ actor, ...settings })) {
      await tx`select set_config(${`kontor.${name}`}, ${value}, true)`
    }
    await tx.unsafe(statements)
  })

describe('one record', () => {
  beforeAll(async () => {
    await by('user:ann', `insert into cakes values (1, 'Opera', 4.5, '{"a": 1.0}')`)
    await by('user:bob', `update cakes set price = 5 where id = 1`, {
      source: 'form',
      request_id: 'r-1',
      reason: 'Butter is dear',
    })
    await by('user:ann', `update cakes set name = 'Opéra', data = null where id = 1`)
    await by('user:bob', `delete from cakes where id = 1; insert into cakes values (1, 'Back', 1, 'null')`)
  })

  it('its changes come newest first, with every value as Postgres text', async () => {
    const { changes, next } = await recordHistory(orm, 'public.cakes', '1')
    expect(next).toBeNull()
    expect(changes.map(({ op, actor }) => `${op} ${actor}`)).toEqual([
      'insert user:bob',
      'delete user:bob',
      'update user:ann',
      'update user:bob',
      'insert user:ann',
    ])
    expect(changes[0]!.after).toEqual({ id: '1', name: 'Back', price: '1.00', data: 'null' })
    expect(changes[2]).toMatchObject({
      changed: ['name', 'data'],
      before: { name: 'Opera', data: '{"a": 1.0}' },
      after: { name: 'Opéra', data: null },
      undoes: [],
    })
    expect(changes[3]).toMatchObject({
      source: 'form',
      requestId: 'r-1',
      reason: 'Butter is dear',
      dbUser: 'kontor_app',
    })
    expect(changes[3]!.at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00$/)
  })

  it('pages of two are the same list in pieces', async () => {
    const ids: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const page = await recordHistory(orm, 'public.cakes', '1', { limit: 2, cursor })
      ids.push(...page.changes.map(({ id }) => id))
      cursor = page.next
      pages++
    } while (cursor)
    expect(pages).toBe(3)
    expect(ids).toEqual((await recordHistory(orm, 'public.cakes', '1')).changes.map(({ id }) => id))
  })

  it.each([
    [{ field: 'price' }, ['insert', 'delete', 'update', 'insert']],
    [{ actor: 'user:bob' }, ['insert', 'delete', 'update']],
    [{ op: 'update' as const }, ['update', 'update']],
    [{ source: 'form' }, ['update']],
    [{ text: 'dear' }, ['update']],
    [{ text: 'opé' }, ['delete', 'update']],
    [{ text: '%' }, []],
    [{ request: 'r-1', field: 'price' }, ['update']],
    [{ from: '2100-01-01' }, []],
    [{ to: '2100-01-01', op: 'delete' as const }, ['delete']],
  ])('narrowed to %j', async (filters, operations) => {
    const { changes } = await recordHistory(orm, 'public.cakes', '1', { filters })
    expect(changes.map(({ op }) => op)).toEqual(operations)
  })

  it('a cursor somebody edited shows the newest page; a record without changes an empty one', async () => {
    expect((await recordHistory(orm, 'public.cakes', '1', { cursor: "1'; drop" })).changes).toHaveLength(5)
    expect(await recordHistory(orm, 'public.cakes', 'none')).toEqual({ changes: [], next: null })
  })
})

describe('the whole site', () => {
  beforeAll(async () => {
    await by('user:cyd', `insert into shops select 's' || i, 'Paris' from generate_series(1, 3000) i`, {
      request_id: 'r-2',
    })
    await by('user:cyd', `update shops set city = 'Lyon' where code = 's7'; update cakes set price = 9`, {
      request_id: 'r-2',
      source: 'import',
    })
    for (let i = 0; i < 30; i++) await by('user:dan', `update shops set city = 'x${i}' where code = 's1'`)
  })

  it('a transaction is one entry with the change it began with and its count', async () => {
    const { entries } = await siteHistory(orm, {}, { limit: 40 })
    expect(entries).toHaveLength(36)
    expect(entries.slice(0, 30).every(({ change, count }) => change.actor === 'user:dan' && count === 1)).toBe(true)
    expect(entries[30]).toMatchObject({
      count: 2,
      relations: ['public.cakes', 'public.shops'],
      ops: ['update'],
      change: { relation: 'public.shops', after: { city: 'Lyon' } },
    })
    expect(entries[31]).toMatchObject({ count: 1001, change: { op: 'insert', recordId: 's1' } })
    expect(entries[32]).toMatchObject({ count: 2, change: { op: 'delete', recordId: '1' } })
  })

  it('pages never repeat or skip a transaction, whatever the filter', async () => {
    for (const filters of [
      {},
      { relations: ['public.shops'] },
      { actor: 'user:cyd' },
      { field: 'city' },
      { relations: ['public.shops', 'public.cakes'], op: 'update' as const },
    ]) {
      const whole = await siteHistory(orm, filters, { limit: 200 })
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page = await siteHistory(orm, filters, { limit: 7, cursor })
        seen.push(...page.entries.map(({ change }) => change.id))
        cursor = page.next
      } while (cursor)
      expect(seen).toEqual(whole.entries.map(({ change }) => change.id))
      expect(new Set(seen).size).toBe(seen.length)
    }
  })

  it.each([
    [{ relations: [] }, 0],
    [{ relations: ['public.cakes'] }, 5],
    [{ actor: 'user:dan' }, 30],
    [{ request: 'r-2' }, 2],
    [{ source: 'import' }, 1],
    [{ op: 'delete' as const }, 1],
    [{ text: 'lyon' }, 1],
    [{ field: 'price', op: 'update' as const }, 2],
    [{ to: '2000-01-01' }, 0],
  ])('narrowed to %j', async (filters, count) => {
    expect((await siteHistory(orm, filters, { limit: 200 })).entries).toHaveLength(count)
  })

  it('what a background undo did in many transactions is one entry, where its newest change stands', async () => {
    const job = { source: 'undo', request_id: 'd7a5d5a2-0000-4000-8000-000000000001' }
    for (let i = 0; i < 12; i++) {
      await by('user:eve', `update shops set city = 'u${i}' where code in ('s${i}', 's1${i}', 's2${i}')`, job)
      if (i === 5) await by('user:dan', `update shops set city = 'between' where code = 's99'`)
    }
    for (const filters of [{}, { relations: ['public.shops'] }, { op: 'update' as const }, { text: 'u' }]) {
      const [whole, older] = (await siteHistory(orm, filters, { limit: 2 })).entries
      expect(whole).toMatchObject({ count: 35, ops: ['update'], job: { request: job.request_id } })
      expect(older?.change.actor).not.toBe('user:eve')
      const pages: string[] = []
      for (let cursor: string | null = null, i = 0; i < 4; i++) {
        const page = await siteHistory(orm, filters, { limit: 1, cursor })
        pages.push(...page.entries.map(({ change }) => change.actor))
        cursor = page.next
      }
      expect(pages.filter((actor) => actor === 'user:eve')).toHaveLength(1)
    }
    expect((await siteHistory(orm, { actor: 'user:eve' })).entries).toHaveLength(1)
    // An undo within one transaction has its request, too, and is as it was.
    await by('user:eve', `update shops set city = 'once' where code = 's99'`, { ...job, request_id: 'one-of-a-form' })
    expect((await siteHistory(orm, {}, { limit: 1 })).entries[0]).not.toHaveProperty('job')
  })

  it('more transactions of jobs than one page passes go on where they were left', async () => {
    await db.owner.sql.unsafe(`do $$ begin
      for i in 1..2100 loop
        perform set_config('kontor.actor', 'user:fay', false), set_config('kontor.source', 'undo', false),
          set_config('kontor.request_id', 'd7a5d5a2-0000-4000-8000-000000000002', false);
        update shops set city = 'z' || i where code = 's1';
        commit;
      end loop;
    end $$`)
    const [first] = (await siteHistory(orm, {}, { limit: 1 })).entries
    expect(first).toMatchObject({ count: 1001, job: {} })
    const began = performance.now()
    const page = await siteHistory(orm, {}, { limit: 25 })
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(page.entries).toHaveLength(1)
    expect(page.searchedTo).not.toBeNull()
    const rest = await siteHistory(orm, {}, { limit: 25, cursor: page.next })
    expect(rest.entries[0]!.change.actor).toBe('user:eve')
  })

  it('what a database role did is found as well, without an index of its own', async () => {
    const nobody = ''
    for (let i = 0; i < 9; i++) await by(nobody, `update shops set city = 'y${i}' where code = 's2'`)
    for (const filters of [{ actor: 'kontor_app' }, { actor: 'kontor_app', relations: ['public.shops'] }]) {
      const cities: unknown[] = []
      let cursor: string | null = null
      do {
        const page = await siteHistory(orm, filters, { limit: 4, cursor })
        cities.push(...page.entries.map(({ change }) => change.after?.city))
        cursor = page.next
      } while (cursor)
      expect(cities).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0].map((i) => `y${i}`))
    }
    expect((await siteHistory(orm, { actor: 'kontor_app', relations: ['public.cakes'] })).entries).toEqual([])
  })

  it('a cursor somebody edited shows the newest page', async () => {
    const newest = await siteHistory(orm, {}, { limit: 1 })
    expect((await siteHistory(orm, {}, { limit: 1, cursor: '2026-13-45_x' })).entries).toEqual(newest.entries)
  })
})

describe('one transaction, one request', () => {
  it('come oldest first, page by page', async () => {
    const { changes } = await changesOfRequest(orm, 'r-2', { limit: 1000 })
    expect(changes[0]!.recordId).toBe('s1')
    const { changes: last } = await changesOfRequest(orm, 'r-2', { limit: 1000, cursor: changes[999]!.id })
    expect(last[0]!.recordId).toBe('s1001')
    const tx = (await siteHistory(orm, { source: 'import' })).entries[0]!.change.tx
    const page = await changesOfTransaction(orm, tx)
    expect(page.changes.map(({ relation }) => relation)).toEqual(['public.shops', 'public.cakes'])
    expect(await changesById(orm, [page.changes[1]!.id, page.changes[0]!.id, 'x', '99999999999'])).toEqual(page.changes)
    expect((await changesOfTransaction(orm, 'nonsense')).changes).toEqual([])
  })
})

it('a page of what one request made reads no more than itself, however long the log', async () => {
  await by('user:ann', `insert into shops select 'before ' || i, 'x' from generate_series(1, 30000) i`)
  await by('job', `insert into shops select 'made ' || i, 'x' from generate_series(1, 8000) i`, {
    request_id: 'r-many',
  })
  await db.admin.sql`analyze kontor.changes`
  const [made] = await orm.execute<{ tx: string }>(
    sql`select c.tx::text as tx from kontor.changes as c where c.request_id = 'r-many' limit 1`,
  )
  const read = await orm.transaction(async (tx) => {
    const fetched = async () => {
      const [row] = await tx.execute<{ n: number }>(sql`
        select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as n
        from pg_stat_xact_user_tables where schemaname = 'kontor' and relname like 'changes%'`)
      return row!.n
    }
    const before = await fetched()
    expect((await changesOfRequest(tx, 'r-many')).changes).toHaveLength(50)
    const between = await fetched()
    expect((await changesOfTransaction(tx, made!.tx)).changes).toHaveLength(50)
    return [between - before, (await fetched()) - between]
  })
  for (const one of read) expect(one).toBeLessThan(9_000)
})
