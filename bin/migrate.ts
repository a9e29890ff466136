import { trackedTables } from '@/lib/admin/tracked-tables'
import { grantTables } from '@/lib/db/grants'
import { migrateTables, pendingSystemSql, pendingTablesSql } from '@/lib/db/migrate'
import { ownershipHint } from '@/lib/db/ownership'
import { postgresErrorOf } from '@/lib/db/postgres-errors'
import { checkServer, setUpRightsHint } from '@/lib/db/server-check'
import { QUEUE_SCHEMA } from '@/lib/effects/worker'
import { readAdmin } from '@/lib/runtime'
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

/** The schemas that a migration writes to beside the deployer's own. */
const SCHEMAS = ['drizzle', 'kontor', QUEUE_SCHEMA]

/** Adds to what the database did not allow who could, and what to run. */
async function sayWhoMay<T>(ownerUrl: string, withTables: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !isForbidden(error)) throw error
    const server = await checkServer(ownerUrl, isOwnerNamed() ? 'DATABASE_OWNER_URL' : 'DATABASE_URL')
    if (!server.maySetUp) throw new Error(setUpRightsHint(server), { cause: error })
    const relations = trackedTables(readAdmin()).map(({ schema, name }) => `${schema}.${name}`)
    const asked = { command: `npm run migrate${withTables ? ' -- --tables' : ''}`, isOwnerNamed: isOwnerNamed() }
    const hint = await withConnection(ownerUrl, (owner) => ownershipHint(owner, { relations, schemas: SCHEMAS }, asked))
    if (hint === '') throw error
    throw new Error(`${postgresErrorOf(error)?.message ?? error.message}\n${hint}`, { cause: error })
  }
}

/** insufficient_privilege, also of the tables that are told one by one. */
const isForbidden = (error: Error) =>
  postgresErrorOf(error)?.code === '42501' || /must be owner of|permission denied/.test(error.message)

const isOwnerNamed = () => Boolean(process.env.DATABASE_OWNER_URL)

async function migrate(withTables: boolean): Promise<void> {
  await withDatabase(async ({ ownerUrl, appUrl, appRole, isEmbedded }) => {
    await sayWhoMay(ownerUrl, withTables, async () => {
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
    })
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
