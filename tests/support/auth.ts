import type { AuthContext } from '@/lib/auth'
import { hashPassword, users } from '@/lib/auth'
import type { Database } from '@/lib/db/client'

export const SECRET = 'a secret that only the tests know'

/** A clock that stands still until it is moved. */
export function testClock(start = new Date('2026-03-01T09:00:00Z')) {
  let moment = start.getTime()
  return {
    now: () => new Date(moment),
    advance(ms: number) {
      moment += ms
    },
  }
}

/** What sign-in functions are told first, with every line of the log at hand. */
export function authContext(db: Database, env: Partial<AuthContext['env']> = {}) {
  const lines: string[] = []
  const log = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) }
  return { db, env: { secret: SECRET, siteUrl: 'http://127.0.0.1:3000', ...env }, clock: testClock(), log, lines }
}

let count = 0

/** Adds a person who may sign in with 'correct horse battery', unless told otherwise. */
export async function addUser(db: Database, given: Partial<typeof users.$inferInsert> = {}) {
  count++
  const [row] = await db.orm
    .insert(users)
    .values({
      email: `person${count}@example.test`,
      name: `Person ${count}`,
      role: 'editor',
      passwordHash: await hashPassword('correct horse battery'),
      ...given,
    })
    .returning()
  return row!
}

/** Facts of a request from an address of its own, so that tests do not share limits. */
export function requestFrom(ip = `10.0.${count % 250}.${(count++ % 250) + 1}`) {
  return { requestId: `request-${count}`, ip, userAgent: 'Vitest' }
}
