import { setTimeout as sleep } from 'node:timers/promises'
import { context } from 'esbuild'
import { say } from '../tools/progress.mjs'
import { Child } from './child'
import { localAddress } from './port'
import type { Shutdown } from './shutdown'
import { WORKER_FILE, workerBundle } from './worker-bundle'

const NEXT = 'node_modules/next/dist/bin/next'
const HEALTH_TIMEOUT_MS = 90_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/** Longer than this and a crash counts as a new one. */
const STABLE_MS = 60_000

/** What Next.js says of itself; the address is ours to print. */
const isBanner = (line: string) =>
  /^\s*(▲ Next|- (Local|Network|Environments):|✓ (Starting|Ready|Running next.config))/.test(line)

/** The arguments of Node that run the site. */
export function webArgs(mode: 'start' | 'dev', host: string, port: number): string[] {
  return [NEXT, mode, '-H', host, '-p', String(port)]
}

/** Starts the site and waits until it answers; its end is the end of everything. */
export async function startWeb(
  { isDev, host, port, env }: { isDev: boolean; host: string; port: number; env: NodeJS.ProcessEnv },
  shutdown: Shutdown,
): Promise<Child> {
  const args = webArgs(isDev ? 'dev' : 'start', host, port)
  const web = new Child({ name: 'web', args, env, graceMs: 10_000, isNoise: isBanner })
  shutdown.add({ name: 'web', stop: (hasten) => web.stop(hasten) })
  void web.ended.then(({ code, signal }) => {
    if (shutdown.signal.aborted) return
    process.stderr.write(
      `\nThe site ended by itself (${signal ?? `exit code ${code}`}). Its last words:\n${web.lastLines}\n`,
    )
    void shutdown.end(1)
  })
  await untilHealthy(`${localAddress(host, port)}/api/health`, web, shutdown.signal)
  return web
}

async function untilHealthy(address: string, web: Child, stopping: AbortSignal): Promise<void> {
  const deadline = Date.now() + HEALTH_TIMEOUT_MS
  while (!stopping.aborted) {
    const answer = await fetch(address, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
    if (answer?.ok) return
    if (Date.now() > deadline) {
      const said = answer ? `answers ${answer.status}: ${(await answer.text()).slice(0, 300)}` : 'does not answer'
      throw new Error(`The site does not come up: ${address} ${said}\n${web.lastLines}`)
    }
    await sleep(100)
  }
  throw new Error('The site was stopped before it answered.')
}

/** Keeps one worker running: one that ends by itself is started again after a pause that grows up to 30 s. */
export async function startWorker(
  { isDev, env }: { isDev: boolean; env: NodeJS.ProcessEnv },
  shutdown: Shutdown,
  onPid: (pid: number | undefined) => void,
): Promise<void> {
  let current: Child | undefined
  let pauseMs = FIRST_PAUSE_MS / 2
  const begin = () => {
    const begun = Date.now()
    const worker = new Child({ name: 'worker', args: ['--enable-source-maps', WORKER_FILE], env, graceMs: 15_000 })
    current = worker
    onPid(worker.pid)
    void worker.ended.then(async ({ code, signal }) => {
      if (shutdown.signal.aborted || current !== worker) return
      pauseMs = Date.now() - begun > STABLE_MS ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      say(`The worker ended by itself (${signal ?? `exit code ${code}`}); starting it again in ${pauseMs / 1000} s`)
      await sleep(pauseMs, undefined, { signal: shutdown.signal }).catch(() => {})
      if (!shutdown.signal.aborted && current === worker) begin()
    })
  }
  const restart = async () => {
    const old = current
    current = undefined
    await old?.stop(shutdown.signal)
    if (!shutdown.signal.aborted) begin()
  }
  const watcher = isDev ? await watchWorker(restart) : undefined
  if (!isDev) begin()
  shutdown.add({
    name: 'worker',
    stop: async (hasten) => {
      await watcher?.dispose()
      await current?.stop(hasten)
    },
  })
}

/** Bundles the worker at every change of its sources. */
async function watchWorker(restart: () => Promise<void>) {
  const watched = await context({
    ...workerBundle,
    logLevel: 'warning',
    plugins: [
      ...(workerBundle.plugins ?? []),
      { name: 'restart', setup: ({ onEnd }) => onEnd(({ errors }) => (errors.length > 0 ? undefined : restart())) },
    ],
  })
  await watched.watch()
  return watched
}
