import { sql } from 'drizzle-orm'
import { columnType } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'
import { findJsonMistake } from './text'

function parseJson(input: string, sqlType: string): Parsed {
  const mistake = findJsonMistake(input, columnType(sqlType).base === 'jsonb')
  return mistake ? refuse(`Line ${mistake.line}, column ${mistake.column}: ${mistake.message}`) : ok(input)
}

/** json and jsonb: checked as typed. The text is written as it stands, so json keeps its spaces and key order. */
export const json = defineKind({
  name: 'json',
  longest: 100_000_000,
  operators: ['contains', 'empty'],
  isSortable: false,
  width: 'full',
  parse: (input, field) => parseJson(input, field.column.sqlType),
  parseOperand: (operand) => ok(operand),
  format: (text) => text.replace(/\s*[\n\r]\s*/g, ' '),
  select: (column) => sql`left(${column}::text, 500)`,
})
