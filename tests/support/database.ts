import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, inject } from 'vitest'
import { connect, type Database } from '@/lib/db/client'
import { databaseUrl, TEMPLATE } from './template'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the test server's maintenance database, as its superuser. */
    postgresUrl: string
  }
}

export interface TestDatabase {
  name: string
  /** Address as the superuser (psql in the tests' stories), the owner, and the application's own role. */
  urls: { admin: string; owner: string; app: string }
  admin: Database
  owner: Database
  app: Database
}

/**
 * A database of its own for the calling test file, cloned from the migrated template (in `template`, or empty where
 * `template` is 'template1') and dropped when the file ends. A listener, worker or lock that the file left behind shows
 * as a connection, and fails it.
 */
export async function createTestDatabase(options: { template?: string } = {}): Promise<TestDatabase> {
  const adminUrl = inject('postgresUrl')
  const name = `t_${randomBytes(6).toString('hex')}`
  const server = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await server.unsafe(`create database ${name} template ${options.template ?? TEMPLATE} owner kontor_owner`)
  const urls = {
    admin: databaseUrl(adminUrl, name),
    owner: databaseUrl(adminUrl, name, 'kontor_owner'),
    app: databaseUrl(adminUrl, name, 'kontor_app'),
  }
  const pools = {
    admin: connect(urls.admin, { max: 5, statementTimeoutMs: 0 }),
    owner: connect(urls.owner, { max: 5, statementTimeoutMs: 0 }),
    app: connect(urls.app, { max: 10 }),
  }
  afterAll(async () => {
    await Promise.all(Object.values(pools).map((pool) => pool.close()))
    const leftovers = await leftoversIn(server, name)
    await server.unsafe(`drop database if exists ${name} with (force)`)
    await server.end()
    if (leftovers.length > 0) throw new Error(`The tests left connections open: ${leftovers.join(', ')}`)
  })
  return { name, urls, ...pools }
}

/** Who is still connected, a moment after everybody should be gone. */
async function leftoversIn(server: postgres.Sql, database: string): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const rows = await server`select application_name as name from pg_stat_activity
      where datname = ${database} and backend_type = 'client backend'`
    if (rows.length === 0 || attempt === 40) return rows.map(({ name }) => name as string)
    await sleep(50)
  }
}
