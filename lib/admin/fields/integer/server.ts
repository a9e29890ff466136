import { columnType } from '../column-type'
import { readDecimal, writeDecimal } from '../decimal/decimal'
import { defineKind, ok, refuse } from '../define-kind'
import type { FormatContext, KindField, Parsed } from '../field'
import { groupDigits } from '../format'

const BOUNDS: Record<string, readonly [low: bigint, high: bigint]> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
  oid: [0n, 2n ** 32n - 1n],
}

/** Checks a whole number against its column's range; `base` stands in where the column is something else (a range). */
export function parseInteger(input: string, sqlType: string): Parsed {
  const text = input.trim()
  if (!/^[+-]?\d+$/.test(text)) return refuse(explain(text))
  const [low, high] = BOUNDS[columnType(sqlType).base] ?? BOUNDS.bigint!
  const number = text.replace(/^\D*0*/, '').length > 20 ? undefined : BigInt(text)
  if (number === undefined || number < low || number > high) {
    return refuse(`Write a number from ${low.toLocaleString('en')} to ${high.toLocaleString('en')}.`)
  }
  return ok(number.toString())
}

function explain(text: string): string {
  const joined = text.replace(/(?<=\d)[\s,._'’](?=\d{3}(?!\d))/g, '')
  if (/^[+-]?\d+$/.test(joined)) return `Write it without separators: ${joined}.`
  const decimal = readDecimal(text)
  if (decimal && decimal !== 'huge') {
    const isWhole = /^0*$/.test(decimal.fraction)
    return isWhole && decimal.whole.length < 20
      ? `Write it out: ${writeDecimal({ ...decimal, fraction: '' })}.`
      : 'Only a whole number fits here, like 42.'
  }
  return 'Write a whole number, like 42.'
}

/** Keys and years are numbers one does not group: 'Product 20000', '1984'. */
function isNamed(field: KindField): boolean {
  const { column, name } = field.column
  return column.primary || /(^|_)(id|year|no|nr|number)$/i.test(name)
}

function format(text: string, field: KindField, context: FormatContext): string {
  return isNamed(field) ? text : groupDigits(text, context.locale)
}

const WHOLE = {
  longest: 200,
  operators: ['eq', 'not', 'gte', 'lte', 'in', 'empty'],
  align: 'end',
  filter: 'number',
  parse: (input: string, field: KindField) => parseInteger(input, field.column.sqlType),
  format,
} as const

/** smallint, integer, oid. */
export const integer = defineKind({ ...WHOLE, name: 'integer' })

/** The same to 2⁶³ − 1, which JavaScript's numbers do not reach: its text is never read as one. */
export const bigint = defineKind({ ...WHOLE, name: 'bigint' })
