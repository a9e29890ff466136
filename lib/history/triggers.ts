import { createHash } from 'node:crypto'
import type postgres from 'postgres'
import { groupBy } from '@/lib/db/group-by'
import { AdminError } from '@/lib/errors'
import { LOCK_TIMEOUT_MS, whenFree } from './busy'
import { literal, quote } from './literal'
import { readFacts, type TableFacts } from './table-facts'
import { assertRedactable, functionName, type TrackedTable } from './tracked-table'
import { createFunction, type FunctionSource, functionSource, granularityOf } from './trigger-function'

export interface WantedTrigger {
  name: string
  /** Quoted `schema.table` it stands on: a leaf for TRUNCATE of a partitioned table. */
  on: string
  definition: string
}

/** Everything one table needs: its function and triggers, as SQL and as names to compare with what is there. */
export interface WantedTable {
  facts: TableFacts
  source: FunctionSource
  triggers: WantedTrigger[]
}

const ROW_EVENTS = ['insert', 'update', 'delete'] as const

/** Triggers run in the order of their names: before others of a row, which may change it again, and those of foreign keys (RI_…). */
const FIRST = '00_'

/** 'kontor_log_insert' for the triggers of both granularities. */
const plainName = (name: string) => (name.startsWith(FIRST) ? name.slice(FIRST.length) : name)

/**
 * What must stand in the database for a table to be recorded, or why nothing must.
 * @param facts of it; undefined where it is not there
 * @throws AdminError 'misconfigured' for columns that cannot be redacted
 */
function wantedFor(
  facts: TableFacts | undefined,
  table: TrackedTable,
  roots: ReadonlySet<string>,
): WantedTable | 'absent' | 'partition' {
  if (!facts) return 'absent'
  // Its root's triggers are cloned to it: a second set would log everything twice.
  if (facts.partitionOf !== null && roots.has(facts.partitionOf)) return 'partition'
  assertRedactable(facts, table.redact ?? [])
  const source = functionSource(facts, table)
  return { facts, source, triggers: triggersFor(facts, source) }
}

/**
 * The same for tables read at once, in their order.
 * @param all those that are recorded besides: a partition is left to its root
 * @throws AdminError 'misconfigured' for views and for columns that cannot be redacted
 */
async function readWanted(
  sql: postgres.ISql,
  tables: readonly TrackedTable[],
  all: readonly TrackedTable[] = tables,
): Promise<(WantedTable | 'absent' | 'partition')[]> {
  const facts = await readFacts((text) => sql.unsafe(text), tables)
  const roots = new Set(all.map(relationOf))
  return tables.map((table) => wantedFor(facts.get(relationOf(table)), table, roots))
}

const relationOf = ({ schema, name }: TrackedTable) => `${schema}.${name}`

function triggersFor(facts: TableFacts, source: FunctionSource): WantedTrigger[] {
  const own = `${quote(facts.schema)}.${quote(facts.name)}`
  const run = `EXECUTE FUNCTION kontor.${quote(source.name)}()`
  const perStatement = granularityOf(facts) === 'statement'
  const referencing = {
    insert: 'REFERENCING NEW TABLE AS new_rows',
    update: 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows',
    delete: 'REFERENCING OLD TABLE AS old_rows',
  }
  const truncated = facts.isPartitioned ? facts.leaves : [own]
  return [
    ...ROW_EVENTS.map((event) => ({
      name: perStatement ? `kontor_log_${event}` : `${FIRST}kontor_log_${event}`,
      on: own,
      definition: perStatement
        ? `AFTER ${event.toUpperCase()} ON ${own} ${referencing[event]} FOR EACH STATEMENT ${run}`
        : `AFTER ${event.toUpperCase()} ON ${own} FOR EACH ROW ${run}`,
    })),
    // Before, while the rows can still be read.
    ...truncated.map((on) => ({
      name: 'kontor_log_truncate',
      on,
      definition: `BEFORE TRUNCATE ON ${on} FOR EACH STATEMENT ${run}`,
    })),
  ]
}

