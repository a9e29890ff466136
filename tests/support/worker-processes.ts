import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import type postgres from 'postgres'
import { afterAll } from 'vitest'

export interface WorkerProcess {
  pid: number
  signal(name: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>
}

export interface WorkerProcessOptions {
  databaseUrl: string
  redisUrl?: string
  clockMs?: number
  leaseMs?: number
  dieAfterWriteBack?: boolean
  tasks?: boolean
}

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The process's program as one file: plain Node starts it in a fraction of the time that compiling it each time takes. */
async function bundle(program: string): Promise<{ file: string; remove(): Promise<void> }> {
  const folder = path.join(ROOT, 'node_modules/.cache') // where its packages are found
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, `kontor-fault-${process.pid}-${Date.now()}.mjs`)
  await build({
    entryPoints: [path.join(ROOT, 'tests/fault', program)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    tsconfig: path.join(ROOT, 'tsconfig.json'),
  })
  return { file, remove: () => rm(file, { force: true }) }
}

/** Starts workers (or another program of tests/fault) as real processes; whatever still runs when the file ends is killed. */
export async function workerProcesses(name = 'worker-process.ts') {
  const program = await bundle(name)
  const running = new Set<ChildProcess>()
  let isClosing = false
  afterAll(async () => {
    isClosing = true
    await Promise.all([...running].map(kill))
    await program.remove()
  })

  function launch(options: WorkerProcessOptions) {
    const child = spawn(process.execPath, [program.file], {
      env: { ...process.env, WORKER_OPTIONS: JSON.stringify(options) },
      // Its input ends with this process, and it with its input: none is left behind.
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    running.add(child)
    const ended = once(child, 'exit').then(([code, signal]) => {
      running.delete(child)
      return (code ?? signal) as number | string
    })
    return { child, worker: { pid: child.pid ?? 0, signal: (name) => child.kill(name), ended } satisfies WorkerProcess }
  }

  async function start(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const { child, worker } = launch(options)
    await Promise.race([
      once(child.stdout, 'data'),
      worker.ended.then((how) => {
        throw new Error(`The worker ended before it was ready: ${how}`)
      }),
    ])
    return worker
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    await gone
  }

  /** Keeps one worker running: starts another as soon as one dies, be it before it was ready, until `stop`. */
  async function supervise(options: WorkerProcessOptions) {
    let isOver = false
    let current = await start(options)
    let starts = 1
    const loop = (async () => {
      while (!isOver) {
        await current.ended
        if (isOver || isClosing) return
        current = launch(options).worker
        starts++
      }
    })()
    return {
      starts: () => starts,
      current: () => current,
      async stop() {
        isOver = true
        current.signal('SIGKILL')
        await loop
      },
    }
  }

  return { start, supervise }
}

/** The table that stands for the outside world: what handlers did there. */
export async function createOutside(admin: postgres.Sql): Promise<void> {
  await admin.unsafe(`
    create table public.calls (id int generated always as identity, effect uuid, attempt int, pid int);
    grant select, insert on public.calls to kontor_app`)
}

/** What must hold after any fault: nothing is stuck, nothing was completed twice, nothing finished is half written. */
export async function violations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ what: string; id: string }[]>`
    select 'neither terminal nor due' as what, id::text from kontor.effects
      where status not in ('completed', 'dead', 'cancelled')
        and not (status in ('pending', 'failed') and run_at < now() + interval '1 h')
    union all
    select 'completed twice', effect_id::text from kontor.effect_attempts
      where outcome = 'completed' group by effect_id having count(*) > 1
    union all
    select 'completed without an attempt or result', e.id::text from kontor.effects e
      where e.status = 'completed' and (e.completed_at is null or e.completion_payload is null or not exists (
        select 1 from kontor.effect_attempts a where a.effect_id = e.id and a.outcome = 'completed'))
    union all
    select 'ended with a lease', id::text from kontor.effects
      where status in ('completed', 'dead', 'pending', 'failed') and lease_token is not null`
  return rows.map(({ what, id }) => `${what}: ${id}`)
}
