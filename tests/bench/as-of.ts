import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import postgres from 'postgres'
import config from '@/admin.config'
import { requestContext, resolveAdmin, travel } from '@/lib/admin'
import type { RequestContext } from '@/lib/admin/context'
import { loadList } from '@/lib/admin/list'
import type { AdminSource } from '@/lib/admin/resolve'
import { trackedTables } from '@/lib/admin/tracked-tables'
import type { Resource } from '@/lib/admin/tree'
import { connect, type Database } from '@/lib/db/client'
import { migrateTables } from '@/lib/db/migrate'
import { installTriggers } from '@/lib/history'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'
import { noting, planOf, type Statement } from './support/statements'
import type { BenchTable } from './support/table'

const SIZES = [250_000, 1_000_000]
const CUSTOMERS = 100_000
/** Changes between one moment and the next; each moment has all of the later ones behind it. */
const STEPS = [90_000, 9_000, 1_000]
const SIZE = 25
const ROUNDS = 9
const SHAPES: [label: string, query: string][] = [
  ['default order', ''],
  ['another order', 'sort=-total'],
  ['a common filter', 'f.status=eq:delivered'],
  ['a rare filter', 'f.total=gte:999.5&sort=total'],
  ['search across customers', 'q=4711'],
]

/** What a list costs as of a moment, with ever more changes since and on tables of two sizes. */
export async function benchAsOf(adminUrl: string): Promise<BenchTable[]> {
  await prepareTemplate(adminUrl)
  const small = await measureTable(adminUrl, SIZES[0]!)
  const large = await measureTable(adminUrl, SIZES[1]!)
  return tables(small, large)
}

interface Measured {
  /** Milliseconds (median) by shape: now, then with each number of changes since. */
  now: Map<string, number>
  then: Map<number, Map<string, number>>
  plan: string
}

