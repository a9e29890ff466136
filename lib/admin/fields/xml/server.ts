import { sql } from 'drizzle-orm'
import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'

/** Control characters have no place in XML; that tags close and match is Postgres's to check, if it was built for it. */
function parseXml(input: string): Parsed {
  const at = [...input].findIndex(isControl)
  return at < 0 ? ok(input) : refuse(`Character ${at + 1} is a control character, which XML does not allow. Remove it.`)
}

const isControl = (character: string) => character < ' ' && !'\t\n\r'.includes(character)

export const xml = defineKind({
  name: 'xml',
  longest: 100_000_000,
  operators: ['contains', 'empty'],
  isSortable: false,
  width: 'full',
  parse: parseXml,
  parseOperand: (operand) => ok(operand),
  format: (text) => text.replace(/\s*[\n\r]\s*/g, ' '),
  select: (column) => sql`left(${column}::text, 500)`,
})
