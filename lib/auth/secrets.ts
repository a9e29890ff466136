import { createHash, randomBytes, randomInt } from 'node:crypto'

/** 256 random bits for an address: 43 characters of base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Without 0, 1, I, L, O and U: read from a log and typed by hand. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A code to be typed: four groups of four of 30 characters, 78 bits. */
export function newCode(): string {
  const group = () => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return Array.from({ length: 4 }, group).join('-')
}

/** The code as it was made, however it was typed: blanks, dashes and capitals do not matter. */
export function normaliseCode(typed: string): string {
  const characters = typed.toUpperCase().replace(/[^A-Z0-9]/g, '')
  return characters.replace(/(.{4})(?=.)/g, '$1-')
}

/** What the database keeps of a token or code: both are too random for the digest to be guessed backwards. */
export function digestSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
