import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { KindField, Parsed } from '../field'
import { groupDigits } from '../format'
import { readDecimal, writeDecimal } from './decimal'

/** Checks a number against numeric(precision, scale). Postgres would round surplus decimals away; here they are refused. */
export function parseDecimal(input: string, sqlType: string): Parsed {
  const type = columnType(sqlType)
  const precision = typeArgument(type)
  const scale = precision === undefined ? undefined : (typeArgument(type, 1) ?? 0)
  const text = input.trim()
  if (/^nan$/i.test(text)) return ok('NaN')
  const infinite = text.match(/^([+-]?)inf(inity)?$/i)
  if (infinite)
    return precision === undefined
      ? ok(`${infinite[1] === '-' ? '-' : ''}Infinity`)
      : refuse('Infinity does not fit here.')

  const decimal = readDecimal(text)
  if (decimal === undefined) return refuse(explain(text, scale))
  if (decimal === 'huge') return refuse('This number is larger than Postgres can hold.')
  if (precision === undefined || scale === undefined) return ok(writeDecimal(decimal))

  const exact = decimal.fraction.replace(/0+$/, '')
  if (exact.length > Math.max(scale, 0)) return refuse(tooManyDecimals(scale))
  if (scale < 0 && !new RegExp(`(^|0{${-scale}})$`).test(decimal.whole)) {
    return refuse(`Only multiples of ${(10 ** -scale).toLocaleString('en')} fit here.`)
  }
  // Digits in units of the last decimal kept: what precision counts.
  const units = (decimal.whole + exact.padEnd(Math.max(scale, 0), '0')).replace(/^0+/, '')
  if (units.length + Math.min(scale, 0) > precision) {
    const before = precision - scale
    return refuse(
      before > 0 ? `At most ${before} digits fit before the point.` : `Only numbers below ${10 ** before} fit here.`,
    )
  }
  return ok(writeDecimal({ ...decimal, fraction: exact }, scale))
}

function tooManyDecimals(scale: number): string {
  return scale <= 0
    ? 'Only a whole number fits here, like 42.'
    : `At most ${scale} decimal${scale === 1 ? '' : 's'} fit, like ${(1).toFixed(Math.min(scale, 20))}.`
}

function explain(text: string, scale = 2): string {
  const example = scale > 0 ? '3.40' : '3'
  const joined = text.replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/g, '')
  if (/^[+-]?\d+,\d+$/.test(joined))
    return `Write decimals with a point and no separators: ${joined.replace(',', '.')} or ${joined.replace(',', '')}.`
  const bare = joined.replace(/^[^\d+.-]+|[^\d.]+$/g, '').trim()
  if (bare !== text && readDecimal(bare)) return `Write the number alone: ${bare}.`
  return `Write a number, like ${example}.`
}

export const NUMERIC = {
  longest: 200_000,
  operators: ['eq', 'not', 'gte', 'lte', 'in', 'empty'],
  align: 'end',
  filter: 'number',
  parse: (input: string, field: KindField) => parseDecimal(input, field.column.sqlType),
} as const

/** numeric: exact, any size, never through a float. */
export const decimal = defineKind({
  ...NUMERIC,
  name: 'decimal',
  format: (text, _field, context) => groupDigits(text, context.locale),
})
