import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { canEnter, type ServerUser } from './embedded-user'

/** What `npm start` makes once and remembers, readable by its own user only. */
export interface Secrets {
  superuser: string
  owner: string
  app: string
  nextAuth: string
  /** Shared with programs that call /api/effects. */
  effects: string
  /** The port the embedded server had last time; kept while it is free. */
  port?: number
}

/**
 * The folder that keeps the embedded database and its secrets: `wanted`, or, where the server's user cannot enter
 * that, `/var/lib/kontor/<hash of wanted>`. Made where it does not exist.
 */
export async function openDataFolder(wanted: string, user: ServerUser | undefined): Promise<string> {
  const asked = path.resolve(wanted)
  const folder =
    !user || canEnter(user, nearestExisting(asked)) ? asked : path.join('/var/lib/kontor', shortHash(asked))
  await makeEnterable(folder)
  return folder
}

/** Reads the folder's secrets, making those that are missing. */
export async function openSecrets(folder: string): Promise<Secrets> {
  const known: Partial<Secrets> = (await readSecrets(folder)) ?? {}
  const secret = () => randomBytes(24).toString('hex')
  const made = { superuser: secret(), owner: secret(), app: secret(), nextAuth: secret(), effects: secret() }
  const secrets: Secrets = { ...made, ...known }
  if (Object.keys(made).some((name) => !(name in known))) await writeSecrets(folder, secrets)
  return secrets
}

/** The folder's secrets, or undefined where none were made yet. */
export async function readSecrets(folder: string): Promise<Secrets | undefined> {
  const file = secretsFile(folder)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new Error(
      `${file} cannot be read (${error.code}): Kontor was started here as another user. ` +
        'Start it as that user again, or give another KONTOR_DATA_DIR.',
    )
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Secrets
  } catch (cause) {
    throw new Error(`${file} is not readable as JSON. Restore it: without it the embedded database has no passwords.`, {
      cause,
    })
  }
}

/** Replaces the file in one step, so that a crash leaves the old or the new one. */
export async function writeSecrets(folder: string, secrets: Secrets): Promise<void> {
  const draft = `${secretsFile(folder)}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, secretsFile(folder))
}

function secretsFile(folder: string): string {
  return path.join(folder, 'secrets.json')
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(path.dirname(folder))
}

/** Makes the folder and its missing parents enterable by the server's user whatever the umask is. */
async function makeEnterable(folder: string): Promise<void> {
  if (existsSync(folder)) return
  await makeEnterable(path.dirname(folder))
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
