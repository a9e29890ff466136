import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'

const PROGRAM = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)

/** Whether a Redis or Valkey server can be started here; tests that need one are skipped, and counted, where not. */
export const hasRedis = PROGRAM !== undefined

export interface TestRedis {
  url: string
  flush(): Promise<void>
  /** Ends the server, with all it held, and starts it again on its port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A Redis server of its own on a free port; `stop` ends it and removes its folder. */
export async function startRedis(): Promise<TestRedis> {
  if (!PROGRAM) throw new Error('No redis-server or valkey-server is installed.')
  const folder = await mkdtemp(path.join(tmpdir(), 'kontor-redis-'))
  const port = await freePort()
  const options = ['--port', String(port), '--dir', folder, '--save', '', '--maxmemory-policy', 'noeviction']
  // The shell waits for the end of its input, which comes with the end of this process, however that ends.
  const launch = () =>
    spawn('sh', ['-c', '"$@" & read -r _; kill $!; wait $!', 'sh', PROGRAM, ...options], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
  let server = launch()
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url, { maxRetriesPerRequest: null })
  client.on('error', () => {})
  await client.ping()
  return {
    url,
    flush: async () => {
      await client.flushall()
    },
    restart: async () => {
      await end(server)
      server = launch()
      await client.ping()
    },
    stop: async () => {
      client.disconnect()
      await end(server)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.stdin?.end()
  await ended
}

/** A TCP port nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
