import type postgres from 'postgres'
import { isTransient, postgresErrorOf } from '@/lib/db/postgres-errors'
import type { QualifiedName, Storage, StorageSetup } from './storage'

export interface StorageInstallReport {
  /** 'schema.table' of the tables set up now, for the first time or because something differed. */
  installed: string[]
  /** Tables that already were as they should be. */
  unchanged: string[]
  /** Tables that are not (yet) in the database. */
  absent: string[]
  /** Tables that could not be set up, and why; the others are done. */
  failed: { relation: string; message: string }[]
}

const LOCK_TIMEOUT = '2s'
const TRIES = 10

/**
 * Sets up what append-only and ephemeral tables need beside their columns: triggers, functions and indexes, and for
 * ephemeral ones that the table is unlogged. Each table in a transaction of its own, with a lock timeout, so that a
 * busy table neither blocks its writers for long nor stops the others. Running it again changes nothing.
 * @param owner a connection of the role that owns the tables and schema kontor
 */
export async function installStorage(
  owner: postgres.Sql,
  storages: readonly Pick<Storage, 'setup'>[],
): Promise<StorageInstallReport> {
  const report: StorageInstallReport = { installed: [], unchanged: [], absent: [], failed: [] }
  for (const setup of inOrder(storages.flatMap((storage) => storage.setup ?? []))) {
    const relation = relationOf(setup)
    try {
      report[await install(owner, setup)].push(relation)
    } catch (error) {
      report.failed.push({ relation, message: messageOf(error) })
    }
  }
  return report
}

/** Something wrong with a table in the database, and what to do about it. */
export interface StorageObstacle {
  relation: string
  message: string
  hint?: string
  /** The table does not exist (yet). */
  isAbsent?: boolean
}

/** What is wrong in the database with the tables of these storages: for the check at start and `npm run doctor`. */
export async function storageObstacles(
  sql: postgres.ISql,
  storages: readonly Pick<Storage, 'setup'>[],
): Promise<StorageObstacle[]> {
  const found: StorageObstacle[] = []
  const setups = storages.flatMap((storage) => storage.setup ?? [])
  for (const setup of setups) {
    const relation = relationOf(setup)
    const { isThere, isSetUp, hint, ...state } = await stateOf(sql, setup)
    const message = state.message && (await isOnlyInOrder(sql, setup, setups)) ? null : state.message
    if (!isThere)
      found.push({
        relation,
        message: `${relation} is not in the database`,
        hint: 'Run `npm run migrate`.',
        isAbsent: true,
      })
    else if (message) found.push({ relation, message, hint: hint ?? undefined })
    else if (!isSetUp) {
      const word = setup.kind === 'appendOnly' ? 'append-only' : 'ephemeral'
      const remedy = 'Run `npm run migrate -- --tables`.'
      found.push({ relation, message: `${relation} is not set up as ${word}`, hint: remedy })
    }
  }
  return found
}

/**
 * Takes off every table what `installStorage` put on it, whatever the config says today; indexes and rows stay, and
 * append-only tables are ordinary ones from then on.
 * @returns 'schema.table' of the tables that had something
 */
export async function uninstallStorage(owner: postgres.Sql): Promise<string[]> {
  return owner.begin(async (tx) => {
    const triggers = await tx<{ name: string; quoted: string; relation: string }[]>`
      select quote_ident(tgname) as name, quote_ident(nspname) || '.' || quote_ident(relname) as quoted,
        nspname || '.' || relname as relation
      from pg_trigger join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_proc p on p.oid = tgfoid
      where not tgisinternal and tgparentid = 0 and p.pronamespace = 'kontor'::regnamespace
        and tgname in ('kontor_append', 'kontor_keep', 'kontor_refuse', 'kontor_guard', 'kontor_stamp')`
    for (const { name, quoted } of triggers) await tx.unsafe(`drop trigger ${name} on ${quoted}`)
    const functions = await tx<{ signature: string }[]>`
      select oid::regprocedure::text as signature from pg_proc
      where pronamespace = 'kontor'::regnamespace and proname ~ '^(append|keep|guard)_.*_[0-9a-f]{10}$'`
    for (const { signature } of functions) await tx.unsafe(`drop function ${signature}`)
    return [...new Set(triggers.map(({ relation }) => relation))].sort()
  })
}

/**
 * Whether a table only waits for others that refer to it and become unlogged before it (see `inOrder`): that is no
 * obstacle to setting all of them up.
 */
async function isOnlyInOrder(sql: postgres.ISql, setup: StorageSetup, setups: readonly StorageSetup[]) {
  if (setup.kind !== 'ephemeral' || setup.limits.durable) return false
  const leaving = setups.filter((other) => other.kind === 'ephemeral' && !other.limits.durable).map(relationOf)
  const permanent = await sql<{ relation: string }[]>`
    select distinct n.nspname || '.' || r.relname as relation
    from pg_constraint k join pg_class r on r.oid = k.conrelid join pg_namespace n on n.oid = r.relnamespace
    where k.confrelid = ${regclass(sql, setup.table)} and k.contype = 'f' and r.relpersistence = 'p' and k.conrelid <> k.confrelid`
  return permanent.length > 0 && permanent.every(({ relation }) => leaving.includes(relation))
}

