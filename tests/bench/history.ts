import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import postgres from 'postgres'
import { connect, type Database } from '@/lib/db/client'
import { changeCounts, installTriggers, recordHistory, siteHistory } from '@/lib/history'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'
import type { BenchTable } from './support/table'

const ROWS = 100_000
const BULK_ROUNDS = 5
const CLIENTS = 16
const UPDATES = 150
const SINGLE_ROUNDS = 16
const LOGGED = 1_000_000
const READ_ROUNDS = 9

/** What the log costs writers, beside no log and beside the row-level audit trigger everybody writes, and what its pages cost. */
export async function benchHistory(adminUrl: string): Promise<BenchTable[]> {
  const name = `bench_history_${randomBytes(4).toString('hex')}`
  await prepareTemplate(adminUrl)
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  const db = connect(databaseUrl(adminUrl, name), { max: CLIENTS, statementTimeoutMs: 0 })
  const owner = connect(databaseUrl(adminUrl, name, 'kontor_owner'), { max: 1, statementTimeoutMs: 0 })
  try {
    // Commits that reach the disk, as a shop's have to; the temporary server would save itself the trouble.
    await admin`alter system set fsync = on`
    await admin`alter system set synchronous_commit = on`
    await admin`alter system set full_page_writes = on`
    await admin`select pg_reload_conf()`
    await owner.sql.unsafe(SCHEMA)
    await installTriggers(owner.sql, [{ schema: 'public', name: 'logged' }])
    await db.sql.unsafe('vacuum analyze')
    const bulk = await measureBulk(db)
    const single = await measureSingle(db)
    return [bulkTable(bulk), singleTable(single), await measurePages(db)]
  } finally {
    await Promise.all([db.close(), owner.close()])
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

const CASES = ['plain', 'logged', 'audited'] as const
type Case = (typeof CASES)[number]

/**
 * Three tables alike: one without a trigger, one with the log's, one with the classic row-level audit trigger, which fills a
 * table of the log's columns, indexes and months with the same contents. Like a shop's orders they have a few indexes.
 */
const SCHEMA = `
  ${CASES.map(
    (
      name,
    ) => `create table ${name} (id int primary key, name text not null, price numeric(10,2) not null, stock int not null,
      status text not null, note text, body text, changed_at timestamptz not null default now());
    insert into ${name} select n, 'Product ' || n, n % 1000 / 10.0, n % 50, 'available', null, repeat('A sentence about it. ', 10)
      from generate_series(1, ${ROWS}) n;
    create index on ${name} (status, changed_at);
    create index on ${name} (price);
    create index on ${name} (name);`,
  ).join('\n')}
  create table audit (like kontor.changes including defaults) partition by range (at);
  create table audit_default partition of audit default;
  do $$ begin for i in 0..6 loop
    execute format('create table audit_%s partition of audit for values from (%L) to (%L)', i,
      date_trunc('month', now()) + make_interval(months => i), date_trunc('month', now()) + make_interval(months => i + 1));
  end loop; end $$;
  create index on audit (id);
  create index on audit (at, id);
  create index on audit (tx, id);
  create index on audit (relation, at, id);
  create index on audit (relation, left(record_id, 500), id);
  create index on audit (actor, at, id) where strpos(actor, ':') > 0;
  create index on audit (request_id, id) where request_id is not null;
  create index on audit using gin (undoes) where undoes is not null;
  create function audit() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
  declare
    v_old jsonb := to_jsonb(old);
    v_new jsonb := to_jsonb(new);
    v_changed text[];
  begin
    if tg_op = 'UPDATE' then
      select jsonb_object_agg(key, v_old -> key), jsonb_object_agg(key, value), array_agg(key) into v_old, v_new, v_changed
      from jsonb_each(v_new) where value is distinct from v_old -> key;
      if v_changed is null then return null; end if;
    end if;
    insert into audit (relation, record_id, op, before, after, changed, actor, source, request_id, reason)
    values (tg_table_schema || '.' || tg_table_name, coalesce(new.id, old.id)::text, lower(tg_op), v_old, v_new, v_changed,
      coalesce(nullif(current_setting('kontor.actor', true), ''), session_user),
      coalesce(nullif(current_setting('kontor.source', true), ''), 'sql'),
      nullif(current_setting('kontor.request_id', true), ''), nullif(current_setting('kontor.reason', true), ''));
    return null;
  end $$;
  create trigger audit after insert or update or delete on audited for each row execute function audit()`

/** Seconds (medians) of one UPDATE of all rows. */
async function measureBulk(db: Database): Promise<Record<Case, number>> {
  const taken: Record<Case, number[]> = { plain: [], logged: [], audited: [] }
  for (let round = 0; round <= BULK_ROUNDS; round++) {
    for (const name of CASES) {
      const begun = performance.now()
      await db.sql.unsafe(`update ${name} set price = price + 1, stock = stock - 1`)
      // The first round warms up.
      if (round > 0) taken[name].push((performance.now() - begun) / 1000)
      await db.sql.unsafe(`vacuum ${name}`)
      await db.sql`checkpoint`
    }
  }
  return { plain: median(taken.plain), logged: median(taken.logged), audited: median(taken.audited) }
}

/**
 * Commits a second of single-row updates by clients that wait for each answer, as programs do. Many short rounds, begun by
 * another case each, so that what else the machine does meets all three alike.
 */
async function measureSingle(db: Database): Promise<Record<Case, number>> {
  const rates: Record<Case, number[]> = { plain: [], logged: [], audited: [] }
  for (let round = 0; round <= SINGLE_ROUNDS; round++) {
    for (const name of CASES.map((_, place) => CASES[(place + round) % CASES.length]!)) {
      const statement = `update ${name} set stock = stock + 1, changed_at = now() where id = $1`
      const client = async (number: number) => {
        for (let at = 0; at < UPDATES; at++)
          await db.sql.unsafe(statement, [1 + (((round * UPDATES + at) * 7919 + number * 12_011) % ROWS)], {
            prepare: true,
          })
      }
      const begun = performance.now()
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
      if (round > 0) rates[name].push((CLIENTS * UPDATES * 1000) / (performance.now() - begun))
    }
  }
  return { plain: median(rates.plain), logged: median(rates.logged), audited: median(rates.audited) }
}

function bulkTable({ plain, logged, audited }: Record<Case, number>): BenchTable {
  const row = (label: string, seconds: number) => ({
    case: label,
    result: `${seconds.toFixed(2)} s`,
    ratio: `${(seconds / plain).toFixed(2)} ×`,
  })
  return {
    title: `UPDATE of ${ROWS.toLocaleString('en')} rows in one statement, against no log (at most 4 ×, and never slower than the classic trigger)`,
    rows: [row('no log', plain), row('Kontor’s log', logged), row('classic row-level audit trigger', audited)],
  }
}

function singleTable({ plain, logged, audited }: Record<Case, number>): BenchTable {
  const row = (label: string, rate: number) => ({
    case: label,
    result: `${Math.round(rate).toLocaleString('en')} commits/s`,
    ratio: `${Math.round((rate / plain) * 100)} %`,
  })
  return {
    title: `Single-row updates by ${CLIENTS} clients, against no log (at least 55 %, and never slower than the classic trigger)`,
    rows: [row('no log', plain), row('Kontor’s log', logged), row('classic row-level audit trigger', audited)],
  }
}

/** What the pages read, on a log of a million rows over five months. */
async function measurePages(db: Database): Promise<BenchTable> {
  await db.sql.unsafe(`truncate audit; insert into kontor.changes (at, tx, relation, record_id, op, before, after, changed, actor, source)
    select now() - (${LOGGED} - n) * interval '13 s', (9000000000 + n / 3)::text::xid8, 'public.' || (array['logged', 'plain', 'audited'])[1 + n % 3],
      (n % 5000)::text, 'update', '{"price": "1.00"}', '{"price": "2.00"}', '{price}', 'user:' || n % 40, (array['form', 'sql', 'task'])[1 + n % 3]
    from generate_series(1, ${LOGGED}) n`)
  await db.sql.unsafe('vacuum analyze kontor.changes')
  const relations = ['public.logged', 'public.plain']
  const from = '90 days'
  const [since] = await db.sql<{ at: string }[]>`select (now() - ${from}::interval)::text as at`
  const cursor = (await siteHistory(db.orm, { relations }, { limit: 200 })).next
  const reads: [label: string, read: () => Promise<unknown>][] = [
    ['activity, newest page', () => siteHistory(db.orm, { relations }, { limit: 25 })],
    ['activity, a page further down', () => siteHistory(db.orm, { relations }, { limit: 25, cursor })],
    ['activity of one person', () => siteHistory(db.orm, { relations, actor: 'user:7' }, { limit: 25 })],
    ['activity, one source', () => siteHistory(db.orm, { relations, source: 'task' }, { limit: 25 })],
    ['activity, a text nobody wrote', () => siteHistory(db.orm, { relations, text: 'nowhere' }, { limit: 25 })],
    ['history of one record', () => recordHistory(db.orm, 'public.logged', '2400', { limit: 25 })],
    ['charts of 90 days', () => changeCounts(db.orm, { relations, from: since?.at ?? '', zone: 'Europe/Berlin' })],
  ]
  const rows: BenchTable['rows'] = []
  let first = 0
  for (const [label, read] of reads) {
    const taken: number[] = []
    for (let round = 0; round <= READ_ROUNDS; round++) {
      const begun = performance.now()
      await read()
      if (round > 0) taken.push(performance.now() - begun)
    }
    first ||= median(taken)
    rows.push({
      case: label,
      result: `${median(taken).toFixed(1)} ms`,
      ratio: `${(median(taken) / first).toFixed(1)} ×`,
    })
  }
  return {
    title: `Pages of a log of ${LOGGED.toLocaleString('en')} changes, against the newest page`,
    rows,
    notes: [
      'Every page reads index entries from its place on; filters that no index answers read 50,000 changes a page at most, charts 500,000. So none of it grows with the log beyond that.',
    ],
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
