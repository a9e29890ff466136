import { sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { historyBounds } from '@/lib/history/moment'
import { repairHistory } from '@/lib/history/repair'
import { retainHistory } from '@/lib/history/retention'
import { markCrashedTables, sealChanges } from '@/lib/history/seals'
import { installTriggers } from '@/lib/history/triggers'
import { monthsOf } from '@/lib/history/upkeep'
import { verifyHistory } from '@/lib/history/verify'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const by = { actor: 'user:admin', reason: 'spring cleaning' }

beforeAll(async () => {
  await db.owner.sql`create table cakes (id int primary key)`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'cakes' }])
  // Three months ago, as their triggers would have written it then: into the default partition, the net below the months.
  for (const ago of [3, 2, 1]) {
    await db.admin.sql`insert into kontor.changes (at, relation, record_id, op, after)
      select date_trunc('month', now()) - make_interval(months => ${ago}) + interval '1 day', 'public.cakes', i::text, 'insert', jsonb_build_object('id', i)
      from generate_series(1, ${ago * 10}) i`
    await db.app.sql`select kontor.seal_changes()`
  }
  await db.admin.sql`insert into cakes values (1)`
})

it('a log without the month it needs still takes the change', async () => {
  expect(await db.admin.sql`select from kontor.changes_default`).toHaveLength(60)
})

it('the same where its trigger finds no month to write into', async () => {
  const [current] = await db.admin.sql<{ name: string }[]>`
    select c.tableoid::regclass::text as name from kontor.changes as c order by c.id desc limit 1`
  await db.admin.sql
    .begin(async (tx) => {
      await tx.unsafe(`alter table kontor.changes detach partition ${current!.name}`)
      await tx`insert into cakes values (2)`
      await tx`update cakes set id = 3 where id = 2`
      expect(
        await tx`select op from kontor.changes_default where record_id in ('2', '3') and tx = pg_current_xact_id()`,
      ).toHaveLength(3)
      throw new Error('as it was')
    })
    .catch((error: Error) => expect(error.message).toBe('as it was'))
})

it('repair moves what the net caught into months, unchanged, and says so in the log', async () => {
  const { moved } = await repairHistory(db.owner.sql, by)
  expect(moved.map(({ rows }) => rows)).toEqual([30, 20, 10])
  expect(await db.admin.sql`select from kontor.changes_default`).toHaveLength(0)
  expect(await db.admin.sql`select from kontor.changes where relation = 'public.cakes'`).toHaveLength(61)
  expect(await repairHistory(db.owner.sql, by)).toEqual({ moved: [] })
  expect(
    await db.app.sql`select after ->> 'kind' as kind from kontor.changes where relation = 'kontor.upkeep'`,
  ).toHaveLength(3)
  await db.app.sql`select kontor.seal_changes()`
  // Rows dated by hand above are told as such; none is altered, removed or inserted.
  expect(new Set((await verifyHistory(db.app.sql)).findings.map(({ kind }) => kind))).toEqual(new Set(['misdated']))
  await expect(db.admin.sql.unsafe(`truncate kontor.${moved[0]!.partition}`)).rejects.toThrow('append-only')
})

it('a month with unsealed changes does not go', async () => {
  const [oldest] = await monthsOf(db.owner.sql)
  await db.admin.sql.unsafe(
    `insert into kontor.changes (at, relation, op) values ('${oldest!.from}'::timestamptz + interval '1 hour', 'public.cakes', 'insert')`,
  )
  await expect(retainHistory(db.owner.sql, { ...by, before: oldest!.to })).rejects.toMatchObject({ code: 'conflict' })
  await sealChanges(db.app.orm)
})

it('old months are detached while writers go on, and the chain starts at the last one gone', async () => {
  const months = await monthsOf(db.owner.sql)
  const writer = await db.admin.sql.reserve()
  await writer`begin`
  await writer`insert into cakes values (50)`
  setTimeout(() => writer`commit`.then(() => writer.release()), 2_500)
  const { detached } = await retainHistory(db.owner.sql, { ...by, before: months[1]!.to })
  expect(detached.map(({ rows }) => rows)).toEqual([31, 20])
  expect(await db.admin.sql`select from kontor.changes where relation = 'public.cakes'`).toHaveLength(12)
  expect(await db.admin.sql.unsafe(`select from kontor.${detached[0]!.partition}`)).toHaveLength(31)
  await sealChanges(db.app.orm)
  const report = await verifyHistory(db.app.sql)
  expect(report.findings.filter(({ kind }) => kind !== 'misdated')).toEqual([])
  expect(Number((await db.app.sql`select min(seq) as first from kontor.seals`)[0]!.first)).toBeGreaterThan(1)
  expect(await historyBounds(db.app.orm, 'public.cakes')).toMatchObject({ because: 'began' })
  await db.admin.sql`update kontor.tracked set began = '2000-01-01'`
  expect(await historyBounds(db.app.orm, 'public.cakes')).toMatchObject({
    because: 'retention',
    visibleFrom: months[1]!.to,
  })
})

it('only what is over can go, and only the owner lets it go', async () => {
  await expect(retainHistory(db.owner.sql, { ...by, before: '2999-01-01' })).rejects.toMatchObject({ code: 'invalid' })
  const [oldest] = await monthsOf(db.owner.sql)
  await expect(retainHistory(db.app.sql, { ...by, before: oldest!.to })).rejects.toMatchObject({ code: 'forbidden' })
})

it('an unlogged table emptied by a crash gets a mark, once', async () => {
  await db.owner.sql`create unlogged table scratch (id int primary key)`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'scratch' }])
  expect(await markCrashedTables(db.app.orm)).toEqual([])
  // What a crash does to unlogged tables.
  await db.admin.sql`truncate kontor.unlogged_witness`
  expect(await markCrashedTables(db.app.orm)).toEqual(['public.scratch'])
  expect(await markCrashedTables(db.app.orm)).toEqual([])
  const [mark] = await db.app.orm.execute(
    sql`select op, source, actor from kontor.changes where relation = 'public.scratch'`,
  )
  expect(mark).toEqual({ op: 'truncate', source: 'crash', actor: 'system' })
  expect(await historyBounds(db.app.orm, 'public.scratch')).toMatchObject({ because: 'truncated' })
})