interface State {
  isThere: boolean
  isSetUp: boolean
  message: string | null
  hint: string | null
}

const NOTHING: State = { isThere: false, isSetUp: false, message: null, hint: null }

async function stateOf(sql: postgres.ISql, setup: StorageSetup): Promise<State> {
  const [state] = await (setup.kind === 'appendOnly'
    ? sql<State[]>`
        select v.oid is not null as "isThere", o.message, o.hint, kontor.append_only_is_set_up(v.oid, c.oid) as "isSetUp"
        from (select ${regclass(sql, setup.versions)} as oid) as v, (select ${regclass(sql, setup.current)} as oid) as c,
          lateral kontor.append_only_obstacle(v.oid, c.oid) as o`
    : sql<State[]>`
        select t.oid is not null as "isThere", o.message, o.hint,
          coalesce(kontor.ephemeral_is_set_up(t.oid, ${limitsOf(sql, setup)}), false) as "isSetUp"
        from (select ${regclass(sql, setup.table)} as oid) as t,
          lateral kontor.ephemeral_obstacle(t.oid, ${setup.limits.durable}) as o`)
  return state ?? NOTHING
}

async function install(owner: postgres.Sql, setup: StorageSetup): Promise<'installed' | 'unchanged' | 'absent'> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await owner.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true), set_config('statement_timeout', '0', true)`
        const { isThere, isSetUp, message } = await stateOf(tx, setup)
        if (!isThere) return 'absent'
        if (isSetUp && !message) return 'unchanged'
        if (setup.kind === 'appendOnly')
          await tx`select kontor.install_append_only(${regclass(tx, setup.versions)}, ${regclass(tx, setup.current)})`
        else await tx`select kontor.install_ephemeral(${regclass(tx, setup.table)}, ${limitsOf(tx, setup)})`
        return 'installed'
      })
    } catch (error) {
      const isBusy = isTransient(error) || postgresErrorOf(error)?.code === '55P03'
      if (!isBusy || attempt === TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt))
    }
  }
}

/** What `installStorage` would run for tables that are there, as SQL for people who run it by hand. */
export function printStorage(storages: readonly Pick<Storage, 'setup'>[]): string {
  const named = ({ schema, name }: QualifiedName) => `format('%I.%I', ${literal(schema)}, ${literal(name)})::regclass`
  const seconds = (ms: number | undefined) => (ms === undefined ? 'NULL' : String(ms / 1000))
  const statements = inOrder(storages.flatMap((storage) => storage.setup ?? [])).map((setup) => {
    if (setup.kind === 'appendOnly')
      return `SELECT kontor.install_append_only(${named(setup.versions)}, ${named(setup.current)});`
    const { inactivityMs, lifetimeMs, durable, maxRecords } = setup.limits
    const limits = [seconds(inactivityMs), seconds(lifetimeMs), durable, maxRecords !== undefined].join(', ')
    return `SELECT kontor.install_ephemeral(${named(setup.table)}, ${limits});`
  })
  return statements.join('\n')
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** What both functions of ephemeral tables take behind the table. */
function limitsOf(sql: postgres.ISql, { limits }: Extract<StorageSetup, { kind: 'ephemeral' }>) {
  const { inactivityMs, lifetimeMs, durable, maxRecords } = limits
  const seconds = (ms: number | undefined) => (ms === undefined ? null : ms / 1000)
  return sql`${seconds(inactivityMs)}::float8, ${seconds(lifetimeMs)}::float8, ${durable}, ${maxRecords !== undefined}`
}

/**
 * No permanent table may refer to an unlogged one at any time between: tables that become unlogged go before those
 * they refer to, tables that become logged after them.
 */
function inOrder(setups: readonly StorageSetup[]): StorageSetup[] {
  const sorted: StorageSetup[] = []
  const visit = (setup: StorageSetup, way: readonly StorageSetup[]) => {
    if (sorted.includes(setup) || way.includes(setup)) return
    const isBefore = (other: StorageSetup) => {
      if (setup.kind !== 'ephemeral' || other.kind !== 'ephemeral' || other === setup) return false
      return setup.limits.durable
        ? other.limits.durable && setup.refersTo.includes(relationOf(other))
        : !other.limits.durable && other.refersTo.includes(relationOf(setup))
    }
    for (const other of setups) if (isBefore(other)) visit(other, [...way, setup])
    sorted.push(setup)
  }
  for (const setup of setups) visit(setup, [])
  return sorted
}

const relationOf = (setup: StorageSetup): string => {
  const { schema, name } = setup.kind === 'appendOnly' ? setup.versions : setup.table
  return `${schema}.${name}`
}

/** Not by `to_regclass`, which a role without rights on the schema may not ask. */
const regclass = (sql: postgres.ISql, { schema, name }: QualifiedName) =>
  sql`(select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${name} and c.relkind in ('r', 'p'))`

function messageOf(error: unknown): string {
  const { message, hint } = postgresErrorOf(error) ?? {
    message: error instanceof Error ? error.message : String(error),
  }
  return hint ? `${message}. ${hint}` : message
}
