import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'

/** Any spelling of a uuid Postgres reads, as it writes it: small letters in groups of 8-4-4-4-12. */
function parseUuid(input: string): Parsed {
  const digits = input
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/-/g, '')
    .toLowerCase()
  if (!/^[\da-f]{32}$/.test(digits)) {
    return refuse('Write a UUID: 32 digits of 0–9 and a–f, like 6f9619ff-8b86-d011-b42d-00c04fc964ff.')
  }
  return ok(digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
}

export const uuid = defineKind({
  name: 'uuid',
  parse: parseUuid,
  format: (value) => value,
})
