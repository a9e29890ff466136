import type { ColumnShape } from '@/lib/db/table-shape'
import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { KindField, Parsed } from '../field'

const NAME_BYTES = 63

/**
 * Checks what a text column can hold. Postgres counts characters, not UTF-16 units; it would cut a name off in silence
 * and drop surplus spaces of a varchar, so both are refused.
 */
export function parseText(input: string, field: KindField): Parsed {
  const type = columnType(field.column.sqlType)
  const most = mostCharacters(field.column)
  const counted = type.base === 'char' ? input.replace(/ +$/, '') : input
  if (most !== undefined && counted.length > most) {
    const length = [...counted].length
    if (length > most) {
      const over = length - most
      return refuse(
        `At most ${most.toLocaleString('en')} characters fit; this is ${over.toLocaleString('en')} too long.`,
      )
    }
  }
  if (type.base === 'name' && Buffer.byteLength(input) > NAME_BYTES) return refuse(`At most ${NAME_BYTES} bytes fit.`)
  if (type.base === '"char"' && Buffer.byteLength(input) > 1) return refuse('One single-byte character fits.')
  return ok(counted)
}

function mostCharacters(column: ColumnShape): number | undefined {
  const type = columnType(column.sqlType)
  if (type.base === 'varchar') return typeArgument(type)
  return type.base === 'char' ? (typeArgument(type) ?? 1) : undefined
}

/** What kinds that stand for text in a database share. */
export const TEXTUAL = {
  longest: Number.POSITIVE_INFINITY,
  operators: ['contains', 'starts', 'eq', 'not', 'in', 'empty'],
  isSearchable: true,
  filter: 'text',
  parse: parseText,
  parseOperand: (operand: string) => ok(operand),
} as const

/** One line of text. Line breaks that are already in it are kept: its input grows lines then. */
export const text = defineKind({
  ...TEXTUAL,
  name: 'text',
  format: (value) => value,
})
