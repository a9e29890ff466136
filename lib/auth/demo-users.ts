import type postgres from 'postgres'
import { hashPassword } from './passwords'

export interface DemoUser {
  email: string
  name: string
  role: string
  password: string
}

/** The bakery's people. Their passwords are printed at start: the demo listens on this computer only. */
export const DEMO_USERS: readonly DemoUser[] = [
  { email: 'owner@bakery.test', name: 'Olive Owner', role: 'owner', password: 'bakery-owner' },
  { email: 'editor@bakery.test', name: 'Ed Editor', role: 'editor', password: 'bakery-editor' },
]

/**
 * Adds the demo's people where nobody has their addresses yet; existing ones stay as they are.
 * @returns the addresses added
 */
export async function createDemoUsers(sql: postgres.Sql, people: readonly DemoUser[] = DEMO_USERS): Promise<string[]> {
  const added: string[] = []
  for (const { email, name, role, password } of people) {
    const passwordHash = await hashPassword(password)
    const rows = await sql`insert into kontor.users (email, name, role, password_hash)
      values (${email}, ${name}, ${role}, ${passwordHash})
      on conflict (lower(email)) do nothing returning id`
    if (rows.length > 0) added.push(email)
  }
  return added
}
