import { type DatabaseUrls, startEmbedded } from '@/lib/db/embedded'
import { grantTables } from '@/lib/db/grants'
import { migrateTables } from '@/lib/db/migrate'
import { checkServer, setUpRightsHint } from '@/lib/db/server-check'
import type { Env } from '@/lib/env'
import { say, step } from '../tools/progress.mjs'
import { type DemoPerson, type GivenAdministrator, seedOnce } from './demo'
import type { Shutdown } from './shutdown'
import { isSystemUpToDate, setUpSystem, warnOfChanges, withConnection } from './system'
import { historyWarnings, recordOwnTables, setUpTables, storageWarnings } from './tables'

/** Where web and worker will find their data. */
export interface Prepared {
  appUrl: string
  ownerUrl: string | undefined
  /** Who may sign in to the demo; nobody where the database is the deployer's own. */
  people: DemoPerson[]
  /** For the closing words, such as "PostgreSQL on port 54321". */
  where: string
}

/** Starts and fills the embedded server, or sets up schema kontor in the given database. */
export function prepareDatabase(env: Env, folder: string, shutdown: Shutdown): Promise<Prepared> {
  return env.databaseUrl ? prepareGiven(env, env.databaseUrl) : prepareEmbedded(env, folder, shutdown)
}

async function prepareEmbedded(env: Env, folder: string, shutdown: Shutdown): Promise<Prepared> {
  const server = await step('Starting PostgreSQL', '', async (conclude) => {
    const started = await startEmbedded(folder)
    const { port } = new URL(started.urls.app)
    conclude(`PostgreSQL ${started.isAdopted ? 'was still running' : 'started'} on port ${port}`)
    return started
  })
  shutdown.add({
    name: 'PostgreSQL',
    stop: async (hasten) => {
      hasten.addEventListener('abort', () => void server.stop('immediate'))
      await server.stop(hasten.aborted ? 'immediate' : 'fast')
    },
  })
  server.onLost((lastLines) => {
    process.stderr.write(
      `\nPostgreSQL ended by itself. Its last words:\n${lastLines}\nWhat was committed is safe: start again.\n`,
    )
    void shutdown.end(1)
  })
  const people = await fillDatabase(server.urls, env)
  const { app, owner } = server.urls
  return { appUrl: app, ownerUrl: owner, people, where: `PostgreSQL on port ${new URL(app).port}, data in ${folder}` }
}

/** Migrations, rights, once the demo, and the history's triggers: what the embedded database needs before site and worker start. */
export async function fillDatabase({ owner }: DatabaseUrls, given: GivenAdministrator = {}): Promise<DemoPerson[]> {
  await step('Migrating', '', async (conclude) => {
    const ran = (await migrateTables(owner)) + (await setUpSystem(owner, 'kontor_app'))
    await withConnection(owner, (sql) => grantTables(sql, 'kontor_app'))
    conclude(ran > 0 ? `${ran} migrations applied` : 'Migrations up to date')
  })
  await warnOfChanges(owner)
  const people = await seedOnce(owner, given)
  // After the seed: what it bakes is where the history begins, and no part of it.
  const failed = await step('Setting up the tables', '', async (conclude) => {
    const report = await setUpTables(owner)
    conclude(report.summary)
    return report.failed
  })
  for (const line of failed) say(`  ${line}`)
  return people
}

/** In a database of the deployer's: nothing but Kontor's own schemas, and those only where they are not up to date. */
async function prepareGiven({ ownerUrl }: Env, appUrl: string): Promise<Prepared> {
  const where = await step('Looking at the database', '', async (conclude) => {
    const app = await checkServer(appUrl, 'DATABASE_URL')
    const place = `database ${app.database} on PostgreSQL ${app.version}`
    conclude(`Connected to ${place}`)
    if (!(await isSystemUpToDate(appUrl)) || ownerUrl) {
      const owner = ownerUrl ? await checkServer(ownerUrl, 'DATABASE_OWNER_URL') : app
      if (owner.database !== app.database)
        throw new Error('DATABASE_OWNER_URL and DATABASE_URL name different databases.')
      if (!owner.maySetUp) throw new Error(setUpRightsHint(owner))
      const ran = await setUpSystem(ownerUrl ?? appUrl, app.role)
      await recordOwnTables(ownerUrl ?? appUrl)
      if (ran > 0) conclude(`Kontor's own tables set up in ${place}`)
    }
    return place
  })
  await warnOfChanges(appUrl)
  for (const line of [...(await storageWarnings(appUrl)), ...(await historyWarnings(appUrl))]) say(`  ${line}`)
  return { appUrl, ownerUrl, people: [], where }
}
