import { hash } from '@node-rs/argon2'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { sessions, signInWithPassword, users } from '@/lib/auth'
import { signInVouched } from '@/lib/auth/sign-in'
import { AdminError } from '@/lib/errors'
import { addUser, authContext, requestFrom } from '@/tests/support/auth'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const auth = authContext(db.app)
const PASSWORD = 'correct horse battery'

async function refusal(work: Promise<unknown>): Promise<AdminError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof AdminError)) throw new Error(`expected a refusal, got ${error}`)
  return error
}

describe('signInWithPassword', () => {
  it('begins a session that remembers the browser and the address', async () => {
    const person = await addUser(db.app)
    const from = requestFrom('192.0.2.7')
    const { sessionId, userId } = await signInWithPassword(auth, { email: person.email, password: PASSWORD }, from)
    expect(userId).toBe(person.id)
    const [session] = await db.app.orm.select().from(sessions).where(eq(sessions.id, sessionId))
    expect(session).toMatchObject({ userId: person.id, ip: '192.0.2.7', userAgent: 'Vitest', revokedAt: null })
    const [after] = await db.app.orm.select().from(users).where(eq(users.id, person.id))
    expect(after!.lastSeenAt).toEqual(auth.clock.now())
  })

  it('finds the person however the address is capitalised and surrounded', async () => {
    const person = await addUser(db.app, { email: 'Mixed.Case@Example.test' })
    const input = { email: '  mixed.case@EXAMPLE.test ', password: PASSWORD }
    expect((await signInWithPassword(auth, input, requestFrom())).userId).toBe(person.id)
  })

  it('answers an unknown address, a wrong password and a person without password alike', async () => {
    const person = await addUser(db.app)
    const invited = await addUser(db.app, { passwordHash: null })
    const answers = []
    for (const input of [
      { email: 'nobody@example.test', password: PASSWORD },
      { email: person.email, password: 'wrong password' },
      { email: invited.email, password: PASSWORD },
    ]) {
      const { code, message, details } = await refusal(signInWithPassword(auth, input, requestFrom()))
      answers.push({ code, message, details })
    }
    expect(answers[0]!.code).toBe('unauthenticated')
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })

  it('says which field is empty or malformed', async () => {
    const empty = await refusal(signInWithPassword(auth, { email: '', password: '' }, requestFrom()))
    expect(Object.keys(empty.details.fields ?? {})).toEqual(['email', 'password'])
    for (const email of ['no-at-sign', 'nul\u0000@example.test', 'a@b@c', `${'x'.repeat(250)}@example.test`]) {
      const { code, details } = await refusal(signInWithPassword(auth, { email, password: PASSWORD }, requestFrom()))
      expect({ code, fields: Object.keys(details.fields ?? {}) }).toEqual({ code: 'invalid', fields: ['email'] })
    }
  })

  it('tells a disabled person so, but only with the right password', async () => {
    const person = await addUser(db.app, { status: 'disabled' })
    const attempt = (password: string) =>
      refusal(signInWithPassword(auth, { email: person.email, password }, requestFrom()))
    expect((await attempt(PASSWORD)).code).toBe('forbidden')
    expect((await attempt('wrong password')).code).toBe('unauthenticated')
  })

  it('renews a hash made with older parameters', async () => {
    const weak = await hash(PASSWORD, { memoryCost: 8192, timeCost: 2, parallelism: 1 })
    const person = await addUser(db.app, { passwordHash: weak })
    await signInWithPassword(auth, { email: person.email, password: PASSWORD }, requestFrom())
    const [after] = await db.app.orm.select().from(users).where(eq(users.id, person.id))
    expect(after!.passwordHash).toMatch(/m=19456,t=2,p=1/)
    await signInWithPassword(auth, { email: person.email, password: PASSWORD }, requestFrom())
  })
})

describe('limits', () => {
  const wrong = (email: string, ip: string) =>
    refusal(signInWithPassword(auth, { email, password: 'wrong password' }, requestFrom(ip)))

  it('stop guessing at one person from one place, even with the right password, and say how long to wait', async () => {
    const person = await addUser(db.app)
    for (let guess = 0; guess < 10; guess++)
      expect((await wrong(person.email, '198.51.100.1')).code).toBe('unauthenticated')
    const right = { email: person.email, password: PASSWORD }
    const stopped = await refusal(signInWithPassword(auth, right, requestFrom('198.51.100.1')))
    expect(stopped.code).toBe('rate_limited')
    expect(stopped.message).toBe('Too many attempts. Try again in 15 minutes.')
    expect(stopped.details.retryAfterSeconds).toBeGreaterThan(800)
    const elsewhere = await signInWithPassword(auth, right, requestFrom('198.51.100.2'))
    expect(elsewhere.userId).toBe(person.id)
  })

  it('let no two parallel guesses share one try', async () => {
    const email = 'parallel@example.test'
    const answers = await Promise.all(Array.from({ length: 16 }, () => wrong(email, '198.51.100.3')))
    expect(answers.filter(({ code }) => code === 'unauthenticated')).toHaveLength(10)
    expect(answers.filter(({ code }) => code === 'rate_limited')).toHaveLength(6)
  })

  it('treat unknown addresses like known ones', async () => {
    for (let guess = 0; guess < 10; guess++) await wrong('ghost@example.test', '198.51.100.4')
    expect((await wrong('ghost@example.test', '198.51.100.4')).code).toBe('rate_limited')
  })

  it('stop guessing at one person from many places', async () => {
    const person = await addUser(db.app)
    await db.app.sql`delete from kontor.rate_limits`
    for (let guess = 0; guess < 50; guess++) await wrong(person.email, `203.0.113.${guess + 1}`)
    expect((await wrong(person.email, '203.0.113.200')).code).toBe('rate_limited')
  })

  it('are not used up by signing in successfully', async () => {
    const person = await addUser(db.app)
    for (let time = 0; time < 12; time++) {
      await signInWithPassword(auth, { email: person.email, password: PASSWORD }, requestFrom('198.51.100.5'))
    }
  })

  it('keep no addresses', async () => {
    await wrong('secret.person@example.test', '198.51.100.6')
    const rows = await db.app.sql`select key from kontor.rate_limits`
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.some((row) => String(row.key).includes('secret.person'))).toBe(false)
  })
})

describe('signInVouched', () => {
  it('begins a session for a person the provider vouches for, and adds nobody', async () => {
    const person = await addUser(db.app, { passwordHash: null })
    expect((await signInVouched(auth, person.email.toUpperCase(), requestFrom())).userId).toBe(person.id)
    expect((await refusal(signInVouched(auth, 'stranger@example.test', requestFrom()))).code).toBe('forbidden')
    const disabled = await addUser(db.app, { status: 'disabled' })
    expect((await refusal(signInVouched(auth, disabled.email, requestFrom()))).code).toBe('forbidden')
  })
})
