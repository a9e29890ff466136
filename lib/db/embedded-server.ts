import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './embedded-binaries'
import { freePort } from './embedded-port'
import { findPostmaster, type Postmaster } from './embedded-postmaster'
import { signal } from './embedded-process'
import { asUser, type ServerUser } from './embedded-user'

export interface ServerOptions {
  /** PostgreSQL's own folder (PGDATA), apart from anything else. */
  data: string
  binaries: Binaries
  user: ServerUser | undefined
  /** Where the server writes what it has to say. */
  logFile: string
  /** Taken where it is free. */
  preferredPort?: number
  /** Settings on the command line, e.g. `{ fsync: 'off' }`. */
  settings?: Record<string, string>
  /** The folder is removed when we die without saying goodbye. */
  isTemporary?: boolean
}

export interface Server {
  port: number
  pid: number
  /** An earlier run left it running and it was taken over. */
  isAdopted: boolean
  /** Calls back once when the server ends without having been stopped here, with what it said last. */
  onLost(callback: (lastLines: string) => void): void
  /** Ends it: 'fast' rolls open transactions back, 'immediate' leaves recovery to the next start. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
}

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 30_000
const POLL_MS = 25
const LOOK_MS = 1_000

/**
 * Makes a database cluster in `data` where there is none. It is made beside and moved into place, so that an
 * interrupted first start is not taken for a cluster.
 * @throws Error where the folder belongs to another major version
 */
export async function initialise(
  { data, binaries, user }: ServerOptions,
  superuserPassword: string,
  flags: readonly string[] = [],
): Promise<boolean> {
  await assertOurs(data, user)
  if (existsSync(path.join(data, 'PG_VERSION'))) {
    const major = (await readFile(path.join(data, 'PG_VERSION'), 'utf8')).trim()
    if (major === binaries.major) return false
    throw new Error(
      `${data} was made by PostgreSQL ${major}, but PostgreSQL ${binaries.major} is installed now. ` +
        'Dump it with the version that made it, or give another KONTOR_DATA_DIR.',
    )
  }
  const draft = `${data}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  const passwordFile = `${data}.password`
  await writeFile(passwordFile, superuserPassword, { mode: 0o600 })
  if (user) for (const owned of [draft, passwordFile]) await chown(owned, user.uid, user.gid)
  // The builtin provider gives Unicode letters and plain byte order on every platform, whatever locales it has.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const args = [`--pgdata=${draft}`, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const made = spawnSync(binaries.initdb, [...args, ...locale, ...flags], { ...asUser(user), encoding: 'utf8' })
  await rm(passwordFile, { force: true })
  if (made.status !== 0) {
    await rm(draft, { recursive: true, force: true })
    throw new Error(`PostgreSQL could not make its data folder ${data}: ${made.error?.message ?? made.stderr.trim()}`)
  }
  await rename(draft, data)
  return true
}

/** Starts the server, or takes over the one that an earlier run left over the same data. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { data } = options
  await truncateLog(options.logFile)
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const running = await settledPostmaster(data)
    if (running) return handle(options, running, undefined)
    const port = await freePort(options.preferredPort)
    const logFrom = await sizeOf(options.logFile)
    const child = await spawnServer(options, port)
    const postmaster = await untilReady(child, data, deadline)
    if (postmaster) return handle(options, postmaster, child)
    const said = (await readFile(options.logFile, 'utf8')).slice(logFrom)
    // Children of a killed server end by themselves within seconds; a port may be taken, or the same data started by
    // somebody else, while we look.
    const isPassing = /shared memory block .* still in use|Address already in use|lock file .* already exists/i.test(
      said,
    )
    if (!isPassing || Date.now() > deadline) throw new Error(`PostgreSQL did not start:\n${lastLines(said)}`)
    await sleep(500)
  }
}

/** PostgreSQL runs over its own user's folder only. */
async function assertOurs(data: string, user: ServerUser | undefined): Promise<void> {
  const owner = await stat(data).then(
    ({ uid }) => uid,
    () => undefined,
  )
  if (owner === undefined || owner === (user?.uid ?? process.getuid?.())) return
  throw new Error(
    `${data} belongs to user ${owner}: Kontor was started here as another user. ` +
      'Start it as that user again, or give another KONTOR_DATA_DIR.',
  )
}

/** A running server whose start or stop is over. */
async function settledPostmaster(data: string): Promise<Postmaster | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const postmaster = await findPostmaster(data)
    if (postmaster === undefined || postmaster.status === 'ready') return postmaster
    if (Date.now() > deadline) {
      throw new Error(`PostgreSQL (process ${postmaster.pid}) over ${data} is neither up nor down: end it, then retry.`)
    }
    await sleep(POLL_MS)
  }
}

async function spawnServer({ data, binaries, user, logFile, settings }: ServerOptions, port: number) {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = await open(logFile, 'a')
  // A group of its own: Ctrl-C in the terminal must reach us, and the server only when web and worker have ended.
  const child = spawn(binaries.postgres, ['-D', data, '-p', String(port), ...flags], {
    ...asUser(user),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  child.unref()
  await log.close()
  return child
}

async function untilReady(child: ChildProcess, data: string, deadline: number): Promise<Postmaster | undefined> {
  // In a restarted container the file left by a killed server may name the very process number of the new one.
  const earliest = Math.floor(Date.now() / 1000) - 1
  let hasEnded = false
  child.once('exit', () => {
    hasEnded = true
  })
  child.once('error', () => {
    hasEnded = true
  })
  while (!hasEnded && Date.now() < deadline) {
    const postmaster = await findPostmaster(data)
    const isNew = postmaster?.pid === child.pid && postmaster !== undefined && postmaster.startedAt >= earliest
    if (isNew && postmaster.status === 'ready') return postmaster
    await sleep(POLL_MS)
  }
  return undefined
}

function handle(options: ServerOptions, { pid, port }: Postmaster, child: ChildProcess | undefined): Server {
  const watchdog = guard(options, pid)
  const hasEnded = async () =>
    child ? child.exitCode !== null || child.signalCode !== null : (await findPostmaster(options.data))?.pid !== pid
  let isStopping = false
  return {
    port,
    pid,
    isAdopted: child === undefined,
    onLost(callback) {
      const look = setInterval(async () => {
        if (!isStopping && !(await hasEnded())) return
        clearInterval(look)
        if (!isStopping) callback(lastLines(await readFile(options.logFile, 'utf8')))
      }, LOOK_MS)
      look.unref()
    },
    async stop(how = 'fast') {
      isStopping = true
      watchdog.kill('SIGKILL')
      if (await hasEnded()) return
      signal(pid, how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      const deadline = Date.now() + STOP_TIMEOUT_MS
      while (!(await hasEnded()) && Date.now() < deadline) await sleep(POLL_MS)
      if (!(await hasEnded())) signal(pid, 'SIGQUIT')
    },
  }
}

/**
 * A shell that waits for us to die, however that happens (its input closes), and then ends the server cleanly: a killed
 * run leaves no server behind.
 */
function guard({ data, isTemporary }: ServerOptions, pid: number): ChildProcess {
  const script = `read -r _
    [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ] && kill -INT "$1" 2>/dev/null
    [ "$3" = keep ] && exit
    for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || break; sleep 0.5; done
    rm -rf "$(dirname "$2")"`
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(pid), data, isTemporary ? 'remove' : 'keep'], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  ;(watchdog.stdin as unknown as { unref(): void }).unref()
  return watchdog
}

async function truncateLog(file: string): Promise<void> {
  if ((await sizeOf(file)) > 10_000_000) await truncate(file)
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-8).join('\n')
}
