import { hash, verify } from '@node-rs/argon2'
import { invalid } from '@/lib/errors'

/** OWASP's first choice for argon2id (the library's default algorithm): 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const CURRENT = '$argon2id$v=19$m=19456,t=2,p=1$'

/** Verified in place of a hash that does not exist, so that an unknown address takes as long as a known one. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

export const PASSWORD_MIN_LENGTH = 10
const PASSWORD_MAX_LENGTH = 256

/** The argon2id hash in PHC form; the same password typed on another keyboard (NFC, NFD) gives the same hash. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), PARAMETERS)
}

/**
 * Whether `password` belongs to `passwordHash`. Takes as long where there is no hash (undefined or null: unknown person,
 * or no password yet) and is false then. Passwords too long to have been accepted are cut, not refused early.
 */
export async function verifyPassword(passwordHash: string | null | undefined, password: string): Promise<boolean> {
  const candidate = password.slice(0, PASSWORD_MAX_LENGTH + 1).normalize('NFKC')
  const matches = await verify(passwordHash ?? NOBODY, candidate).catch(() => false)
  return matches && passwordHash != null && password.length <= PASSWORD_MAX_LENGTH
}

/** Whether a hash was made with other parameters than today's and is renewed at the next sign-in. */
export function isOutdatedHash(passwordHash: string): boolean {
  return !passwordHash.startsWith(CURRENT)
}

/**
 * What is wrong with a new password, as sentences for the person; empty when it is fine.
 * Length is what makes a password strong; the rest only refuses what an attacker tries first.
 */
export function passwordProblems(password: string, person: { email: string; name?: string }): string[] {
  const length = [...password].length
  if (length < PASSWORD_MIN_LENGTH) return [`Use at least ${PASSWORD_MIN_LENGTH} characters.`]
  if (password.length > PASSWORD_MAX_LENGTH) return [`Use at most ${PASSWORD_MAX_LENGTH} characters.`]
  const plain = password.trim().toLowerCase()
  const known = [person.email, person.email.split('@')[0], person.name].map((text) => text?.trim().toLowerCase())
  if (known.includes(plain)) return ['Choose something other than your own address or name.']
  if (new Set(plain).size < 4) return ['Use more than three different characters.']
  return []
}

/** @throws AdminError `invalid` with the problems on `field` */
export function assertPassword(password: string, person: { email: string; name?: string }, field = 'password'): void {
  const problems = passwordProblems(password, person)
  if (problems.length > 0) throw invalid('Choose another password.', { [field]: problems })
}