export interface InstallReport {
  /** Tables whose triggers were created or brought up to date now, as `schema.table`. */
  installed: string[]
  /** Tables that already had what they need. */
  unchanged: string[]
  /** Tables that are not (yet) in the database. */
  absent: string[]
  /** Tables that could not be locked or changed: the message says why. The others are done. */
  failed: { relation: string; message: string }[]
}

/**
 * Installs or upgrades the log's triggers, each table in a transaction of its own with `lock_timeout` 2 s, tried again up
 * to ten times, so that a busy table neither blocks its writers for long nor stops the others. Running it again changes
 * nothing; any number of processes may.
 * @param owner a connection of the role that owns the tables and schema kontor
 */
export async function installTriggers(owner: postgres.Sql, tables: readonly TrackedTable[]): Promise<InstallReport> {
  const report: InstallReport = { installed: [], unchanged: [], absent: [], failed: [] }
  for (const table of tables) {
    const relation = relationOf(table)
    try {
      report[await installOne(owner, table, tables)].push(relation)
    } catch (error) {
      if (error instanceof AdminError) throw error
      report.failed.push({ relation, message: error instanceof Error ? error.message : String(error) })
    }
  }
  return report
}

const installOne = (owner: postgres.Sql, table: TrackedTable, all: readonly TrackedTable[]) =>
  whenFree(() =>
    owner.begin(async (tx) => {
      await tx`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}`}, true), pg_advisory_xact_lock(1802465908, 23)`
      const [wanted = 'absent'] = await readWanted(tx, [table], all)
      if (wanted === 'absent') return 'absent'
      if (wanted === 'partition') return 'unchanged'
      const [compared] = await compare(tx, [wanted])
      if (compared!.drifts.length === 0 && (await isTracked(tx, wanted))) return 'unchanged'
      await tx.unsafe(installSql(compared!))
      return 'installed'
    }),
  )

async function isTracked(sql: postgres.ISql, { facts }: WantedTable): Promise<boolean> {
  const [row] =
    await sql`select from kontor.tracked where relation = ${facts.relation} and unlogged = ${facts.isUnlogged}`
  return row !== undefined
}

function installSql({ wanted: { facts, source, triggers }, drifts, strays }: Comparison): string {
  // Recorded without a gap until now: its beginning then stands.
  const isContinued = drifts.every(({ kind }) => kind === 'outdated' || kind === 'leftover')
  const own = `${quote(facts.schema)}.${quote(facts.name)}`
  const relation = literal(facts.relation)
  return [
    // Waits for writers, so that nothing they do falls between the beginning noted below and the first logged change.
    `LOCK TABLE ${own} IN SHARE ROW EXCLUSIVE MODE`,
    createFunction(source),
    `REVOKE ALL ON FUNCTION kontor.${quote(source.name)}() FROM PUBLIC`,
    ...strays.map(({ name, on }) => `DROP TRIGGER IF EXISTS ${quote(name)} ON ${on}`),
    ...triggers.flatMap(({ name, on, definition }) => [
      `DROP TRIGGER IF EXISTS ${quote(name)} ON ${on}`,
      `CREATE TRIGGER ${quote(name)} ${definition}`,
    ]),
    `INSERT INTO kontor.tracked (relation, began, unlogged) VALUES (${relation}, clock_timestamp(), ${facts.isUnlogged})
  ON CONFLICT (relation) DO UPDATE SET unlogged = excluded.unlogged${isContinued ? '' : ', began = excluded.began'}`,
    ...(facts.isUnlogged ? [`INSERT INTO kontor.unlogged_witness VALUES (${relation}) ON CONFLICT DO NOTHING`] : []),
  ].join(';\n')
}

/** The SQL that installs the triggers of `tables`, for a DBA to read and run in psql. Absent tables are left out, with a comment. */
export async function printTriggers(sql: postgres.ISql, tables: readonly TrackedTable[]): Promise<string> {
  const all = await readWanted(sql, tables)
  const compared = await compare(
    sql,
    all.filter((one) => typeof one === 'object'),
  )
  const parts = all.map((wanted, at) => {
    const title = `-- ${relationOf(tables[at]!)}`
    if (wanted === 'absent') return `${title}: not in this database`
    if (wanted === 'partition') return `${title}: recorded by its root's triggers`
    const install = installSql(compared.find((one) => one.wanted === wanted)!)
    return `${title}\nBEGIN;\nSET LOCAL lock_timeout = '2s';\n${install};\nCOMMIT;`
  })
  return `${parts.join('\n\n')}\n`
}

