import { connect } from '@/lib/db/client'
import { startEmbedded } from '@/lib/db/embedded'
import { grantTables } from '@/lib/db/grants'
import { migrateSystem, migrateTables, systemState } from '@/lib/db/migrate'
import { checkServer, setUpRightsHint } from '@/lib/db/server-check'
import type { Env } from '@/lib/env'
import { say, step } from '../tools/progress.mjs'
import { type DemoPerson, seedOnce } from './demo'
import type { Shutdown } from './shutdown'

/** Where web and worker will find their data. */
export interface Prepared {
  appUrl: string
  ownerUrl: string | undefined
  /** Who may sign in to the demo; nobody where the database is the deployer's own. */
  people: DemoPerson[]
  /** For the closing words, such as "PostgreSQL 18 in .kontor". */
  where: string
}

/** Starts and fills the embedded server, or sets up schema kontor in the given database. */
export function prepareDatabase(env: Env, folder: string, shutdown: Shutdown): Promise<Prepared> {
  return env.databaseUrl ? prepareGiven(env, env.databaseUrl) : prepareEmbedded(folder, shutdown)
}

async function prepareEmbedded(folder: string, shutdown: Shutdown): Promise<Prepared> {
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
  const { app, owner } = server.urls
  await step('Migrating', '', async (conclude) => {
    const tables = await migrateTables(owner)
    const system = await asOwner(owner, async (sql) => {
      const ran = await migrateSystem(sql, 'kontor_app')
      await grantTables(sql, 'kontor_app')
      await warnOfChanges(sql)
      return ran.length
    })
    conclude(tables + system > 0 ? `${tables + system} migrations applied` : 'Migrations up to date')
  })
  const people = await seedOnce(owner)
  return { appUrl: app, ownerUrl: owner, people, where: `PostgreSQL on port ${new URL(app).port}, data in ${folder}` }
}

/** In a database of the deployer's: nothing but schema kontor, and that only where it is not up to date. */
async function prepareGiven({ ownerUrl }: Env, appUrl: string): Promise<Prepared> {
  const where = await step('Looking at the database', '', async (conclude) => {
    const app = await checkServer(appUrl, 'DATABASE_URL')
    const state = await asOwner(appUrl, systemState)
    if (state.pending.length > 0 || ownerUrl) {
      const owner = ownerUrl ? await checkServer(ownerUrl, 'DATABASE_OWNER_URL') : app
      if (owner.database !== app.database)
        throw new Error('DATABASE_OWNER_URL and DATABASE_URL name different databases.')
      if (!owner.maySetUp) throw new Error(setUpRightsHint(owner))
      await asOwner(ownerUrl ?? appUrl, (sql) => migrateSystem(sql, app.role))
    }
    for (const name of state.changed) say(`  ${name} was changed after it ran here; this version expects its own`)
    const place = `database ${app.database} on PostgreSQL ${app.version}`
    conclude(state.pending.length > 0 ? `Schema kontor set up in ${place}` : `Connected to ${place}`)
    return place
  })
  return { appUrl, ownerUrl, people: [], where }
}

async function warnOfChanges(sql: Parameters<typeof systemState>[0]): Promise<void> {
  for (const name of (await systemState(sql)).changed) {
    say(`  ${name} was changed after it ran here; remove the data folder to begin with the new one`)
  }
}

async function asOwner<T>(url: string, work: (sql: ReturnType<typeof connect>['sql']) => Promise<T>): Promise<T> {
  const owner = connect(url, { max: 2, statementTimeoutMs: 0, applicationName: 'kontor start' })
  try {
    return await work(owner.sql)
  } finally {
    await owner.close()
  }
}
