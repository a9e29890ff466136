import { eq } from 'drizzle-orm'
import { transact } from '@/lib/db/transaction'
import { AdminError, forbidden, invalid } from '@/lib/errors'
import type { AuthContext, RequestFacts } from './context'
import { hashPassword, isOutdatedHash, verifyPassword } from './passwords'
import { type Attempt, limitsOf } from './rate-limits'
import { startSession } from './sessions'
import { users } from './tables'
import { type Account, findAccountByEmail, parseEmail } from './users'

export interface SignedIn {
  sessionId: string
  userId: string
  name: string
  email: string
}

/**
 * Signs a person in by e-mail and password and begins a session.
 * The answer and the time it takes are the same for an unknown address and a wrong password.
 * @throws AdminError `invalid` (a field is empty or malformed), `unauthenticated` (wrong), `forbidden` (right, but the
 *   account is disabled), `rate_limited` (with `retryAfterSeconds`)
 */
export async function signInWithPassword(
  auth: AuthContext,
  input: { email: string; password: string },
  from: RequestFacts,
): Promise<SignedIn> {
  const email = parseEmail(input.email)
  const fields: Record<string, string[]> = {}
  if (!email) fields.email = [input.email.trim() ? 'This is not an e-mail address.' : 'Enter your e-mail address.']
  if (!input.password) fields.password = ['Enter your password.']
  if (!email || !input.password) throw invalid('Enter your e-mail address and your password.', fields)

  const limits = limitsOf(auth.db.sql)
  const attempts = attemptsFor(email, from)
  await limits.consume(...attempts)
  const account = await findAccountByEmail(auth.db.orm, email)
  if (!(await verifyPassword(account?.passwordHash, input.password)) || !account) {
    auth.log.warn(
      `Sign-in refused: wrong address or password (from ${from.ip ?? 'unknown'}, request ${from.requestId})`,
    )
    throw new AdminError('unauthenticated', 'The e-mail address or the password is wrong.')
  }
  assertActive(account)
  const signedIn = await begin(auth, account, from, input.password)
  await limits.forgive(...attempts)
  return signedIn
}

/**
 * Signs in the person whom another provider vouches for. Nobody is added this way: an administrator does that.
 * @param email an address the provider has verified
 * @throws AdminError `forbidden` where nobody here has this address or the account is disabled
 */
export async function signInVouched(auth: AuthContext, email: string, from: RequestFacts): Promise<SignedIn> {
  const account = await findAccountByEmail(auth.db.orm, email)
  if (!account) throw forbidden('Nobody here has this e-mail address. Ask an administrator to add you.')
  assertActive(account)
  return begin(auth, account, from)
}

function attemptsFor(email: string, from: RequestFacts): Attempt[] {
  const place = from.ip ?? 'unknown'
  const address = email.toLowerCase()
  return [
    ['signInPerPlace', place],
    ['signInPerPerson', `${place} ${address}`],
    ['signInPerAddress', address],
  ]
}

function assertActive(account: Account): void {
  if (account.status !== 'active') throw forbidden('This account is disabled. Ask an administrator to enable it.')
}

async function begin(auth: AuthContext, account: Account, from: RequestFacts, password?: string): Promise<SignedIn> {
  const stale = password !== undefined && account.passwordHash !== null && isOutdatedHash(account.passwordHash)
  const renewed = stale ? await hashPassword(password) : undefined
  const provenance = { actor: `user:${account.id}`, source: 'sign-in', requestId: from.requestId }
  const sessionId = await transact(auth.db.orm, provenance, async (tx) => {
    if (renewed) await tx.update(users).set({ passwordHash: renewed }).where(eq(users.id, account.id))
    return startSession(tx, account.id, from, auth.clock.now())
  })
  return { sessionId, userId: account.id, name: account.name, email: account.email }
}