/** How a table's recording differs from what is wanted. */
export interface Drift {
  relation: string
  kind: 'missing' | 'outdated' | 'disabled' | 'leftover'
  /** What it means, for the page that depends on it and for `npm run doctor`. */
  message: string
}

/**
 * Compares the triggers present with those wanted. Empty: everything is recorded as the config says. Leftovers are
 * Kontor's own log triggers on tables that are not in `tables`; other triggers are none of our business.
 * @param only the one of them (`schema.table`) that is compared. Default: all
 */
export async function triggerState(
  sql: postgres.ISql,
  tables: readonly TrackedTable[],
  only?: string,
): Promise<Drift[]> {
  const compared = only === undefined ? tables : tables.filter((table) => relationOf(table) === only)
  const wanted = (await readWanted(sql, compared, tables)).filter((one) => typeof one === 'object')
  const drifts = (await compare(sql, wanted)).flatMap((one) => one.drifts)
  const wantedFunctions = new Set(tables.map(functionName))
  const leftovers = (await standing(sql)).filter(({ name }) => !wantedFunctions.has(name))
  for (const relation of new Set(leftovers.map(({ relation }) => relation))) {
    drifts.push({
      relation,
      kind: 'leftover',
      message: `${relation} is still recorded although the config no longer asks for it: "npm run uninstall" or a migration removes its triggers.`,
    })
  }
  return drifts
}

interface PresentTrigger {
  /** Its function. */
  source: string
  /** Not one that a partition has from its root. */
  isOwn: boolean
  /** `schema.table` */
  relation: string
  on: string
  name: string
  enabled: string
  definition: string
}

interface WrittenFunction {
  name: string
  /** Of its body, which is long: sha256 in hex. */
  digest: string
  settings: string[] | null
}

/** What stands of a table's recording, beside what should. */
interface Comparison {
  wanted: WantedTable
  drifts: Drift[]
  /** Triggers of its function that should not stand: of an older kind, or on a table that had its name before. */
  strays: PresentTrigger[]
}

/** Compares any number of tables in two statements. */
async function compare(sql: postgres.ISql, wanted: readonly WantedTable[]): Promise<Comparison[]> {
  if (wanted.length === 0) return []
  const names = wanted.map(({ source }) => source.name)
  const triggers = await sql<PresentTrigger[]>`
    select p.proname as source, t.tgparentid = 0 as "isOwn", n.nspname || '.' || c.relname as relation,
      format('%I.%I', n.nspname, c.relname) as on, t.tgname as name, t.tgenabled as enabled,
      pg_get_triggerdef(t.oid) as definition
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_proc p on p.oid = t.tgfoid
    where p.pronamespace = 'kontor'::regnamespace and p.proname = any(${names})`
  const functions = await sql<WrittenFunction[]>`
    select proname as name, encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') as digest, proconfig as settings from pg_proc
    where pronamespace = 'kontor'::regnamespace and proname = any(${names}) and prosecdef`
  const bySource = groupBy(triggers, ({ source }) => source)
  const byName = new Map(functions.map((one) => [one.name, one]))
  return wanted.map((one) => {
    const present = bySource.get(one.source.name) ?? []
    const strays = present.filter(
      ({ isOwn, on, name }) => isOwn && !one.triggers.some((trigger) => trigger.name === name && same(trigger.on, on)),
    )
    const [drift] = driftOf(one, present, byName.get(one.source.name), strays)
    return { wanted: one, drifts: [...(drift ? [drift] : []), ...astray(one, strays)], strays }
  })
}

/** Tables that had this one's name before, and go on being recorded as this one. */
function astray({ facts, triggers }: WantedTable, strays: readonly PresentTrigger[]): Drift[] {
  const elsewhere = strays.filter(({ on }) => !triggers.some((trigger) => same(trigger.on, on)))
  return [...new Set(elsewhere.map(({ relation }) => relation))].map((relation) => ({
    relation,
    kind: 'leftover',
    message: `${relation} is still recorded as ${facts.relation}, which was its name before: run "npm run migrate -- --tables".`,
  }))
}

