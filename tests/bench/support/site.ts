import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { choosePort } from '@/bin/supervisor/port'

const NEXT = path.resolve('node_modules/next/dist/bin/next')
const HOST = '127.0.0.1'

export interface Site {
  url: string
  /** Processor time the process has used so far; undefined where the system does not tell. */
  cpuMs(): number | undefined
  /** Memory the process holds, in MiB; undefined where the system does not tell. */
  memoryMb(): number | undefined
  stop(): Promise<void>
}

/** What Linux counts in: 100 ticks a second everywhere. */
const TICK_MS = 10

/** Serves a built Next site as one process, and waits until `address` is answered. */
export async function serve(folder: string, address: string, env: Record<string, string>): Promise<Site> {
  const port = await choosePort(HOST, undefined)
  const child = spawn(process.execPath, [NEXT, 'start', '-H', HOST, '-p', String(port)], {
    cwd: folder,
    env: { ...process.env, ...env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const url = `http://${HOST}:${port}`
  for (let tries = 0; ; tries++) {
    const answer = await fetch(url + address, { redirect: 'manual' }).catch(() => undefined)
    if (answer && answer.status < 500) break
    if (tries > 300 || child.exitCode !== null) {
      child.kill()
      throw new Error(`${folder} does not answer ${address} (${answer?.status ?? 'no answer'}): ${said.slice(-2000)}`)
    }
    await sleep(200)
  }
  return {
    url,
    cpuMs: () => usedBy(child.pid),
    memoryMb: () => heldBy(child.pid),
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

function usedBy(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return undefined
  }
}

function heldBy(pid: number | undefined): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return undefined
  }
}

/** Builds the Next site in `folder`. Turbopack would take the proxy and instrumentation of the folders above for its own. */
export async function build(folder: string): Promise<void> {
  const child = spawn(process.execPath, [NEXT, 'build', '--webpack'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk
    })
  }
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${folder} could not be built:\n${said.slice(-4000)}`)
}
