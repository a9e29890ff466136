import { existsSync } from 'node:fs'
import path from 'node:path'
import { openDataFolder, openSecrets } from '@/lib/db/embedded-folder'
import { serverUser } from '@/lib/db/embedded-user'
import { type Env, readEnv } from '@/lib/env'
import { messageOf, say, step } from '../tools/progress.mjs'
import { ensureBuilt } from './build'
import { type Prepared, prepareDatabase } from './database'
import { choosePort, localAddress } from './port'
import { startWeb, startWorker } from './processes'
import { Shutdown } from './shutdown'
import { claimRun } from './single-run'

/** `npm start` and `npm run dev`: everything from the database to a site that answers, until it is stopped. */
export async function start({ isDev }: { isDev: boolean }): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const env = readEnv(process.env, 'start')
  const shutdown = new Shutdown()
  shutdown.listen()
  try {
    await bringUp(env, isDev, shutdown)
  } catch (error) {
    if (shutdown.signal.aborted) return // what failed was in the middle of something that is being stopped
    process.stderr.write(`\n${messageOf(error)}\n`)
    await shutdown.end(1)
  }
}

async function bringUp(env: Env, isDev: boolean, shutdown: Shutdown): Promise<void> {
  const folder = await openFolder(env)
  const run = await claimRun(folder)
  shutdown.add({ name: 'run', stop: () => run.release() })
  shutdown.signal.addEventListener('abort', () => void run.update({ isStopping: true }))
  const port = await choosePort(env.host, env.port)
  const database = await prepareDatabase(env, folder, shutdown)
  if (!isDev) await ensureBuilt(shutdown.signal)
  const address = env.siteUrl ?? localAddress(env.host, port)
  const common = await childEnv(env, folder, database, address, isDev)
  const children = { web: 0, worker: 0 }
  const note = () => run.update({ address, children: Object.values(children) })
  await startWorker({ isDev, env: withOwner(common, database) }, shutdown, (pid = 0) => {
    children.worker = pid
    void note()
  })
  await step('Starting the site', 'Site started', async () => {
    const web = await startWeb({ isDev, host: env.host, port, env: { ...common, PORT: String(port) } }, shutdown)
    children.web = web.pid ?? 0
  })
  await note()
  if (!shutdown.signal.aborted) welcome(address, database)
}

/** The data folder; an ordinary start without a database of its own still keeps the site's secret there. */
async function openFolder(env: Env): Promise<string> {
  const folder = await openDataFolder(env.dataDir, env.databaseUrl ? undefined : serverUser())
  if (folder !== path.resolve(env.dataDir)) {
    say(`  PostgreSQL's own user cannot enter ${path.resolve(env.dataDir)}: the data is kept in ${folder}`)
  }
  return folder
}

async function childEnv(
  env: Env,
  folder: string,
  database: Prepared,
  address: string,
  isDev: boolean,
): Promise<NodeJS.ProcessEnv> {
  const made = env.secret && env.effectsSecret ? undefined : await openSecrets(folder)
  return {
    ...process.env,
    NODE_ENV: isDev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: database.appUrl,
    DATABASE_OWNER_URL: '',
    NEXTAUTH_URL: address,
    NEXTAUTH_SECRET: env.secret ?? made?.nextAuth,
    KONTOR_EFFECTS_SECRET: env.effectsSecret ?? made?.effects,
    KONTOR_HOST: env.host,
    KONTOR_DATA_DIR: folder,
  }
}

/** Retention and erasure are the worker's: the site never holds the role that could change the log. */
function withOwner(env: NodeJS.ProcessEnv, { ownerUrl }: Prepared): NodeJS.ProcessEnv {
  return ownerUrl ? { ...env, DATABASE_OWNER_URL: ownerUrl } : env
}

function welcome(address: string, { people, where }: Prepared): void {
  say(`\nKontor is running at ${address}\n`)
  if (people.length > 0) {
    say('Sign in as')
    const width = Math.max(...people.map(({ email }) => email.length))
    for (const { email, password, role } of people) {
      const words = password ? `password ${password}` : 'KONTOR_ADMIN_PASSWORD'
      say(`  ${email.padEnd(width)}  ${words.padEnd(24)}  (${role})`)
    }
    say('')
  }
  say(`Database: ${where}`)
  say('Ctrl-C stops everything.\n')
}
