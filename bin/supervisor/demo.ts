import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type postgres from 'postgres'
import { addGivenAdministrator, createDemoUsers, DEMO_USERS } from '@/lib/auth'
import { verifyPassword } from '@/lib/auth/passwords'
import { connect } from '@/lib/db/client'
import type { Env } from '@/lib/env'
import { step } from '../tools/progress.mjs'

/** The row of kontor.migrations that remembers that the demo is in. */
const MARK = 'demo'
const SEED = path.resolve('drizzle/seed.ts')

export interface DemoPerson {
  email: string
  /** Undefined: the one the environment gives, which is not printed. */
  password?: string
  role: string
}

/** Whom the environment names beside the demo's people. */
export type GivenAdministrator = Partial<Pick<Env, 'adminEmail' | 'adminPassword'>>

interface SeedModule {
  seedDemo(sql: postgres.Sql, log: (line: string) => void): Promise<void>
}

/**
 * Fills the embedded database with the demo, once in its life: what people did to it since stays. Where the deployer
 * has tables of their own there is no seed, and nobody is added. The administrator the environment names is added at any
 * start, and before the demo's people, one of whose addresses it may be.
 * @returns the people whose password is still the printed one, or the environment's
 */
export async function seedOnce(ownerUrl: string, given: GivenAdministrator = {}): Promise<DemoPerson[]> {
  if (!existsSync(SEED)) return []
  const owner = connect(ownerUrl, { max: 2, statementTimeoutMs: 0, applicationName: 'kontor seed' })
  try {
    const administrator = await addGivenAdministrator(owner, given)
    const [mark] = await owner.sql`select from kontor.migrations where name = ${MARK}`
    if (!mark) {
      await step('Baking the demo data', 'Demo data in place', async () => {
        const { seedDemo } = (await import(pathToFileURL(SEED).href)) as SeedModule
        await seedDemo(owner.sql, () => {})
        await createDemoUsers(owner.sql)
        await owner.sql`insert into kontor.migrations (name, digest) values (${MARK}, '') on conflict do nothing`
      })
    }
    return await peopleWithPassword(owner.sql, [
      ...(administrator ? [{ ...administrator, isPrinted: false }] : []),
      ...DEMO_USERS.map((person) => ({ ...person, isPrinted: true })),
    ])
  } finally {
    await owner.close()
  }
}

interface Expected {
  email: string
  password: string
  isPrinted: boolean
}

/** Those whose password is still the expected one, in the role they have now. */
async function peopleWithPassword(sql: postgres.Sql, expected: readonly Expected[]): Promise<DemoPerson[]> {
  const accounts = await sql<{ email: string; role: string; hash: string | null }[]>`
    select email, role, password_hash as hash from kontor.users
    where lower(email) = any(${expected.map(({ email }) => email.toLowerCase())}) and status = 'active'`
  const checked = await Promise.all(
    expected.map(async ({ email, password, isPrinted }) => {
      const account = accounts.find((one) => one.email.toLowerCase() === email.toLowerCase())
      if (!account || !(await verifyPassword(account.hash, password))) return []
      return [{ email: account.email, role: account.role, password: isPrinted ? password : undefined }]
    }),
  )
  return checked.flat()
}
