import { beforeEach, describe, expect, it } from 'vitest'
import {
  addGivenAdministrator,
  assertOwnerRemains,
  completeSetup,
  createDemoUsers,
  DEMO_USERS,
  ensureFirstAdministrator,
  hasUsers,
  signInWithPassword,
  users,
} from '@/lib/auth'
import { addUser, authContext, requestFrom } from '@/tests/support/auth'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const PASSWORD = 'correct horse battery'
const given = { adminEmail: 'jane.doe@example.test', adminPassword: PASSWORD }

beforeEach(async () => {
  await db.app.sql`delete from kontor.users`
  await db.app.sql`delete from kontor.setup_codes`
  await db.app.sql`delete from kontor.rate_limits`
})

const start = (auth: ReturnType<typeof authContext>) => ensureFirstAdministrator(auth.db, auth.env, auth.log)

async function printedCode() {
  const auth = authContext(db.app)
  await start(auth)
  return /code: ([0-9A-Z-]{19})$/.exec(auth.lines[0] ?? '')?.[1] ?? ''
}

const input = (code: string) => ({ code, name: 'Jane Doe', email: 'jane@example.test', password: PASSWORD })

describe('ensureFirstAdministrator', () => {
  it('makes the administrator the environment names, who may sign in as owner', async () => {
    const auth = authContext(db.app, given)
    expect(await start(auth)).toBe('created')
    expect(auth.lines.join()).not.toContain(PASSWORD)
    await signInWithPassword(auth, { email: given.adminEmail, password: PASSWORD }, requestFrom())
    const [person] = await db.app.orm.select().from(users)
    expect(person).toMatchObject({ email: given.adminEmail, name: 'Jane Doe', role: 'owner', status: 'active' })
  })

  it('does nothing once there is anybody', async () => {
    await addUser(db.app)
    const auth = authContext(db.app, given)
    expect(await start(auth)).toBe('exists')
    expect(auth.lines).toEqual([])
    expect(await db.app.orm.$count(users)).toBe(1)
  })

  it('makes one administrator when many processes start at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => start(authContext(db.app, given))))
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(await db.app.orm.$count(users)).toBe(1)
  })

  it('refuses a password or an address that cannot be used, by the name of the variable', async () => {
    const weak = authContext(db.app, { ...given, adminPassword: 'jane.doe@example.test' })
    await expect(start(weak)).rejects.toThrow(/KONTOR_ADMIN_PASSWORD/)
    const bad = authContext(db.app, { ...given, adminEmail: 'nobody' })
    await expect(start(bad)).rejects.toThrow(/KONTOR_ADMIN_EMAIL/)
    expect(await hasUsers(db.app.orm)).toBe(false)
  })

  it('prints a code and the address of the setup page where nobody is named, and keeps its digest only', async () => {
    const auth = authContext(db.app, { siteUrl: 'https://example.test/back' })
    expect(await start(auth)).toBe('code')
    expect(auth.lines[0]).toContain('https://example.test/back/setup')
    const code = auth.lines[0]!.slice(-19)
    expect(JSON.stringify(await db.app.sql`select * from kontor.setup_codes`)).not.toContain(code)
  })

  it('keeps the newest codes only', async () => {
    for (let run = 0; run < 23; run++) await start(authContext(db.app))
    const [row] = await db.app.sql`select count(*)::int as n from kontor.setup_codes`
    expect(row!.n).toBe(20)
  })
})

describe('addGivenAdministrator', () => {
  it('adds the owner the environment names to whoever there is, once', async () => {
    await createDemoUsers(db.owner.sql)
    expect(await addGivenAdministrator(db.owner, given)).toMatchObject({ email: given.adminEmail })
    await db.app.sql`update kontor.users set name = 'Renamed' where email = ${given.adminEmail}`
    await addGivenAdministrator(db.owner, { ...given, adminEmail: 'Jane.Doe@example.test' })
    const rows = await db.app.sql`select name, role from kontor.users order by email`
    expect([...rows].filter(({ role }) => role === 'owner').map(({ name }) => name)).toEqual(['Renamed', 'Olive Owner'])
    await signInWithPassword(authContext(db.app), { email: given.adminEmail, password: PASSWORD }, requestFrom())
  })

  it('adds nobody where nobody is named', async () => {
    expect(await addGivenAdministrator(db.owner, {})).toBeUndefined()
    expect(await hasUsers(db.app.orm)).toBe(false)
  })
})

