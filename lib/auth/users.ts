import { eq, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { invalid } from '@/lib/errors'
import { users } from './tables'

/** The role that may everything, given to the first administrator; at least one active person keeps it. */
export const OWNER_ROLE = 'owner'

/** Taken by whatever decides by how many people or owners there are, so that two such decisions never overlap. */
const PEOPLE_LOCK = 0x6b6f7501

const EMAIL = /^[^\s@]+@[^\s@]+$/

/** The address without surrounding blanks, or undefined where it cannot be one. Upper case is kept, not compared. */
export function parseEmail(text: string): string | undefined {
  const email = text.trim()
  return email.length <= 254 && EMAIL.test(email) && !hasControlCharacters(email) ? email : undefined
}

function hasControlCharacters(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\u007f')
}

export interface Account {
  id: string
  email: string
  name: string
  role: string
  status: 'active' | 'disabled'
  passwordHash: string | null
}

const account = {
  id: users.id,
  email: users.email,
  name: users.name,
  role: users.role,
  status: users.status,
  passwordHash: users.passwordHash,
}

/** The account of an address, however it is capitalised. */
export async function findAccountByEmail(db: Executor, email: string): Promise<Account | undefined> {
  const [row] = await db.select(account).from(users).where(sql`lower(${users.email}) = lower(${email})`)
  return row
}

export async function findAccount(db: Executor, userId: string): Promise<Account | undefined> {
  const [row] = await db.select(account).from(users).where(eq(users.id, userId))
  return row
}

/** Whether anybody could ever sign in; while nobody can, the setup page is open. */
export async function hasUsers(db: Executor): Promise<boolean> {
  const [row] = await db.execute(sql`select exists (select from kontor.users) as "any"`)
  return row?.any === true
}

/** Serialises decisions about who there is until the transaction ends. */
export async function lockPeople(tx: Executor): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${PEOPLE_LOCK})`)
}

/**
 * Called after a write that demotes, disables or deletes a person, in its transaction: nobody locks everybody out.
 * @throws AdminError `invalid`, which rolls the write back
 */
export async function assertOwnerRemains(tx: Executor, ownerRole = OWNER_ROLE): Promise<void> {
  await lockPeople(tx)
  const [row] = await tx.execute(
    sql`select exists (select from kontor.users where role = ${ownerRole} and status = 'active') as "any"`,
  )
  if (row?.any !== true) {
    throw invalid(`At least one active person must have the role “${ownerRole}”. Give it to somebody else first.`)
  }
}
