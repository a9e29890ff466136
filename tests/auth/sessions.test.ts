import { eq, getTableColumns } from 'drizzle-orm'
import { getTableConfig } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import {
  findActor,
  listSessions,
  passwordResets,
  revokeSession,
  revokeSessionsOf,
  sessions,
  startSession,
  sweepAuth,
  users,
} from '@/lib/auth'
import { SESSION_IDLE_MS } from '@/lib/auth/sessions'
import { setupCodes } from '@/lib/auth/tables'
import { openSession, SESSION_LIFETIME_MS, sealSession, sessionCookie } from '@/lib/auth/token'
import { addUser, requestFrom, SECRET, testClock } from '@/tests/support/auth'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

async function signedIn(given: Partial<typeof users.$inferInsert> = {}) {
  const clock = testClock()
  const person = await addUser(db.app, given)
  const id = await startSession(db.app.orm, person.id, requestFrom(), clock.now())
  return { clock, person, id, actor: () => findActor(db.app.orm, id, clock.now()) }
}

const seenAt = async (id: string) =>
  (await db.app.orm.select({ at: sessions.seenAt }).from(sessions).where(eq(sessions.id, id)))[0]!.at

describe('findActor', () => {
  it('says who a session belongs to', async () => {
    const { actor, person, id } = await signedIn({ role: 'owner', locale: 'de', timeZone: 'Europe/Berlin' })
    expect(await actor()).toEqual({
      id: `user:${person.id}`,
      userId: person.id,
      sessionId: id,
      name: person.name,
      email: person.email,
      role: 'owner',
      locale: 'de',
      timeZone: 'Europe/Berlin',
    })
  })

  it('sees a changed role and name at the next request', async () => {
    const { actor, person } = await signedIn()
    await db.app.orm.update(users).set({ role: 'owner', name: 'New Name' }).where(eq(users.id, person.id))
    expect(await actor()).toMatchObject({ role: 'owner', name: 'New Name' })
  })

  it('ends with a revoked session at once', async () => {
    const { actor, id, clock } = await signedIn()
    expect(await revokeSession(db.app.orm, id, clock.now())).toBe(true)
    expect(await actor()).toBeUndefined()
    expect(await revokeSession(db.app.orm, id, clock.now())).toBe(false)
  })

  it('ends with a disabled person at once, whoever disables them, and enabling does not bring it back', async () => {
    const { actor, person } = await signedIn()
    await db.admin.sql`update kontor.users set status = 'disabled' where id = ${person.id}`
    expect(await actor()).toBeUndefined()
    await db.admin.sql`update kontor.users set status = 'active' where id = ${person.id}`
    expect(await actor()).toBeUndefined()
  })

  it('ends with a deleted person', async () => {
    const { actor, person } = await signedIn()
    await db.app.orm.delete(users).where(eq(users.id, person.id))
    expect(await actor()).toBeUndefined()
  })

  it('ends after a week without use, and use keeps it', async () => {
    const { actor, clock } = await signedIn()
    clock.advance(SESSION_IDLE_MS - MINUTE)
    expect(await actor()).toBeDefined()
    clock.advance(SESSION_IDLE_MS - MINUTE)
    expect(await actor()).toBeDefined()
    clock.advance(SESSION_IDLE_MS)
    expect(await actor()).toBeUndefined()
  })

  it('ends after its lifetime however much it is used', async () => {
    const { actor, clock } = await signedIn()
    for (let day = 0; day < 29; day += 4) {
      expect(await actor()).toBeDefined()
      clock.advance(4 * DAY)
    }
    expect(await actor()).toBeUndefined()
  })

  it('writes that a session is in use at most once a minute', async () => {
    const { actor, clock, id } = await signedIn()
    const start = clock.now()
    clock.advance(59_000)
    await actor()
    expect(await seenAt(id)).toEqual(start)
    clock.advance(2_000)
    await Promise.all([actor(), actor(), actor()])
    expect(await seenAt(id)).toEqual(clock.now())
  })

  it('knows nobody by a made-up session', async () => {
    expect(await findActor(db.app.orm, crypto.randomUUID(), new Date())).toBeUndefined()
  })
})

