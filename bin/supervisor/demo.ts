import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type postgres from 'postgres'
import { createDemoUsers, DEMO_USERS } from '@/lib/auth'
import { verifyPassword } from '@/lib/auth/passwords'
import { connect } from '@/lib/db/client'
import { step } from '../tools/progress.mjs'

/** The row of kontor.migrations that remembers that the demo is in. */
const MARK = 'demo'
const SEED = path.resolve('drizzle/seed.ts')

export interface DemoPerson {
  email: string
  password: string
  role: string
}

interface SeedModule {
  seedDemo(sql: postgres.Sql, log: (line: string) => void): Promise<void>
}

/**
 * Fills the embedded database with the demo, once in its life: what people did to it since stays. Where the deployer
 * has tables of their own there is no seed, and nobody is added.
 * @returns the demo's people whose printed password is still theirs
 */
export async function seedOnce(ownerUrl: string): Promise<DemoPerson[]> {
  if (!existsSync(SEED)) return []
  const owner = connect(ownerUrl, { max: 2, statementTimeoutMs: 0, applicationName: 'kontor seed' })
  try {
    const [mark] = await owner.sql`select from kontor.migrations where name = ${MARK}`
    if (!mark) {
      await step('Baking the demo data', 'Demo data in place', async () => {
        const { seedDemo } = (await import(pathToFileURL(SEED).href)) as SeedModule
        await seedDemo(owner.sql, () => {})
        await createDemoUsers(owner.sql)
        await owner.sql`insert into kontor.migrations (name, digest) values (${MARK}, '') on conflict do nothing`
      })
    }
    return await peopleWithKnownPassword(owner.sql)
  } finally {
    await owner.close()
  }
}

async function peopleWithKnownPassword(sql: postgres.Sql): Promise<DemoPerson[]> {
  const known = await sql<{ email: string; hash: string | null }[]>`
    select email, password_hash as hash from kontor.users where email = any(${DEMO_USERS.map(({ email }) => email)})`
  const checked = await Promise.all(
    DEMO_USERS.map(async (person) => {
      const hash = known.find(({ email }) => email === person.email)?.hash
      return (await verifyPassword(hash, person.password)) ? [person] : []
    }),
  )
  return checked.flat()
}
