import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'

/** Every spelling Postgres reads. */
function parseBoolean(input: string): Parsed {
  const word = input.trim().toLowerCase()
  if (['true', 't', 'yes', 'y', 'on', '1'].includes(word)) return ok('true')
  if (['false', 'f', 'no', 'n', 'off', '0'].includes(word)) return ok('false')
  return refuse('Choose yes or no.')
}

export const boolean = defineKind({
  name: 'boolean',
  operators: ['eq', 'not', 'empty'],
  filter: 'boolean',
  parse: parseBoolean,
  format: (text) => (text === 'true' || text === 't' ? 'Yes' : 'No'),
})
