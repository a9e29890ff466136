import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf, isAlive, signal } from '@/lib/db/embedded-process'

/** What a run tells those that come after it, in `run.json` of the data folder. */
export interface RunNote {
  pid: number
  address?: string
  isStopping?: boolean
  /** Web and worker, to be ended by the next run where this one was killed. */
  children: number[]
}

const STOPPING_TIMEOUT_MS = 45_000
const ORPHANS_TIMEOUT_MS = 5_000

/**
 * The one run over a data folder. A run that was killed is cleared away; one that is ending is waited for.
 * @throws Error with its address where another run is up
 */
export async function claimRun(
  folder: string,
): Promise<{ update(note: Partial<RunNote>): Promise<void>; release(): Promise<void> }> {
  const file = path.join(folder, 'run.json')
  let note: RunNote = { pid: process.pid, children: [] }
  const deadline = Date.now() + STOPPING_TIMEOUT_MS
  while (!(await tryWrite(file, note))) {
    const other = await readNote(file)
    if (!other || !isOurs(other.pid)) {
      await endOrphans(other?.children ?? [])
      await rm(file, { force: true })
    } else if (!other.isStopping || Date.now() > deadline) {
      const where = other.address ? ` at ${other.address}` : ''
      throw new Error(
        `Kontor is already running here${where} (process ${other.pid}). Use that one, or stop it with Ctrl-C or "kill ${other.pid}".`,
      )
    } else {
      await sleep(200)
    }
  }
  return {
    async update(change) {
      note = { ...note, ...change }
      await writeFile(file, JSON.stringify(note))
    },
    release: () => rm(file, { force: true }),
  }
}

async function tryWrite(file: string, note: RunNote): Promise<boolean> {
  return writeFile(file, JSON.stringify(note), { flag: 'wx', mode: 0o600 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

async function readNote(file: string): Promise<RunNote | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunNote
  } catch {
    return undefined // cut short by whatever killed its writer
  }
}

/** Process numbers are used again: ours is one that runs bin/start.mjs. */
function isOurs(pid: number): boolean {
  return pid !== process.pid && isAlive(pid) && commandOf(pid).some((word) => word.endsWith('bin/start.mjs'))
}

/** Web and worker end by themselves a second after their supervisor was killed; this makes sure of it. */
async function endOrphans(pids: readonly number[]): Promise<void> {
  const ours = pids.filter((pid) => isAlive(pid) && commandOf(pid).some((word) => word.endsWith('parent-watch.mjs')))
  for (const pid of ours) signal(pid, 'SIGTERM')
  const deadline = Date.now() + ORPHANS_TIMEOUT_MS
  while (ours.some(isAlive) && Date.now() < deadline) await sleep(100)
  for (const pid of ours.filter(isAlive)) signal(pid, 'SIGKILL')
}
