import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { expireRecords } from '@/lib/admin/operations/expire'
import { loadVersion } from '@/lib/admin/operations/versions'
import { loadRecordView } from '@/lib/admin/record-view'
import type { Resource } from '@/lib/admin/tree'
import { connect, type Database } from '@/lib/db/client'
import {
  createTables,
  installAll,
  KINDS,
  keptNotes,
  movableClock,
  passingNotes,
  plainNotes,
  tables,
} from '@/tests/storage/support'
import { createTestAdmin, type TestAdmin } from '@/tests/support/admin'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'
import type { BenchRow, BenchTable } from './support/table'

const ENTRIES = 100_000
const VERSIONS = 100
const EXPIRED = 10_000
const ROUNDS = 1_000

type Site = TestAdmin & { clock: ReturnType<typeof movableClock> }

/** The same notes in each storage, on one server in one run: what a kind of storage costs beside an ordinary table. */
export async function benchStorage(adminUrl: string): Promise<BenchTable[]> {
  const name = `bench_storage_${randomBytes(4).toString('hex')}`
  await prepareTemplate(adminUrl)
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  const app = connect(databaseUrl(adminUrl, name, 'kontor_app'), { statementTimeoutMs: 0 })
  const owner = connect(databaseUrl(adminUrl, name, 'kontor_owner'), { max: 1, statementTimeoutMs: 0 })
  try {
    await createTables({ owner }, tables)
    const site = await openSite(app)
    await fill(owner, site)
    return [await benchAppendOnly(app, site), await benchReads(app, site), await benchSweeps(owner, app, site)]
  } finally {
    await Promise.all([app.close(), owner.close()])
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

async function openSite(db: Database, hooks?: ResourceOptions<typeof passingNotes>['hooks']): Promise<Site> {
  const clock = movableClock()
  const list = { search: ['name', 'note'], sort: ['name'] } as const
  const resources = Object.fromEntries(
    KINDS.map(({ kind, table, storage }) => [
      kind,
      resource(table as typeof plainNotes, { storage, list, ...(kind === 'ephemeral' && { hooks }) } as never),
    ]),
  )
  const admin = await createTestAdmin(db, { schema: tables, sections: { main: section('Main', {}, resources) } }, clock)
  return { ...admin, clock }
}

/** As large as they are read: every version, one row an entry beside them, and as many that vanish. */
async function fill(owner: Database, site: Site): Promise<void> {
  const run = (text: string) => owner.sql.unsafe(text)
  const values = (n: string) => `'Note ' || ${n}, 'said ' || ${n} % 97, (${n} % 1000) / 10.0, ${n} % 50`
  await run(`alter table kept_notes set unlogged`)
  await run(`insert into plain_notes (id, name, note, price, count)
    select md5(n::text)::uuid, ${values('n')} from generate_series(1, ${ENTRIES}) n`)
  await run(`insert into passing_notes (id, name, note, price, count, expires_at)
    select md5(n::text)::uuid, ${values('n')}, now() + interval '1 day' from generate_series(1, ${ENTRIES}) n`)
  await run(`insert into kept_notes (entry_id, entry_version, inserted_at, version_at, version_by, version_source, name, note, price, count)
    select id, v, now(), now() - (${VERSIONS} - v) * interval '1 day', 'bench', 'bench', ${values('n')}
    from generate_series(1, ${VERSIONS}) v, (select n, md5(n::text)::uuid as id from generate_series(1, ${ENTRIES}) n) e`)
  await installAll({ owner }, site)
  for (const table of ['plain_notes', 'kept_notes', 'kept_notes_current', 'passing_notes'])
    await run(`vacuum analyze ${table}`)
}

async function benchAppendOnly(db: Database, { ctx, of }: Site): Promise<BenchTable> {
  const [plain, kept] = [of(plainNotes), of(keptNotes)]
  const ids = await someIds(db)
  const rows: BenchRow[] = []
  for (const [label, query] of [
    ['list, first page', {}],
    ['list, sorted by price', { sort: '-price' }],
    ['list, filtered', { 'f.count': 'eq:7', sort: 'name' }],
    ['list, searched', { q: 'note 4711' }],
  ] as const) {
    const page = (resource: Resource) => () => loadList(ctx, resource, query)
    rows.push(...compare(label, await medians(40, [page(plain), page(kept)])))
  }
  const open = (resource: Resource) => (at: number) => loadRecordView(ctx, resource, ids[at % ids.length] ?? '')
  rows.push(...compare('record page', await medians(ROUNDS, [open(plain), open(kept)])))
  const old = (at: number) => loadVersion(ctx, kept, ids[at % ids.length] ?? '', 1 + (at % VERSIONS))
  rows.push(...compare('an old version', await medians(ROUNDS, [open(plain), old]), 'record page, ordinary table'))
  const versions = (ENTRIES * VERSIONS).toLocaleString('en')
  return {
    title: `Append-only: ${ENTRIES.toLocaleString('en')} entries in ${versions} versions, against an ordinary table of as many rows`,
    rows,
  }
}

async function benchReads(db: Database, { ctx, of, clock }: Site): Promise<BenchTable> {
  const [plain, passing] = [of(plainNotes).storage, of(passingNotes).storage]
  const ids = await someIds(db)
  const id = (at: number) => ids[at % ids.length] ?? ''
  const raw = (at: number) =>
    ctx.db.execute(sql`select id::text, name, note, price::text, count::text, facts::text, baked_at::text, shout
      from public.plain_notes where id = ${id(at)}`)
  const byKey = await medians(ROUNDS, [
    raw,
    (at) => plain.load(ctx.db, id(at)),
    (at) => passing.load(ctx.db, id(at)),
    async (at) => {
      const row = await passing.load(ctx.db, id(at))
      if (row) await passing.expiry?.touch(ctx.db, row)
    },
  ])
  clock.move(15)
  const [touching = 0] = await medians(ROUNDS, [
    async (at) => {
      const row = await passing.load(ctx.db, id(at))
      if (row) await passing.expiry?.touch(ctx.db, row)
    },
  ])
  const [base = 0, ...others] = byKey
  const labels = ['ordinary table, by its storage', 'ephemeral', 'ephemeral, opened within a tenth of the timeout']
  const rows = [
    { case: 'select by primary key', result: ms(base), ratio: '1.00' },
    ...others.map((median, at) => ({ case: labels[at] ?? '', result: ms(median), ratio: (median / base).toFixed(2) })),
    { case: 'ephemeral, opened after it: one write', result: ms(touching), ratio: (touching / base).toFixed(2) },
  ]
  return { title: 'One record by key, median', rows }
}

async function benchSweeps(owner: Database, app: Database, site: Site): Promise<BenchTable> {
  const told = await openSite(app, { afterDelete: () => {} })
  const rows: BenchRow[] = []
  for (const [label, { ctx, of }] of [
    ['nobody to be told', site],
    ['with a delete hook', told],
  ] as const) {
    await owner.sql.unsafe(`update passing_notes set expires_at = '2020-01-01', revision = revision + 1
      where id in (select id from passing_notes where expires_at > now() limit ${EXPIRED})`)
    const waits: number[] = []
    const ids = await someIds(app)
    let isSwept = false
    const started = performance.now()
    const sweep = expireRecords(ctx, of(passingNotes)).finally(() => {
      isSwept = true
    })
    while (!isSwept)
      waits.push(await took(() => of(passingNotes).storage.load(ctx.db, ids[waits.length % ids.length] ?? '')))
    const { expired } = await sweep
    const seconds = (performance.now() - started) / 1000
    if (expired !== EXPIRED) throw new Error(`The sweep removed ${expired} of ${EXPIRED}.`)
    const longest = Math.max(...waits)
    rows.push({
      case: `${EXPIRED.toLocaleString('en')} of ${ENTRIES.toLocaleString('en')} expire, ${label}`,
      result: `${seconds.toFixed(2)} s; a read meanwhile waits ${ms(longest)} at most`,
      ratio: (seconds / 5).toFixed(2),
    })
  }
  return { title: 'The sweep, against its limit of 5 s', rows }
}

const someIds = async (db: Database): Promise<string[]> =>
  (await db.sql`select id::text from plain_notes order by id limit ${ROUNDS}`).map(({ id }) => id as string)

/** The median of each case in ms; they take turns, so that whatever else the machine does falls on all alike. */
async function medians(rounds: number, cases: readonly ((round: number) => Promise<unknown>)[]): Promise<number[]> {
  const taken = cases.map(() => [] as number[])
  for (let round = -20; round < rounds; round++) {
    for (const [at, run] of cases.entries()) {
      const time = await took(() => run(Math.abs(round)))
      if (round >= 0) taken[at]?.push(time)
    }
  }
  return taken.map((times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0)
}

async function took(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

function compare(label: string, [base = 0, other = 0]: number[], against = 'ordinary table'): BenchRow[] {
  const result = `${ms(other)} against ${ms(base)} (${against})`
  return [{ case: label, result, ratio: (other / base).toFixed(2) }]
}

const ms = (value: number) => `${value.toFixed(2)} ms`
