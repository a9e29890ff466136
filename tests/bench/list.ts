import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import config from '@/admin.config'
import { ensureBuilt } from '@/bin/supervisor/build'
import { requestContext, resolveAdmin } from '@/lib/admin'
import type { RequestContext } from '@/lib/admin/context'
import { loadList } from '@/lib/admin/list'
import { orderOf } from '@/lib/admin/list/order'
import { readPage } from '@/lib/admin/list/rows'
import type { Resource } from '@/lib/admin/tree'
import { users } from '@/lib/auth'
import { connect, type Database } from '@/lib/db/client'
import { encodeCursor } from '@/lib/db/keyset'
import { migrateTables } from '@/lib/db/migrate'
import { sessionCookieFor } from '@/tests/support/session'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'
import { load, type Measured, summarize, type Target } from './support/load'
import { build, serve } from './support/site'
import { noting, planOf, type Statement } from './support/statements'
import type { BenchTable } from './support/table'

const ORDERS = 1_000_000
const CUSTOMERS = 100_000
const DEPTH = 500_000
const SIZE = 25
const ROUNDS = 4
const ROUND_MS = 5_000
const CONNECTIONS = [1, 8]
const BARE = 'tests/bench/bare'
const SECRET = randomBytes(32).toString('base64url')

/** The demo's list of orders with a million of them, beside a bare Next page that runs the same statements. */
export async function benchList(adminUrl: string): Promise<BenchTable[]> {
  const name = `bench_list_${randomBytes(4).toString('hex')}`
  await prepareTemplate(adminUrl)
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  const db = connect(databaseUrl(adminUrl, name, 'kontor_app'), { statementTimeoutMs: 0 })
  try {
    await fill(adminUrl, name)
    const { ctx, orders } = await openOrders(db)
    const addresses = { first: '', deep: await deepAddress(ctx, orders) }
    const statements = {
      first: await statementsOf(ctx, orders, addresses.first),
      deep: await statementsOf(ctx, orders, addresses.deep),
    }
    await ensureBuilt()
    await build(BARE)
    const env = {
      DATABASE_URL: databaseUrl(adminUrl, name, 'kontor_app'),
      NEXTAUTH_SECRET: SECRET,
      BENCH_STATEMENTS: JSON.stringify(statements),
    }
    const measured = await measure(env, { addresses, cookie: await signIn(db) })
    const plans = await Promise.all([planOf(db, statements.first[0]!), planOf(db, statements.deep[0]!)])
    return tables(measured, statements, plans)
  } finally {
    await db.close()
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

/** The demo's tables as its migrations make them, filled set-wise. */
async function fill(adminUrl: string, name: string): Promise<void> {
  const owner = connect(databaseUrl(adminUrl, name), { max: 1, statementTimeoutMs: 0 })
  try {
    await migrateTables(databaseUrl(adminUrl, name))
    await owner.sql.unsafe(`
      insert into shop.customers (first_name, last_name, email)
      select 'Customer', n::text, n || '@example.org' from generate_series(1, ${CUSTOMERS}) n`)
    await owner.sql.unsafe(`
      insert into shop.orders (customer_id, status, channel, total, placed_at, wanted_at)
      select 1 + n * 7919 % ${CUSTOMERS}, (enum_range(null::shop.order_status))[1 + n % 7],
        (enum_range(null::shop.order_channel))[1 + n % 3], (n * 7919 % 100000) / 100.0,
        timestamptz '2020-01-01' + n * interval '3 min', timestamptz '2020-01-02' + n * interval '3 min'
      from generate_series(1::bigint, ${ORDERS}) n`)
    await owner.sql.unsafe('vacuum analyze shop.customers')
    await owner.sql.unsafe('vacuum analyze shop.orders')
    await owner.sql.unsafe('grant usage on schema shop to kontor_app')
    await owner.sql.unsafe('grant select on all tables in schema shop to kontor_app')
  } finally {
    await owner.close()
  }
}

async function openOrders(db: Database): Promise<{ ctx: RequestContext; orders: Resource }> {
  const source = resolveAdmin(config)
  const actor = { id: 'bench', name: 'Bench', role: 'owner' }
  const clock = { now: () => new Date() }
  const ctx = await requestContext({ source, db, clock, actor, requestId: 'bench', road: 'page' })
  const orders = ctx.admin.resources.get('shop/orders')
  if (!orders) throw new Error('The benchmark lists the demo’s orders, and this config has none.')
  return { ctx, orders }
}

/** The page behind row 500,000, found once by counting rows off. */
async function deepAddress(ctx: RequestContext, resource: Resource): Promise<string> {
  const sort = resource.list.sort.map(({ field, descending }) => ({ name: field.name, descending }))
  const order = orderOf(ctx, resource, sort, 't')
  const position = { kind: 'page', page: DEPTH / SIZE } as const
  const { rows } = await readPage(ctx.db, {
    resource,
    fields: [],
    isCut: true,
    where: undefined,
    order,
    size: SIZE,
    position,
  })
  return `after=${encodeCursor({ values: rows.at(-1)?.keys ?? [], rank: DEPTH }, order.signature)}`
}

async function statementsOf(ctx: RequestContext, resource: Resource, query: string): Promise<Statement[]> {
  const noted: Statement[] = []
  const list = await loadList(noting(ctx, noted), resource, new URLSearchParams(query))
  if (list.notices.length > 0 || list.rows.length !== SIZE)
    throw new Error(`The page ?${query} is not what is measured.`)
  return noted
}

async function signIn(db: Database): Promise<string> {
  const [user] = await db.orm
    .insert(users)
    .values({ email: 'bench@example.org', name: 'Bench', role: 'owner' })
    .returning({ id: users.id })
  return sessionCookieFor(db, user?.id ?? '', SECRET)
}

type Page = 'first' | 'deep'
type Results = Record<Page, Record<'bare' | 'kontor', Measured>>

/** One round of each page in turn, several times, so that whatever else the machine does falls on all alike. */
async function measure(
  env: Record<string, string>,
  { addresses, cookie }: { addresses: Record<Page, string>; cookie: string },
): Promise<Map<number, Results>> {
  const bare = await serve(BARE, '/', env)
  const kontor = await serve('.', '/api/health', env)
  try {
    const list = `${kontor.url}/admin/shop/orders`
    const targets: [Page, 'bare' | 'kontor', Target][] = [
      ['first', 'bare', { url: `${bare.url}/` }],
      ['first', 'kontor', { url: list, headers: { cookie } }],
      ['deep', 'bare', { url: `${bare.url}/deep` }],
      ['deep', 'kontor', { url: `${list}?${addresses.deep}`, headers: { cookie } }],
    ]
    for (const [, , target] of targets) await load(target, 2, ROUND_MS)
    const results = new Map<number, Results>()
    for (const connections of CONNECTIONS) {
      const taken = targets.map(() => ({ ms: [] as number[], cpuMs: 0 }))
      for (let round = 0; round < ROUNDS; round++) {
        for (const [at, [, who, target]] of targets.entries()) {
          const { cpuMs } = who === 'bare' ? bare : kontor
          const before = cpuMs() ?? Number.NaN
          taken[at]?.ms.push(...(await load(target, connections, ROUND_MS)))
          taken[at]!.cpuMs += (cpuMs() ?? Number.NaN) - before
        }
      }
      const of = (page: Page, who: 'bare' | 'kontor') => {
        const { ms, cpuMs } = taken[targets.findIndex(([a, b]) => a === page && b === who)]!
        return summarize(ms, connections, cpuMs)
      }
      const both = (page: Page) => ({ bare: of(page, 'bare'), kontor: of(page, 'kontor') })
      results.set(connections, { first: both('first'), deep: both('deep') })
    }
    return results
  } finally {
    await Promise.all([bare.stop(), kontor.stop()])
  }
}

function tables(results: Map<number, Results>, statements: Record<Page, Statement[]>, plans: string[]): BenchTable[] {
  const word = ({ perSecond, medianMs, p99Ms, cpuMs }: Measured) =>
    `${perSecond.toFixed(0)} pages/s, median ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms${cpuMs ? `, ${cpuMs.toFixed(1)} ms CPU` : ''}`
  const pages = [...results].map(([connections, result]) => ({
    title: `List page of ${SIZE} of ${ORDERS.toLocaleString('en')} rows, ${connections} at a time; pages/s against the bare page`,
    rows: (['first', 'deep'] as const).flatMap((page) => {
      const { bare, kontor } = result[page]
      const label = page === 'first' ? 'first page' : `page behind row ${DEPTH.toLocaleString('en')}`
      return [
        { case: `bare Next page, ${label}`, result: word(bare), ratio: '1.00' },
        { case: `Kontor, ${label}`, result: word(kontor), ratio: (kontor.perSecond / bare.perSecond).toFixed(2) },
      ]
    }),
  }))
  const depth = {
    title: 'The deep page against the first, median',
    rows: [...results].map(([connections, { first, deep }]) => ({
      case: `Kontor, ${connections} at a time`,
      result: `${deep.kontor.medianMs.toFixed(1)} ms against ${first.kontor.medianMs.toFixed(1)} ms`,
      ratio: (deep.kontor.medianMs / first.kontor.medianMs).toFixed(2),
    })),
    notes: (['first', 'deep'] as const).flatMap((page, at) => [
      `Statements of the ${page} page:\n${statements[page].map(({ text }) => `  ${text}`).join('\n')}`,
      `Plan of the ${page} page's rows:\n${plans[at]}`,
    ]),
  }
  return [...pages, depth]
}
