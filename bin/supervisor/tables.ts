import type { AdminSource } from '@/lib/admin'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers, printTriggers, roleOverLog, triggerState, uninstallTriggers } from '@/lib/history'
import { readAdmin } from '@/lib/runtime'
import { installStorage, printStorage, type Storage, storageObstacles } from '@/lib/storage'
import { withConnection } from './system'

export interface TablesReport {
  /** What is recorded now, in a line. */
  summary: string
  /** Tables that could not be changed, each with the reason; the others are done. */
  failed: string[]
}

/**
 * Sets up the deployer's tables as the config wants them: what append-only and ephemeral ones need, then the history's
 * triggers on every table it knows, and no longer on those it gave up.
 * @throws ConfigError
 */
export async function setUpTables(ownerUrl: string): Promise<TablesReport> {
  const source = readAdmin()
  const wanted = trackedTables(source)
  const { stored, recorded } = await withConnection(ownerUrl, async (owner) => {
    // First: the triggers look whether a table is logged.
    const stored = await installStorage(owner, storagesOf(source))
    await uninstallTriggers(owner, wanted)
    return { stored, recorded: await installTriggers(owner, wanted) }
  })
  const { installed, unchanged, absent } = recorded
  const missing = absent.length > 0 ? `; not in the database: ${absent.join(', ')}` : ''
  return {
    summary: `Changes of ${installed.length + unchanged.length} tables are recorded${missing}`,
    failed: [
      ...stored.failed.map(({ relation, message }) => `${relation} is not set up: ${message}`),
      ...recorded.failed.map(({ relation, message }) => `${relation} is not recorded: ${message}`),
    ],
  }
}

function storagesOf({ admin }: AdminSource): Storage[] {
  return [...admin.resources.values()].map(({ storage }) => storage)
}

/**
 * Tables of append-only and ephemeral records that are not (yet) as their storage needs them, a line each.
 * @param appUrl as the application connects
 */
export async function storageWarnings(appUrl: string): Promise<string[]> {
  const found = await withConnection(appUrl, (sql) => storageObstacles(sql, storagesOf(readAdmin())))
  return found.map(({ message, hint }) => (hint ? `${message}. ${hint}` : message))
}

/** The history of Kontor's own tables alone, which need nobody's leave. */
export async function recordOwnTables(ownerUrl: string): Promise<void> {
  const own = trackedTables(readAdmin()).filter(({ schema }) => schema === 'kontor')
  await withConnection(ownerUrl, (owner) => installTriggers(owner, own))
}

/** Drifts told one by one; more of them are only counted. */
const TOLD = 10

/**
 * What keeps the history from being complete or provable, in lines; empty where nothing does.
 * @param appUrl as the application connects
 */
export async function historyWarnings(appUrl: string): Promise<string[]> {
  const { drifts, role } = await withConnection(appUrl, async (sql) => ({
    drifts: await triggerState(sql, trackedTables(readAdmin())),
    role: await roleOverLog(sql),
  }))
  const missing = drifts.filter(({ kind }) => kind === 'missing')
  const others = drifts.filter(({ kind }) => kind !== 'missing').map(({ message }) => message)
  // A database that was never asked to be recorded has nothing to tell table by table.
  const first =
    missing.length > TOLD
      ? [`Changes of ${missing.length} tables are not recorded: run "npm run migrate -- --tables".`]
      : missing.map(({ message }) => message)
  const rest = others.length > TOLD ? [`… and ${others.length - TOLD} more`] : []
  const owned = role
    ? [
        `The application's role "${role}" owns the change log and could alter it. Create a role for the application, grant it what it needs on your tables, name it in DATABASE_URL and "${role}" in DATABASE_OWNER_URL.`,
      ]
    : []
  return [...owned, ...first, ...others.slice(0, TOLD), ...rest]
}

/** What `setUpTables` would do as SQL, for people who run it by hand. */
export async function tablesSql(ownerUrl: string): Promise<string> {
  const source = readAdmin()
  const triggers = await withConnection(ownerUrl, (owner) => printTriggers(owner, trackedTables(source)))
  return [printStorage(storagesOf(source)), triggers].join('\n\n')
}