async function measureTable(adminUrl: string, rows: number): Promise<Measured> {
  const name = `bench_as_of_${randomBytes(4).toString('hex')}`
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  const db = connect(databaseUrl(adminUrl, name, 'kontor_app'), { statementTimeoutMs: 0 })
  try {
    const source = resolveAdmin(config)
    const moments = await fill(databaseUrl(adminUrl, name), source, rows)
    const actor = { id: 'bench', name: 'Bench', role: 'owner' }
    const clock = { now: () => new Date() }
    const ctx = await requestContext({ source, db, clock, actor, requestId: 'bench', road: 'page' })
    const orders = ctx.admin.resources.get('shop/orders')
    if (!orders) throw new Error('The benchmark lists the demo’s orders, and this config has none.')
    return await measure(db, ctx, orders, moments)
  } finally {
    await db.close()
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

/** @returns moments by the number of changes since */
async function fill(url: string, source: AdminSource, rows: number): Promise<Map<number, string>> {
  const owner = connect(url, { max: 1, statementTimeoutMs: 0 })
  try {
    await migrateTables(url)
    await owner.sql.unsafe(`
      insert into shop.customers (first_name, last_name, email)
      select 'Customer', n::text, n || '@example.org' from generate_series(1, ${CUSTOMERS}) n`)
    await owner.sql.unsafe(`
      insert into shop.orders (customer_id, status, channel, total, placed_at, wanted_at)
      select 1 + n * 7919 % ${CUSTOMERS}, (enum_range(null::shop.order_status))[1 + n % 7],
        (enum_range(null::shop.order_channel))[1 + n % 3], (n * 7919 % 100000) / 100.0,
        timestamptz '2020-01-01' + n * interval '3 min', timestamptz '2020-01-02' + n * interval '3 min'
      from generate_series(1::bigint, ${rows}) n`)
    await installTriggers(owner.sql, trackedTables(source))
    for (const schema of ['shop']) {
      await owner.sql.unsafe(`grant usage on schema ${schema} to kontor_app`)
      await owner.sql.unsafe(`grant select on all tables in schema ${schema} to kontor_app`)
    }
    const moments = new Map<number, string>()
    for (const [at, count] of STEPS.entries()) {
      const since = STEPS.slice(at).reduce((sum, one) => sum + one, 0)
      const [row] = await owner.sql<{ at: string }[]>`select clock_timestamp()::text as at`
      moments.set(since, row!.at)
      await change(owner, rows, count, at)
    }
    await owner.sql.unsafe('vacuum analyze shop.customers')
    await owner.sql.unsafe('vacuum analyze shop.orders')
    await owner.sql.unsafe('vacuum analyze kontor.changes')
    return moments
  } finally {
    await owner.close()
  }
}

/** Eight in ten change a record, one goes, one comes: spread over the whole table. */
async function change(owner: Database, rows: number, count: number, seed: number): Promise<void> {
  const picked = (share: number, offset: number) =>
    `select distinct 1 + (n * 7::bigint * 10007 + ${seed * 31 + offset}) % ${rows} from generate_series(1, ${Math.round(count * share)}) n`
  await owner.sql.unsafe(
    `update shop.orders set status = 'late', total = total + 1, note = 'changed' where id in (${picked(0.8, 0)})`,
  )
  await owner.sql.unsafe(`delete from shop.orders where id in (${picked(0.1, 3)})`)
  await owner.sql.unsafe(`
    insert into shop.orders (customer_id, status, channel, total, placed_at)
    select 1 + n, 'paid', 'counter', n / 100.0, now() - n * interval '1 min' from generate_series(1, ${Math.round(count * 0.1)}) n`)
}

async function measure(
  db: Database,
  ctx: RequestContext,
  orders: Resource,
  moments: ReadonlyMap<number, string>,
): Promise<Measured> {
  const load = async (query: string, at?: string, as = ctx) => {
    const start = performance.now()
    const then = await travel(as, orders, at)
    if (at && !then.asOf) throw new Error(`The moment ${at} is not what is measured: ${then.notice}`)
    const list = await loadList(then.ctx, then.resource, new URLSearchParams(query))
    if (list.notices.length > 0 || list.rows.length === 0) throw new Error(`?${query} is not what is measured.`)
    return performance.now() - start
  }
  const median = async (query: string, at?: string) => {
    const taken: number[] = []
    for (let round = 0; round < ROUNDS + 2; round++) taken.push(await load(query, at))
    return taken.slice(2).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
  }
  const medians = async (at?: string) => {
    const found = new Map<string, number>()
    for (const [label, query] of SHAPES) found.set(label, await median(query, at))
    return found
  }
  const now = await medians()
  const then = new Map<number, Map<string, number>>()
  for (const [since, at] of moments) then.set(since, await medians(at))
  const noted: Statement[] = []
  await load('', [...moments.values()][0], noting(ctx, noted))
  const rows = noted.find(({ text }) => text.includes('order by') && text.includes('kontor.past'))
  return { now, then, plan: rows ? await planOf(db, rows) : '' }
}

function tables(small: Measured, large: Measured): BenchTable[] {
  const ms = (value: number) => `${value.toFixed(1)} ms`
  const [smallRows, largeRows] = SIZES.map((size) => size.toLocaleString('en'))
  const shapes = SHAPES.map(([label]) => label)
  const most = Math.max(...large.then.keys())
  return [
    ...shapes.map((label) => ({
      title: `First page of ${SIZE} of ${largeRows} rows as of a moment, ${label}, with its count; against now`,
      rows: [
        { case: 'now', result: ms(large.now.get(label)!), ratio: '1.00' },
        ...[...large.then].reverse().map(([since, found]) => ({
          case: `${since.toLocaleString('en')} changes since`,
          result: ms(found.get(label)!),
          ratio: (found.get(label)! / large.now.get(label)!).toFixed(2),
        })),
      ],
    })),
    {
      title: `${most.toLocaleString('en')} changes since, ${largeRows} rows against ${smallRows}`,
      rows: shapes.map((label) => {
        const [less, more] = [small.then.get(most)!.get(label)!, large.then.get(most)!.get(label)!]
        return { case: label, result: `${ms(more)} against ${ms(less)}`, ratio: (more / less).toFixed(2) }
      }),
      notes: [`Plan of the page's rows:\n${large.plan}`],
    },
  ]
}
