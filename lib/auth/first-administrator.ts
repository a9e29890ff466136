import { desc, eq, sql } from 'drizzle-orm'
import type { Database, Executor } from '@/lib/db/client'
import { transact } from '@/lib/db/transaction'
import { AdminError, invalid } from '@/lib/errors'
import type { AuthContext, AuthEnv, AuthLog, RequestFacts } from './context'
import { hashPassword, passwordProblems } from './passwords'
import { limitsOf } from './rate-limits'
import { digestSecret, newCode, normaliseCode } from './secrets'
import { siteUrl } from './site'
import { setupCodes, users } from './tables'
import { findAccountByEmail, hasUsers, lockPeople, OWNER_ROLE, parseEmail } from './users'

/** Every process that starts before anybody can sign in prints a code of its own; so many of them work at a time. */
const CODES_KEPT = 20

const PROVENANCE = { actor: 'system', source: 'setup', requestId: '' }

/**
 * Called at start: where nobody can sign in yet, makes the first administrator from the environment, or else prints a
 * one-time code for the setup page. Does nothing once there is anybody. Safe in many processes at once.
 * @throws AdminError `misconfigured` where the given address or password cannot be used
 */
export async function ensureFirstAdministrator(
  db: Database,
  env: AuthEnv,
  log: AuthLog,
): Promise<'exists' | 'created' | 'code'> {
  if (await hasUsers(db.orm)) return 'exists'
  const given = readGiven(env)
  return transact(db.orm, PROVENANCE, async (tx) => {
    await lockPeople(tx)
    if (await hasUsers(tx)) return 'exists'
    if (given) {
      await addOwner(tx, given)
      log.info(`${given.email} may sign in as the first administrator, with the password from the environment.`)
      return 'created'
    }
    const code = newCode()
    await tx.insert(setupCodes).values({ codeHash: digestSecret(code), createdAt: new Date() })
    const newest = tx.select({ hash: setupCodes.codeHash }).from(setupCodes).orderBy(desc(setupCodes.createdAt))
    await tx.delete(setupCodes).where(sql`${setupCodes.codeHash} not in (${newest.limit(CODES_KEPT)})`)
    log.info(`Nobody can sign in yet. Open ${siteUrl(env)}/setup and enter this one-time code: ${code}`)
    return 'code'
  })
}

/**
 * Where the environment names an administrator whose address nobody has: adds them, whoever else there is. For a database
 * that is filled with people of its own, such as the demo's; an account that is there already stays as it is.
 * @returns the address and password that were given
 * @throws AdminError `misconfigured` where the given address or password cannot be used
 */
export async function addGivenAdministrator(
  db: Database,
  env: Given,
): Promise<{ email: string; password: string } | undefined> {
  const given = readGiven(env)
  if (given) {
    await transact(db.orm, PROVENANCE, async (tx) => {
      await lockPeople(tx)
      if (!(await findAccountByEmail(tx, given.email))) await addOwner(tx, given)
    })
  }
  return given
}

async function addOwner(tx: Executor, { email, password }: { email: string; password: string }): Promise<void> {
  const passwordHash = await hashPassword(password)
  await tx.insert(users).values({ email, name: nameOf(email), role: OWNER_ROLE, passwordHash })
}

type Given = Pick<AuthEnv, 'adminEmail' | 'adminPassword'>

function readGiven(env: Given): { email: string; password: string } | undefined {
  if (!env.adminEmail && !env.adminPassword) return undefined
  const email = parseEmail(env.adminEmail ?? '')
  if (!email) {
    throw new AdminError('misconfigured', 'KONTOR_ADMIN_EMAIL must be an e-mail address, such as owner@example.com.')
  }
  const problems = passwordProblems(env.adminPassword ?? '', { email })
  if (problems.length > 0) {
    throw new AdminError('misconfigured', `KONTOR_ADMIN_PASSWORD cannot be used. ${problems.join(' ')}`)
  }
  return { email, password: env.adminPassword ?? '' }
}

/** 'jane.doe@example.com' → 'Jane Doe': what there is until the person says otherwise. */
function nameOf(email: string): string {
  const words = (email.split('@')[0] ?? '').split(/[._+-]+/).filter(Boolean)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email
}

export interface SetupInput {
  code: string
  name: string
  email: string
  password: string
}

/**
 * Makes the first administrator from the setup page; all codes are used up with it.
 * @returns the new person's id
 * @throws AdminError `conflict` (somebody was first), `invalid` with fields, `rate_limited`
 */
export async function completeSetup(auth: AuthContext, input: SetupInput, from: RequestFacts): Promise<string> {
  if (await hasUsers(auth.db.orm)) throw alreadySetUp()
  await limitsOf(auth.db.sql).consume(['setup', from.ip ?? 'unknown'])
  const { email, name, fields } = checkSetup(input)
  if (Object.keys(fields).length > 0) throw invalid('Something is missing or cannot be used.', fields)
  const passwordHash = await hashPassword(input.password)
  return transact(auth.db.orm, { ...PROVENANCE, requestId: from.requestId }, async (tx) => {
    await lockPeople(tx)
    if (await hasUsers(tx)) throw alreadySetUp()
    const known = await tx
      .select()
      .from(setupCodes)
      .where(eq(setupCodes.codeHash, digestSecret(normaliseCode(input.code))))
    if (known.length === 0) {
      throw invalid('The code is not right.', { code: ['This is not a code from the log. Copy the newest one.'] })
    }
    await tx.delete(setupCodes)
    const [person] = await tx
      .insert(users)
      .values({ email, name, role: OWNER_ROLE, passwordHash })
      .returning({ id: users.id })
    return person!.id
  })
}

function checkSetup(input: SetupInput) {
  const email = parseEmail(input.email) ?? ''
  const name = input.name.trim()
  const fields: Record<string, string[]> = {}
  if (!input.code.trim()) fields.code = ['Enter the code from the server’s log.']
  if (!email) fields.email = [input.email.trim() ? 'This is not an e-mail address.' : 'Enter your e-mail address.']
  if (!name) fields.name = ['Enter your name.']
  else if (name.length > 200 || name.includes('\u0000')) fields.name = ['Use at most 200 ordinary characters.']
  const problems = input.password ? passwordProblems(input.password, { email, name }) : ['Choose a password.']
  if (problems.length > 0) fields.password = problems
  return { email, name, fields }
}

function alreadySetUp(): AdminError {
  return new AdminError('conflict', 'Kontor is set up already. Sign in, or ask an administrator to add you.')
}
