import { sql } from 'drizzle-orm'
import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i

/** pgvector's types: `[1,2,3]`, and `{1:0.5,7:2}/10` for sparse ones. */
function parseVector(input: string, sqlType: string): Parsed {
  const type = columnType(sqlType)
  const dimensions = typeArgument(type)
  const text = input.trim()
  if (type.base === 'sparsevec') {
    const match = text.match(/^\{((?:\d+:[^,:}]+(?:,(?!\}))?)*)\}\/(\d+)$/)
    const values = match?.[1] ? match[1].split(',').map((entry) => entry.split(':')[1] ?? '') : []
    if (!match || !values.every((value) => NUMBER.test(value.trim()))) return refuse('Write it like {1:0.5,7:2}/10.')
    return count(text, Number(match[2]), dimensions)
  }
  const values = text.match(/^\[(.*)\]$/s)?.[1]?.split(',')
  if (!values?.every((value) => NUMBER.test(value.trim()))) return refuse('Write numbers in brackets, like [0.5,1,2].')
  return count(text, values.length, dimensions)
}

function count(text: string, found: number, wanted: number | undefined): Parsed {
  return wanted === undefined || wanted === found
    ? ok(text)
    : refuse(`${wanted} numbers belong here; there are ${found}.`)
}

export const vector = defineKind({
  name: 'vector',
  longest: 200_000,
  operators: ['empty'],
  isSortable: false,
  width: 'full',
  filter: 'none',
  parse: (input, field) => parseVector(input, field.column.sqlType),
  format: (text) => text,
  select: (column) => sql`left(${column}::text, 500)`,
})