describe('completeSetup', () => {
  it('takes the code of any process, however it is typed, and makes the owner', async () => {
    const first = await printedCode()
    await printedCode()
    const auth = authContext(db.app)
    await completeSetup(auth, input(` ${first.toLowerCase().replaceAll('-', ' ')} `), requestFrom())
    const [person] = await db.app.orm.select().from(users)
    expect(person).toMatchObject({ email: 'jane@example.test', role: 'owner' })
    await signInWithPassword(auth, { email: 'jane@example.test', password: PASSWORD }, requestFrom())
  })

  it('works once', async () => {
    const [one, two] = [await printedCode(), await printedCode()]
    const auth = authContext(db.app)
    const outcomes = await Promise.allSettled([
      completeSetup(auth, input(one), requestFrom()),
      completeSetup(auth, { ...input(two), email: 'other@example.test' }, requestFrom()),
    ])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(completeSetup(auth, input(two), requestFrom())).rejects.toMatchObject({ code: 'conflict' })
    expect(await db.app.orm.$count(users)).toBe(1)
  })

  it('refuses a wrong code and what is missing, on its field, and makes nobody', async () => {
    await printedCode()
    const auth = authContext(db.app)
    const wrong = completeSetup(auth, input('AAAA-BBBB-CCCC-DDDD'), requestFrom())
    await expect(wrong).rejects.toMatchObject({ details: { fields: { code: [expect.any(String)] } } })
    const empty = completeSetup(auth, { code: '', name: ' ', email: 'x', password: '' }, requestFrom())
    await expect(empty).rejects.toMatchObject({
      code: 'invalid',
      details: {
        fields: {
          code: [expect.any(String)],
          name: [expect.any(String)],
          email: [expect.any(String)],
          password: [expect.any(String)],
        },
      },
    })
    expect(await hasUsers(db.app.orm)).toBe(false)
  })

  it('limits guessing', async () => {
    const code = await printedCode()
    const auth = authContext(db.app)
    const from = requestFrom()
    for (let guess = 0; guess < 10; guess++) await completeSetup(auth, input('wrong'), from).catch(() => {})
    await expect(completeSetup(auth, input(code), from)).rejects.toMatchObject({ code: 'rate_limited' })
  })
})

describe('createDemoUsers', () => {
  it('adds the demo’s people once and leaves changed ones alone', async () => {
    expect(await createDemoUsers(db.owner.sql)).toEqual(['owner@bakery.test', 'editor@bakery.test'])
    await db.app.sql`update kontor.users set name = 'Renamed' where email = 'owner@bakery.test'`
    expect(await createDemoUsers(db.owner.sql)).toEqual([])
    const names = await db.app.sql`select name from kontor.users order by email`
    expect(names.map((row) => row.name)).toEqual(['Ed Editor', 'Renamed'])
    const auth = authContext(db.app)
    for (const { email, password } of DEMO_USERS) await signInWithPassword(auth, { email, password }, requestFrom())
  })
})

describe('assertOwnerRemains', () => {
  it('refuses to leave the site without an active owner', async () => {
    const owner = await addUser(db.app, { role: 'owner' })
    const demote = () =>
      db.app.orm.transaction(async (tx) => {
        await tx.update(users).set({ status: 'disabled' })
        await assertOwnerRemains(tx)
      })
    await expect(demote()).rejects.toMatchObject({ code: 'invalid' })
    const [still] = await db.app.orm.select().from(users)
    expect(still).toMatchObject({ id: owner.id, status: 'active' })
  })
})
