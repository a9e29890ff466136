import { hash } from '@node-rs/argon2'
import { describe, expect, it } from 'vitest'
import { hashPassword, isOutdatedHash, passwordProblems, verifyPassword } from '@/lib/auth/passwords'

describe('hashPassword', () => {
  it('makes an argon2id hash with the parameters OWASP recommends', async () => {
    expect(await hashPassword('correct horse battery')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  it('accepts the same password from a keyboard that composes its accents differently', async () => {
    const stored = await hashPassword('crème brûlée'.normalize('NFC'))
    expect(await verifyPassword(stored, 'crème brûlée'.normalize('NFD'))).toBe(true)
  })
})

describe('verifyPassword', () => {
  it('refuses another password, an empty one and one cut at the limit', async () => {
    const long = 'x'.repeat(256)
    const stored = await hashPassword(long)
    expect(await verifyPassword(stored, long)).toBe(true)
    expect(await verifyPassword(stored, `${long}x`)).toBe(false)
    expect(await verifyPassword(stored, '')).toBe(false)
  })

  it('refuses everything where there is no hash or a broken one', async () => {
    for (const missing of [undefined, null, 'not a hash']) expect(await verifyPassword(missing, 'anything')).toBe(false)
  })

  it('spends as much on a person who does not exist', async () => {
    const stored = await hashPassword('correct horse battery')
    // Processor time of this process: what else the machine does is no part of it.
    const spent = async (passwordHash: string | undefined) => {
      const before = process.cpuUsage()
      await verifyPassword(passwordHash, 'a wrong password')
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    const [nobody, somebody]: [number[], number[]] = [[], []]
    for (let run = 0; run < 9; run++) {
      nobody.push(await spent(undefined))
      somebody.push(await spent(stored))
    }
    const ratio = median(nobody) / median(somebody)
    expect(ratio).toBeGreaterThan(0.4)
    expect(ratio).toBeLessThan(2.5)
  })
})

describe('isOutdatedHash', () => {
  it('recognises hashes made with weaker parameters', async () => {
    expect(isOutdatedHash(await hash('password', { memoryCost: 8192, timeCost: 2, parallelism: 1 }))).toBe(true)
    expect(isOutdatedHash(await hashPassword('password'))).toBe(false)
  })
})

describe('passwordProblems', () => {
  const person = { email: 'jane.doe-long@example.test', name: 'Jane Doe Longname' }

  it.each([
    ['too short', 'ninechars'],
    ['too long', 'long enough '.repeat(30)],
    ['the address', 'Jane.Doe-Long@Example.test'],
    ['the part of the address before the @', 'jane.doe-long'],
    ['the name', 'jane doe longname'],
    ['three characters repeated', 'abcabcabcabc'],
  ])('refuses %s', (_, password) => {
    expect(passwordProblems(password, person)).toHaveLength(1)
  })

  it.each(['ten chars!', 'correct horse battery', 'пароль-длинный', '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵'])(
    'accepts %s',
    (password) => {
      expect(passwordProblems(password, person)).toEqual([])
    },
  )
})

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
