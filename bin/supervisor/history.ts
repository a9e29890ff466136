import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers, printTriggers, uninstallTriggers } from '@/lib/history/triggers'
import { readAdmin } from '@/lib/runtime'
import { withConnection } from './system'

export interface Recorded {
  /** What is recorded now, in a line. */
  summary: string
  /** Tables that could not be changed, each with the reason; the others are done. */
  failed: string[]
}

/**
 * Sets the history's triggers as the config wants them: on the tables it knows, and no longer on those it gave up.
 * @throws ConfigError
 */
export async function recordTables(ownerUrl: string): Promise<Recorded> {
  const wanted = trackedTables(readAdmin())
  const { installed, unchanged, absent, failed } = await withConnection(ownerUrl, async (owner) => {
    await uninstallTriggers(owner, wanted)
    return installTriggers(owner, wanted)
  })
  const missing = absent.length > 0 ? `; not in the database: ${absent.join(', ')}` : ''
  return {
    summary: `Changes of ${installed.length + unchanged.length} tables are recorded${missing}`,
    failed: failed.map(({ relation, message }) => `${relation} is not recorded: ${message}`),
  }
}

/** The same for Kontor's own tables alone, which need nobody's leave. */
export async function recordOwnTables(ownerUrl: string): Promise<void> {
  const own = trackedTables(readAdmin()).filter(({ schema }) => schema === 'kontor')
  await withConnection(ownerUrl, (owner) => installTriggers(owner, own))
}

/** The triggers as SQL, for people who run it by hand. */
export function historySql(ownerUrl: string): Promise<string> {
  return withConnection(ownerUrl, (owner) => printTriggers(owner, trackedTables(readAdmin())))
}
