import { grantTables } from '@/lib/db/grants'
import { migrateTables, pendingSystemSql, pendingTablesSql } from '@/lib/db/migrate'
import { withDatabase } from './supervisor/command-database'
import { setUpSystem, withConnection } from './supervisor/system'
import { historyWarnings, recordOwnTables, setUpTables, storageWarnings, tablesSql } from './supervisor/tables'
import { say, step } from './tools/progress.mjs'

/**
 * `npm run migrate`: the deployer's migrations, then Kontor's own tables. `--tables` also sets the triggers on the
 * deployer's tables as the config wants them; `--print` prints the SQL instead of running it.
 */
export function run(args: readonly string[]): Promise<void> {
  const unknown = args.filter((flag) => !['--tables', '--print'].includes(flag))
  if (unknown.length > 0) throw new Error(`migrate knows --tables and --print, not ${unknown.join(' ')}.`)
  const withTables = args.includes('--tables')
  return args.includes('--print') ? print(withTables) : migrate(withTables)
}

async function migrate(withTables: boolean): Promise<void> {
  await withDatabase(async ({ ownerUrl, appUrl, appRole, isEmbedded }) => {
    await step('Applying drizzle/migrations', '', async (conclude) => {
      const ran = await migrateTables(ownerUrl)
      if (isEmbedded) await withConnection(ownerUrl, (owner) => grantTables(owner, appRole))
      conclude(ran > 0 ? `${ran} of drizzle/migrations applied` : 'drizzle/migrations are up to date')
    })
    await step("Setting up Kontor's own tables", '', async (conclude) => {
      const ran = await setUpSystem(ownerUrl, appRole)
      await recordOwnTables(ownerUrl)
      conclude(ran > 0 ? `${ran} of Kontor's own migrations applied` : "Kontor's own tables are up to date")
    })
    if (withTables) {
      await step('Setting up the tables', '', async (conclude) => {
        const { summary, failed } = await setUpTables(ownerUrl)
        if (failed.length > 0) throw new Error(`${failed.join('\n')}\nThe other tables are done. Run it again.`)
        conclude(summary)
      })
    }
    for (const line of [...(await storageWarnings(appUrl)), ...(await historyWarnings(appUrl))]) say(`  ${line}`)
  })
}

async function print(withTables: boolean): Promise<void> {
  await withDatabase(async ({ ownerUrl, appRole }) => {
    say(await withConnection(ownerUrl, pendingTablesSql))
    say(await withConnection(ownerUrl, (owner) => pendingSystemSql(owner, appRole)))
    if (withTables) say(await tablesSql(ownerUrl))
  })
}
