import { createServer } from 'node:http'
import type { Registry } from 'prom-client'
import type { EnvFor } from '@/lib/env'

interface Parts {
  registry: Registry
  /** Whether the last heartbeat did not reach the database. */
  isSilent(): boolean
}

/**
 * Answers `/health` (200, or 503 while the database does not answer) and `/metrics` on KONTOR_WORKER_PORT, for supervisors
 * and Prometheus; without that variable nothing listens. Tells nothing about records and asks nobody who they are: keep
 * it on a network of your own.
 * @throws where the port is taken
 */
export async function openDoor(
  { host, workerPort }: Pick<EnvFor<'worker'>, 'host' | 'workerPort'>,
  { registry, isSilent }: Parts,
): Promise<{ close(): Promise<void> } | undefined> {
  if (workerPort === undefined) return undefined
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0]
    if (path === '/health') {
      const status = isSilent() ? 503 : 200
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(JSON.stringify({ status: status === 200 ? 'ok' : 'database not reachable' }))
    } else if (path === '/metrics') {
      const text = await registry.metrics()
      response.writeHead(200, { 'content-type': registry.contentType })
      response.end(text)
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(workerPort, host, resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
