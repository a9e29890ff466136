import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadMenu, resource, section } from '@/lib/admin'
import { rowCounts } from '@/lib/admin/row-counts'
import { rowEstimates } from '@/lib/admin/row-estimates'
import { connect } from '@/lib/db/client'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const thing = (name: string) => pgTable(name, { id: integer('id').primaryKey(), words: text('words') })
const [cups, spoons, plates, secrets] = [thing('cups'), thing('spoons'), thing('plates'), thing('secrets')]
const shelves = Array.from({ length: 150 }, (_, n) => thing(`shelf_${n}`))

const db = await createTestDatabase()

beforeAll(async () => {
  for (const name of ['cups', 'spoons', 'secrets', ...shelves.map((_, n) => `shelf_${n}`)])
    await db.owner.sql.unsafe(`create table ${name} (id int primary key, words text) with (autovacuum_enabled = off)`)
  await db.owner.sql.unsafe(`create table plates (id int primary key, words text) partition by range (id);
    create table plates_low partition of plates for values from (0) to (10);
    create table plates_high partition of plates for values from (10) to (maxvalue)`)
  await db.owner.sql.unsafe(
    'grant all on all tables in schema public to kontor_app; revoke all on secrets from kontor_app',
  )
})
afterEach(() => vi.useRealTimers())

/** A menu as a site sees it that has kept nothing, or nothing for long enough. */
const site = async (tables: Record<string, ReturnType<typeof thing>> = { cups, spoons, plates, secrets }) => {
  const pool = connect(db.urls.app, { max: 2 })
  const resources = Object.fromEntries(Object.entries(tables).map(([key, table]) => [key, resource(table)]))
  const { ctx } = await createTestAdmin(pool, { sections: { kitchen: section('Kitchen', {}, resources) } })
  const counts = async () => {
    const { sections } = await loadMenu(ctx)
    return Object.fromEntries(
      sections.flatMap(({ items }) => items.map(({ href, count }) => [href.split('/')[3], count])),
    )
  }
  return { ctx, counts, close: () => pool.close() }
}
const later = () => vi.setSystemTime(Date.now() + 6_000)

describe('counts of the menu', () => {
  it('tell what was committed a moment ago, whatever the planner believes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await db.owner.sql`insert into cups select n from generate_series(1, 3) n`
    await db.owner.sql`insert into plates select n from generate_series(1, 14) n`
    const { counts, close } = await site()
    expect(await counts()).toEqual({ cups: '3', spoons: '0', plates: '14', secrets: undefined })
    await db.owner.sql`delete from cups where id > 1`
    later()
    expect(await counts()).toMatchObject({ cups: '1' })
    await close()
  })

  it('are the estimate above a thousand, and say so where there is none', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const sql = await db.admin.sql.reserve()
    await sql`insert into spoons select n from generate_series(1, 2500) n`
    await sql`select pg_stat_force_next_flush()`
    await sql`select pg_stat_reset()`
    sql.release()
    const { ctx, counts, close } = await site()
    expect((await rowEstimates(ctx.db)).get('public.spoons')?.rows).toBeUndefined()
    expect(await counts()).toMatchObject({ spoons: '1,000+' })
    await db.owner.sql`analyze spoons`
    later()
    expect(await counts()).toMatchObject({ spoons: '2,500' })
    await close()
  })

  it('wait for no lock', async () => {
    const { counts, close } = await site()
    await db.owner.sql.begin(async (tx) => {
      await tx`lock table cups in access exclusive mode`
      const begun = performance.now()
      await counts()
      expect(performance.now() - begun).toBeLessThan(2_000)
    })
    await close()
  })

  it('take two statements for any number of tables, and the turn of each comes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await db.owner.sql`insert into shelf_149 values (1), (2)`
    const tables = Object.fromEntries(shelves.map((table, n) => [`s${n}`, table]))
    const { ctx, counts, close } = await site(tables)
    const execute = vi.spyOn(ctx.db, 'execute')
    const transaction = vi.spyOn(ctx.db, 'transaction')
    expect(await counts()).toMatchObject({ s0: '0' })
    await counts()
    expect(execute.mock.calls.length + transaction.mock.calls.length).toBe(2)
    later()
    expect(await counts()).toMatchObject({ s0: '0', s149: '2' })
    expect(execute.mock.calls.length + transaction.mock.calls.length).toBe(4)
    await close()
  })

  it('leave alone what is full of dead rows', async () => {
    await db.owner.sql`insert into shelf_1 select n from generate_series(1, 60000) n`
    await db.owner.sql`delete from shelf_1`
    await db.owner.sql`select pg_stat_force_next_flush()`
    const { ctx, close } = await site({ one: shelves[1]!, two: shelves[2]! })
    const transaction = vi.spyOn(ctx.db, 'transaction')
    await expect
      .poll(async () => (await rowEstimates(ctx.db)).get('public.shelf_1')?.versions, { interval: 6_000 })
      .toBeGreaterThan(50_000)
    const count = await rowCounts(ctx)
    expect(count(ctx.admin.resources.get('kitchen/two')!)).toEqual({ count: 0 })
    expect(transaction).toHaveBeenCalledTimes(1)
    await close()
  })
})
