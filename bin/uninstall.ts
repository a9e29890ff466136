import { uninstallTriggers } from '@/lib/history'
import { withDatabase } from './supervisor/command-database'
import { withConnection } from './supervisor/system'
import { say } from './tools/progress.mjs'

/**
 * `npm run uninstall`: takes every trigger of Kontor's off the tables, and nothing else. What was recorded stays; other
 * triggers are not touched. Run it again, or `npm run migrate -- --tables` to record once more.
 */
export async function run(): Promise<void> {
  await withDatabase(async ({ ownerUrl }) => {
    const removed = await withConnection(ownerUrl, (owner) => uninstallTriggers(owner))
    say(removed.length > 0 ? `No longer recorded: ${removed.join(', ')}` : 'There was nothing to remove.')
  })
}
