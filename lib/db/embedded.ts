import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import postgres from 'postgres'
import { prepareBinaries } from './embedded-binaries'
import { openDataFolder, openSecrets, readSecrets, type Secrets, writeSecrets } from './embedded-folder'
import { findPostmaster } from './embedded-postmaster'
import { initialise, type Server, type ServerOptions, startServer } from './embedded-server'
import { serverUser } from './embedded-user'

/** Addresses of one database for its three roles. */
export interface DatabaseUrls {
  /** The superuser: what psql is used as. */
  admin: string
  /** Owns schema kontor and the demo's tables; migrates. */
  owner: string
  /** What web and worker run as. */
  app: string
}

export interface EmbeddedPostgres {
  urls: DatabaseUrls
  /** The data folder in use, which is another than asked for where the server's user cannot enter that. */
  folder: string
  /** An earlier run had left the server running. */
  isAdopted: boolean
  onLost: Server['onLost']
  stop: Server['stop']
}

const DATABASE = 'kontor'
const ROLES = { owner: 'kontor_owner', app: 'kontor_app' } as const

/** Gives up what only matters when a machine fails. */
const NOT_DURABLE = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }

/**
 * Starts the PostgreSQL that lives in `dataDir` (made at the first call), with database `kontor`, its owner
 * `kontor_owner` and the application's role `kontor_app`. Works as root and as an ordinary user.
 * @param isTemporary for tests: nothing is durable, and the folder goes when this process is killed
 */
export async function startEmbedded(dataDir: string, { isTemporary = false } = {}): Promise<EmbeddedPostgres> {
  const user = serverUser()
  const folder = await openDataFolder(dataDir, user)
  const secrets = await openSecrets(folder)
  const options: ServerOptions = {
    data: path.join(folder, 'postgres'),
    binaries: await prepareBinaries(folder, user),
    user,
    logFile: path.join(folder, 'postgres.log'),
    preferredPort: secrets.port,
    settings: isTemporary ? NOT_DURABLE : {},
    isTemporary,
  }
  await initialise(options, secrets.superuser, isTemporary ? ['--no-sync'] : [])
  const server = await startServer(options)
  try {
    if (server.port !== secrets.port) await writeSecrets(folder, { ...secrets, port: server.port })
    await ensureDatabase(urlFor(server.port, 'postgres', secrets.superuser, 'postgres'), secrets)
  } catch (error) {
    await server.stop()
    throw error
  }
  const { isAdopted, onLost, stop } = server
  return { urls: urlsFor(server.port, secrets), folder, isAdopted, onLost, stop }
}

/** Addresses of the embedded server while another process runs it, or undefined: for the commands beside `npm start`. */
export async function runningEmbedded(dataDir: string): Promise<DatabaseUrls | undefined> {
  const folder = await openDataFolder(dataDir, serverUser())
  const secrets = await readSecrets(folder)
  const running = await findPostmaster(path.join(folder, 'postgres'))
  return secrets && running?.status === 'ready' ? urlsFor(running.port, secrets) : undefined
}

/**
 * A server in a temporary folder that is gone after `stop`, and also when this process is killed. Durability is off.
 * @param settings PostgreSQL settings, e.g. `{ max_connections: '300' }`
 * @returns its address as the superuser `postgres`
 */
export async function startTemporary(
  settings: Record<string, string> = {},
): Promise<{ url: string; stop(): Promise<void> }> {
  const user = serverUser()
  const temporary = await mkdtemp(path.join(tmpdir(), 'kontor-'))
  await chmod(temporary, 0o755)
  const folder = await openDataFolder(temporary, user)
  const remove = async () => {
    for (const made of [folder, temporary]) await rm(made, { recursive: true, force: true })
  }
  try {
    const options: ServerOptions = {
      data: path.join(folder, 'postgres'),
      binaries: await prepareBinaries(folder, user),
      user,
      logFile: path.join(folder, 'postgres.log'),
      settings: { ...NOT_DURABLE, ...settings },
      isTemporary: true,
    }
    await initialise(options, 'postgres', ['--no-sync'])
    const server = await startServer(options)
    return {
      url: urlFor(server.port, 'postgres', 'postgres', 'postgres'),
      async stop() {
        await server.stop('immediate')
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Makes roles and database, and mends what an interrupted first start left half done. */
async function ensureDatabase(adminUrl: string, secrets: Secrets): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  try {
    for (const key of ['owner', 'app'] as const) {
      const role = ROLES[key]
      const [known] = await admin`select from pg_roles where rolname = ${role}`
      await admin.unsafe(`${known ? 'alter' : 'create'} role ${role} login password '${secrets[key]}'`)
    }
    const [database] = await admin`select from pg_database where datname = ${DATABASE}`
    if (!database) await admin.unsafe(`create database ${DATABASE} owner ${ROLES.owner}`)
  } finally {
    await admin.end()
  }
}

function urlsFor(port: number, secrets: Secrets): DatabaseUrls {
  return {
    admin: urlFor(port, 'postgres', secrets.superuser, DATABASE),
    owner: urlFor(port, ROLES.owner, secrets.owner, DATABASE),
    app: urlFor(port, ROLES.app, secrets.app, DATABASE),
  }
}

function urlFor(port: number, user: string, password: string, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
}
