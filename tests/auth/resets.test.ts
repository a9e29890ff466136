import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import {
  changeOwnPassword,
  findActor,
  limitsOf,
  makeResetLink,
  passwordResets,
  readResetToken,
  resetPassword,
  signInWithPassword,
  startSession,
  users,
} from '@/lib/auth'
import { RESET_LIFETIME_MS } from '@/lib/auth/resets'
import { transact } from '@/lib/db/transaction'
import { addUser, authContext, requestFrom } from '@/tests/support/auth'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const auth = authContext(db.app, { siteUrl: 'https://example.test/back/' })
const provenance = { actor: 'user:admin', source: 'test', requestId: 'r' }
const NEXT = 'a brand new password'

async function linkFor(userId: string) {
  const request = { userId, createdBy: 'user:admin', now: auth.clock.now() }
  const link = await transact(db.app.orm, provenance, (tx) => makeResetLink(tx, auth.env, request))
  return { ...link, token: link.url.split('/').at(-1)! }
}

const use = (token: string, password = NEXT) =>
  transact(db.app.orm, provenance, (tx) => resetPassword(tx, token, password, auth.clock.now()))

describe('a reset link', () => {
  it('lets a person choose a password once and ends their sessions', async () => {
    const person = await addUser(db.app)
    const session = await startSession(db.app.orm, person.id, requestFrom(), auth.clock.now())
    const { url, token, expiresAt } = await linkFor(person.id)
    expect(url).toBe(`https://example.test/back/reset/${token}`)
    expect(expiresAt.getTime() - auth.clock.now().getTime()).toBe(RESET_LIFETIME_MS)
    expect(await use(token)).toBe(person.id)
    expect(await findActor(db.app.orm, session, auth.clock.now())).toBeUndefined()
    await signInWithPassword(auth, { email: person.email, password: NEXT }, requestFrom())
    await expect(use(token, 'yet another password')).rejects.toMatchObject({ code: 'expired' })
  })

  it('is kept as a digest only', async () => {
    const { token } = await linkFor((await addUser(db.app)).id)
    const rows = await db.app.sql`select * from kontor.password_resets`
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  it('stays usable when the chosen password is refused', async () => {
    const { token } = await linkFor((await addUser(db.app)).id)
    await expect(use(token, 'short')).rejects.toMatchObject({
      code: 'invalid',
      details: { fields: { password: [expect.any(String)] } },
    })
    await use(token)
  })

  it('works for one of two requests at the same moment', async () => {
    const { token } = await linkFor((await addUser(db.app)).id)
    const outcomes = await Promise.allSettled([use(token, 'the first password'), use(token, 'the second password')])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('ends after a day', async () => {
    const { token, expiresAt } = await linkFor((await addUser(db.app)).id)
    expect(await readResetToken(db.app.orm, token, new Date(expiresAt.getTime() - 1))).toBeDefined()
    expect(await readResetToken(db.app.orm, token, expiresAt)).toBeUndefined()
  })

  it('is replaced by a newer one, and ends when the password changes or the person is disabled', async () => {
    const person = await addUser(db.app)
    const first = await linkFor(person.id)
    const second = await linkFor(person.id)
    expect(await readResetToken(db.app.orm, first.token, auth.clock.now())).toBeUndefined()
    await db.app.orm.update(users).set({ passwordHash: 'changed' }).where(eq(users.id, person.id))
    expect(await readResetToken(db.app.orm, second.token, auth.clock.now())).toBeUndefined()
    const third = await linkFor(person.id)
    await db.app.orm.update(users).set({ status: 'disabled' }).where(eq(users.id, person.id))
    expect(await readResetToken(db.app.orm, third.token, auth.clock.now())).toBeUndefined()
    await expect(linkFor(person.id)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('is not made for a person who does not exist', async () => {
    await expect(linkFor(crypto.randomUUID())).rejects.toMatchObject({ code: 'not_found' })
  })

  it('remembers who made it', async () => {
    const person = await addUser(db.app)
    await linkFor(person.id)
    const [row] = await db.app.orm.select().from(passwordResets).where(eq(passwordResets.userId, person.id))
    expect(row).toMatchObject({ createdBy: 'user:admin', usedAt: null })
  })
})

describe('changeOwnPassword', () => {
  async function someone() {
    const person = await addUser(db.app)
    const now = auth.clock.now()
    const sessionId = await startSession(db.app.orm, person.id, requestFrom(), now)
    const change = (current: string, next: string) =>
      transact(db.app.orm, provenance, (tx) =>
        changeOwnPassword(tx, { userId: person.id, sessionId }, { current, next, now }, limitsOf(db.app.sql)),
      )
    return { person, sessionId, change, now }
  }

  it('keeps the session in use and ends the others', async () => {
    const { person, sessionId, change, now } = await someone()
    const other = await startSession(db.app.orm, person.id, requestFrom(), now)
    expect(await change('correct horse battery', NEXT)).toBe(1)
    expect(await findActor(db.app.orm, sessionId, now)).toBeDefined()
    expect(await findActor(db.app.orm, other, now)).toBeUndefined()
    await signInWithPassword(auth, { email: person.email, password: NEXT }, requestFrom())
  })

  it('asks for the right current password and for a new one that is fine and new', async () => {
    const { change } = await someone()
    const on = (field: string) => ({ code: 'invalid', details: { fields: { [field]: [expect.any(String)] } } })
    await expect(change('wrong', NEXT)).rejects.toMatchObject(on('current'))
    await expect(change('correct horse battery', 'short')).rejects.toMatchObject(on('next'))
    await expect(change('correct horse battery', 'correct horse battery')).rejects.toMatchObject(on('next'))
  })

  it('does not let a stolen session guess the password', async () => {
    const { change } = await someone()
    for (let guess = 0; guess < 10; guess++)
      await expect(change('wrong', NEXT)).rejects.toMatchObject({ code: 'invalid' })
    await expect(change('correct horse battery', NEXT)).rejects.toMatchObject({ code: 'rate_limited' })
  })
})
