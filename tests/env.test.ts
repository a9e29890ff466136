import { describe, expect, it } from 'vitest'
import { EnvError, readEnv } from '@/lib/env'

const DATABASE = 'postgres://app:pw@localhost:5432/shop'
const SECRET = 'a secret of some length'

function problemsOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    if (error instanceof EnvError) return error.problems.map(({ name, message }) => `${name} ${message}`)
    throw error
  }
  return []
}

describe('readEnv', () => {
  it('fills in the defaults of an empty environment', () => {
    const env = readEnv({}, 'start')
    expect(env).toMatchObject({ host: '127.0.0.1', dataDir: '.kontor', port: undefined, databaseUrl: undefined })
    expect(env.leaseMs).toBe(30_000)
  })

  it('reads every variable', () => {
    const env = readEnv(
      {
        DATABASE_URL: DATABASE,
        DATABASE_OWNER_URL: 'postgresql://owner:pw@localhost/shop',
        DATABASE_LISTEN_URL: 'postgres://app:pw@direct/shop',
        REDIS_URL: 'rediss://cache:6380',
        PORT: '8080',
        KONTOR_HOST: '::1',
        NEXTAUTH_URL: 'https://admin.example.org',
        NEXTAUTH_SECRET: SECRET,
        KONTOR_ADMIN_EMAIL: 'a@example.org',
        KONTOR_ADMIN_PASSWORD: 'long enough',
        KONTOR_DATA_DIR: '/srv/kontor',
        KONTOR_EFFECTS_SECRET: SECRET,
        KONTOR_ENVIRONMENT: 'staging',
        KONTOR_TRUSTED_PROXIES: '1',
        KONTOR_LEASE_SECONDS: '15',
      },
      'web',
    )
    expect(env).toEqual({
      databaseUrl: DATABASE,
      ownerUrl: 'postgresql://owner:pw@localhost/shop',
      listenUrl: 'postgres://app:pw@direct/shop',
      redisUrl: 'rediss://cache:6380',
      port: 8080,
      host: '::1',
      siteUrl: 'https://admin.example.org',
      secret: SECRET,
      adminEmail: 'a@example.org',
      adminPassword: 'long enough',
      dataDir: '/srv/kontor',
      effectsSecret: SECRET,
      environment: 'staging',
      trustedProxies: 1,
      leaseMs: 15_000,
    })
  })

  it('listens where it works unless told otherwise', () => {
    expect(readEnv({ DATABASE_URL: DATABASE }, 'migrate').listenUrl).toBe(DATABASE)
  })

  it('counts an empty variable as absent', () => {
    expect(readEnv({ DATABASE_URL: ' ', PORT: '' }, 'start')).toMatchObject({ databaseUrl: undefined, port: undefined })
  })

  it.each([
    ['web', ['DATABASE_URL', 'NEXTAUTH_SECRET']],
    ['worker', ['DATABASE_URL', 'NEXTAUTH_SECRET']],
    ['migrate', ['DATABASE_URL']],
    ['start', []],
    ['build', []],
  ] as const)('%s cannot do without %j', (need, names) => {
    expect(problemsOf(() => readEnv({}, need)).map((line) => line.split(' ')[0])).toEqual(names)
  })

  it.each([
    ['DATABASE_URL', 'localhost:5432'],
    ['DATABASE_URL', 'mysql://localhost/shop'],
    ['DATABASE_OWNER_URL', 'postgres//nobody'],
    ['REDIS_URL', 'http://cache'],
    ['PORT', 'eighty'],
    ['PORT', '0'],
    ['PORT', '65536'],
    ['KONTOR_HOST', 'a host'],
    ['NEXTAUTH_URL', 'admin.example.org'],
    ['NEXTAUTH_SECRET', 'short'],
    ['KONTOR_ADMIN_EMAIL', 'somebody'],
    ['KONTOR_ADMIN_PASSWORD', 'short'],
    ['KONTOR_EFFECTS_SECRET', 'short'],
    ['KONTOR_ENVIRONMENT', 'x'.repeat(41)],
  ])('refuses %s=%s by name', (name, value) => {
    const problems = problemsOf(() => readEnv({ DATABASE_URL: DATABASE, [name]: value }, 'start'))
    expect(problems.some((line) => line.startsWith(`${name} is `))).toBe(true)
  })

  it('tells every problem at once, each with an example and without the value', () => {
    const bad = { DATABASE_URL: 'nonsense-value', NEXTAUTH_SECRET: 'tiny-value', PORT: 'port-value' }
    const error = (() => {
      try {
        return readEnv(bad, 'web')
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(EnvError)
    const { message } = error as EnvError
    for (const name of Object.keys(bad)) expect(message).toMatch(new RegExp(`${name} is .*Example: ${name}=`))
    expect(message).not.toMatch(/-value/)
  })

  it('refuses half an administrator, and an owner without an application role', () => {
    expect(problemsOf(() => readEnv({ KONTOR_ADMIN_EMAIL: 'a@example.org' }, 'start'))).toEqual([
      'KONTOR_ADMIN_PASSWORD is missing although KONTOR_ADMIN_EMAIL is given',
    ])
    expect(problemsOf(() => readEnv({ DATABASE_OWNER_URL: DATABASE }, 'start'))).toEqual([
      'DATABASE_URL is missing although DATABASE_OWNER_URL is given',
    ])
  })
})
