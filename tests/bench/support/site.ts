import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { choosePort } from '@/bin/supervisor/port'

const NEXT = 'node_modules/next/dist/bin/next'
const HOST = '127.0.0.1'

export interface Site {
  url: string
  stop(): Promise<void>
}

/** Serves a built Next site as one process, and waits until `path` is answered. */
export async function serve(folder: string, path: string, env: Record<string, string>): Promise<Site> {
  const port = await choosePort(HOST, undefined)
  const child = spawn(process.execPath, [NEXT, 'start', folder, '-H', HOST, '-p', String(port)], {
    env: { ...process.env, ...env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const url = `http://${HOST}:${port}`
  for (let tries = 0; ; tries++) {
    const answer = await fetch(url + path, { redirect: 'manual' }).catch(() => undefined)
    if (answer && answer.status < 500) break
    if (tries > 300 || child.exitCode !== null) {
      child.kill()
      throw new Error(`${folder} does not answer ${path} (${answer?.status ?? 'no answer'}): ${said.slice(-2000)}`)
    }
    await sleep(200)
  }
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Builds the Next site in `folder`. */
export async function build(folder: string): Promise<void> {
  const child = spawn(process.execPath, [NEXT, 'build', folder], {
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