describe('listSessions and revoking', () => {
  it('list what still works, most recently used first', async () => {
    const { clock, person, id } = await signedIn()
    clock.advance(MINUTE)
    const second = await startSession(db.app.orm, person.id, requestFrom(), clock.now())
    const ended = await startSession(db.app.orm, person.id, requestFrom(), clock.now())
    await revokeSession(db.app.orm, ended, clock.now())
    expect((await listSessions(db.app.orm, person.id, clock.now())).map((session) => session.id)).toEqual([second, id])
  })

  it('end only one’s own session where a person is named', async () => {
    const mine = await signedIn()
    const other = await signedIn()
    expect(await revokeSession(db.app.orm, other.id, other.clock.now(), mine.person.id)).toBe(false)
    expect(await other.actor()).toBeDefined()
  })

  it('end all sessions but the one in use', async () => {
    const { clock, person, id, actor } = await signedIn()
    await startSession(db.app.orm, person.id, requestFrom(), clock.now())
    expect(await revokeSessionsOf(db.app.orm, person.id, clock.now(), id)).toBe(1)
    expect(await actor()).toBeDefined()
    expect(await revokeSessionsOf(db.app.orm, person.id, clock.now())).toBe(1)
    expect(await actor()).toBeUndefined()
  })
})

describe('sweepAuth', () => {
  it('removes sessions long over and leaves the others', async () => {
    const old = await signedIn()
    const now = old.clock.now().getTime() + SESSION_LIFETIME_MS + DAY
    const fresh = await startSession(db.app.orm, old.person.id, requestFrom(), new Date(now))
    await db.app.sql`insert into kontor.rate_limits values ('old', 1, ${now - 1}), ('live', 1, ${now + 1000})`
    await sweepAuth(db.app.orm, new Date(now))
    const left = await db.app.orm.select({ id: sessions.id }).from(sessions).where(eq(sessions.userId, old.person.id))
    expect(left).toEqual([{ id: fresh }])
    const keys = await db.app.sql`select key from kontor.rate_limits where key in ('old', 'live')`
    expect(keys.map((row) => row.key)).toEqual(['live'])
  })
})

describe('the cookie', () => {
  it('opens to the session id it was sealed with, and to nothing else', async () => {
    const id = crypto.randomUUID()
    const value = await sealSession({ secret: SECRET }, id)
    expect(value).not.toContain(id)
    expect(await openSession({ secret: SECRET }, value)).toBe(id)
    expect(await openSession({ secret: 'another secret entirely' }, value)).toBeUndefined()
    for (const forged of [undefined, '', 'rubbish', `${value}x`, value.slice(5), 'a.b.c.d.e']) {
      expect(await openSession({ secret: SECRET }, forged)).toBeUndefined()
    }
  })

  it('carries nothing but the session id', async () => {
    const { decode } = await import('next-auth/jwt')
    const token = await sealSession({ secret: SECRET }, crypto.randomUUID())
    expect(Object.keys((await decode({ token, secret: SECRET })) ?? {}).sort()).toEqual(['exp', 'iat', 'jti', 'sid'])
  })

  it('is Secure under https and kept to the sub-path', () => {
    expect(sessionCookie({ siteUrl: 'https://example.test/back/api/auth' })).toEqual({
      name: '__Secure-kontor.session',
      options: { httpOnly: true, sameSite: 'lax', secure: true, path: '/back' },
    })
    expect(sessionCookie({ host: '127.0.0.1', port: 3000 })).toEqual({
      name: 'kontor.session',
      options: { httpOnly: true, sameSite: 'lax', secure: false, path: '/' },
    })
  })
})

describe('the tables', () => {
  it.each([users, sessions, passwordResets, setupCodes])(
    'are declared as the migration makes them: %#',
    async (table) => {
      const { name } = getTableConfig(table)
      const declared = Object.values(getTableColumns(table)).map((column) => ({
        name: column.name,
        type: column.getSQLType(),
        required: column.notNull,
        default: column.hasDefault,
      }))
      const real = await db.owner.sql`
      select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required, atthasdef as default
      from pg_attribute where attrelid = ${`kontor.${name}`}::regclass and attnum > 0 and not attisdropped order by attnum`
      expect(declared).toEqual(real.map((row) => ({ ...row })))
    },
  )

  it('know one account per address however it is capitalised', async () => {
    const person = await addUser(db.app)
    await expect(addUser(db.app, { email: person.email.toUpperCase() })).rejects.toMatchObject({
      cause: { code: '23505', constraint_name: 'users_email_key' },
    })
  })

  it('note when a person and a password changed, and not when somebody was merely seen', async () => {
    const person = await addUser(db.app)
    await db.app.orm.update(users).set({ lastSeenAt: new Date() }).where(eq(users.id, person.id))
    const read = async () => (await db.app.orm.select().from(users).where(eq(users.id, person.id)))[0]!
    expect((await read()).updatedAt).toEqual(person.updatedAt)
    await db.app.orm.update(users).set({ passwordHash: 'another' }).where(eq(users.id, person.id))
    const after = await read()
    expect(after.updatedAt.getTime()).toBeGreaterThan(person.updatedAt.getTime())
    expect(after.passwordChangedAt).toEqual(after.updatedAt)
  })
})
