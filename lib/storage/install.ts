import type postgres from 'postgres'
import { isTransient, postgresErrorOf } from '@/lib/db/postgres-errors'
import type { QualifiedName, Storage, StorageSetup } from './storage'

export interface StorageInstallReport {
  /** 'schema.table' of the tables set up now (again or for the first time). */
  installed: string[]
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
  const report: StorageInstallReport = { installed: [], absent: [], failed: [] }
  for (const setup of inOrder(storages.flatMap((storage) => storage.setup ?? []))) {
    const relation = relationOf(setup)
    try {
      const isThere = await install(owner, setup)
      report[isThere ? 'installed' : 'absent'].push(relation)
    } catch (error) {
      report.failed.push({ relation, message: messageOf(error) })
    }
  }
  return report
}

/** What is wrong in the database with the tables of these storages: for the check at start and `npm run doctor`. */
export async function storageObstacles(
  sql: postgres.Sql,
  storages: readonly Pick<Storage, 'setup'>[],
): Promise<{ relation: string; message: string; hint?: string }[]> {
  const found: { relation: string; message: string; hint?: string }[] = []
  for (const setup of storages.flatMap((storage) => storage.setup ?? [])) {
    const relation = relationOf(setup)
    const [row] = await (setup.kind === 'appendOnly'
      ? sql<Obstacle[]>`select ${regclass(sql, setup.versions)} is not null as "isThere", o.message, o.hint,
          kontor.append_only_is_set_up(${regclass(sql, setup.versions)}, ${regclass(sql, setup.current)}) as "isSetUp"
        from kontor.append_only_obstacle(${regclass(sql, setup.versions)}, ${regclass(sql, setup.current)}) as o`
      : sql<Obstacle[]>`select ${regclass(sql, setup.table)} is not null as "isThere", o.message, o.hint,
          exists (select from pg_trigger where tgrelid = ${regclass(sql, setup.table)} and tgname = 'kontor_stamp')
            and (select relkind = 'p' or (relpersistence = 'u') <> ${setup.limits.durable} from pg_class where oid = ${regclass(sql, setup.table)}) as "isSetUp"
        from kontor.ephemeral_obstacle(${regclass(sql, setup.table)}, ${setup.limits.durable}) as o`)
    if (!row?.isThere)
      found.push({ relation, message: `${relation} is not in the database`, hint: 'Run `npm run migrate`.' })
    else if (row.message) found.push({ relation, message: row.message, hint: row.hint ?? undefined })
    else if (!row.isSetUp)
      found.push({
        relation,
        message: `${relation} is not set up as ${wordFor(setup)}`,
        hint: 'Run `npm run migrate -- --tables`.',
      })
  }
  return found
}

interface Obstacle {
  isThere: boolean
  isSetUp: boolean
  message: string | null
  hint: string | null
}

async function install(owner: postgres.Sql, setup: StorageSetup): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await owner.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true), set_config('statement_timeout', '0', true)`
        const [row] =
          await tx`select ${regclass(tx, setup.kind === 'appendOnly' ? setup.versions : setup.table)} is not null as there`
        if (!row?.there) return false
        if (setup.kind === 'appendOnly')
          await tx`select kontor.install_append_only(${regclass(tx, setup.versions)}, ${regclass(tx, setup.current)})`
        else {
          const { inactivityMs, lifetimeMs, durable, maxRecords } = setup.limits
          await tx`select kontor.install_ephemeral(${regclass(tx, setup.table)}, ${seconds(inactivityMs)}::float8, ${seconds(lifetimeMs)}::float8,
            ${durable}, ${maxRecords !== undefined})`
        }
        return true
      })
    } catch (error) {
      const isBusy = isTransient(error) || postgresErrorOf(error)?.code === '55P03'
      if (!isBusy || attempt === TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt))
    }
  }
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

const wordFor = ({ kind }: StorageSetup) => (kind === 'appendOnly' ? 'append-only' : 'ephemeral')

const regclass = (sql: postgres.ISql, { schema, name }: QualifiedName) =>
  sql`to_regclass(format('%I.%I', ${schema}::text, ${name}::text))`

const seconds = (ms: number | undefined) => (ms === undefined ? null : ms / 1000)

function messageOf(error: unknown): string {
  const { message, hint } = postgresErrorOf(error) ?? {
    message: error instanceof Error ? error.message : String(error),
  }
  return hint ? `${message}. ${hint}` : message
}