function driftOf(
  { facts, source, triggers }: WantedTable,
  present: readonly PresentTrigger[],
  written: WrittenFunction | undefined,
  strays: readonly PresentTrigger[],
): Drift[] {
  const { relation } = facts
  const missing = triggers.filter(
    ({ on, name }) => !present.some((trigger) => plainName(trigger.name) === plainName(name) && same(trigger.on, on)),
  )
  if (missing.length > 0) {
    const events = missing.map(({ name }) => plainName(name).replace('kontor_log_', '').toUpperCase())
    return [
      {
        relation,
        kind: 'missing',
        message: `${[...new Set(events)].join(', ')} on ${relation} is not recorded: run "npm run migrate -- --tables".`,
      },
    ]
  }
  const disabled = present.filter(({ enabled }) => enabled === 'D' || enabled === 'R')
  if (disabled.length > 0) {
    const where = [...new Set(disabled.map(({ on, name }) => `${name} on ${on}`))].join(', ')
    return [
      {
        relation,
        kind: 'disabled',
        message: `Changes go unrecorded because a trigger was disabled by hand: ${where}. Run "npm run migrate -- --tables" to put it back.`,
      },
    ]
  }
  const settings = Object.entries(source.settings).map(([name, value]) => `${name}=${value}`)
  const isCurrent =
    !strays.some(({ on }) => triggers.some((trigger) => same(trigger.on, on))) &&
    written?.digest === createHash('sha256').update(source.body).digest('hex') &&
    settings.every((wanted) => written.settings?.some((setting) => setting.replaceAll('"', '') === wanted)) &&
    triggers.every(({ on, name }) => {
      const trigger = present.find((candidate) => candidate.name === name && same(candidate.on, on))
      return trigger?.definition.includes(
        granularityOf(facts) === 'statement' || name.endsWith('truncate') ? 'FOR EACH STATEMENT' : 'FOR EACH ROW',
      )
    })
  if (isCurrent) return []
  return [
    {
      relation,
      kind: 'outdated',
      message: `${relation} has changed since its triggers were installed: run "npm run migrate -- --tables".`,
    },
  ]
}

const same = (a: string, b: string) => a.replaceAll('"', '') === b.replaceAll('"', '')

/** Kontor's log functions that stand on tables, cloned triggers apart. */
const standing = (sql: postgres.ISql) => sql<{ relation: string; on: string; name: string; trigger: string }[]>`
  select n.nspname || '.' || c.relname as relation, format('%I.%I', n.nspname, c.relname) as on, p.proname as name, t.tgname as trigger
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where p.pronamespace = 'kontor'::regnamespace and p.proname like 'log\_%' and t.tgname ~ '^(00_)?kontor_log_' and t.tgparentid = 0
  order by 1`

/**
 * Removes the log's triggers and functions from every table but `keep`; what was logged stays. Others' triggers are never touched.
 * @returns the tables freed, as `schema.table`
 */
export async function uninstallTriggers(owner: postgres.Sql, keep: readonly TrackedTable[] = []): Promise<string[]> {
  const kept = new Set(keep.map(functionName))
  return whenFree(() =>
    owner.begin(async (tx) => {
      await tx`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}`}, true), pg_advisory_xact_lock(1802465908, 23)`
      const removed = (await standing(tx)).filter(({ name }) => !kept.has(name))
      for (const { on, trigger } of removed) await tx.unsafe(`DROP TRIGGER IF EXISTS ${quote(trigger)} ON ${on}`)
      const functions = await tx<{ name: string }[]>`
      select proname as name from pg_proc where pronamespace = 'kontor'::regnamespace and proname like 'log\_%'
        and prorettype = 'trigger'::regtype and proname ~ '_[0-9a-f]{10}$'`
      for (const { name } of functions) {
        if (!kept.has(name)) await tx.unsafe(`DROP FUNCTION IF EXISTS kontor.${quote(name)}()`)
      }
      const relations = [...new Set(removed.map(({ relation }) => relation))]
      const keptRelations = keep.map(({ schema, name }) => `${schema}.${name}`)
      await tx`delete from kontor.tracked where relation <> all(${keptRelations})`
      return relations
    }),
  )
}
