import { columnType } from '../column-type'
import { type Decimal, isRounded, readDecimal, significantDigits } from '../decimal/decimal'
import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'
import { groupDigits, numberFormat } from '../format'

/** Checks a number against real or double precision; one with more digits than it keeps would come back another. */
function parseFloating(input: string, sqlType: string): Parsed {
  const isReal = columnType(sqlType).base === 'real'
  const text = input.trim()
  if (/^nan$/i.test(text)) return ok('NaN')
  const infinite = text.match(/^([+-]?)inf(inity)?$/i)
  if (infinite) return ok(`${infinite[1] === '-' ? '-' : ''}Infinity`)
  const typed = readDecimal(text)
  if (typed === undefined) return refuse('Write a number, like 3.4.')
  const number = isReal ? Math.fround(Number(text)) : Number(text)
  if (typed === 'huge' || !Number.isFinite(number)) return refuse(`This number is too large. ${range(isReal)}`)
  const isZero = /^0*$/.test(typed.whole + typed.fraction)
  if (number === 0 && !isZero) return refuse(`This number is too close to zero. ${range(isReal)}`)
  const digits = isReal ? 6 : 15
  if (significantDigits(typed) > digits && !isHeld(typed, number)) {
    const kept = isReal ? shortestReal(number) : String(number)
    return refuse(`This type keeps about ${digits} digits: the number would become ${kept}.`)
  }
  return ok(text.replace(/^\+/, ''))
}

/** Whether the number, rounded to the digits that were typed, is what was typed. */
function isHeld(typed: Decimal, number: number): boolean {
  const held = readDecimal(number.toPrecision(100))
  return typeof held === 'object' && isRounded(held, typed)
}

/** The fewest digits that are read back as the same single-precision number. */
function shortestReal(number: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = number.toPrecision(digits)
    if (Math.fround(Number(text)) === number) return String(Number(text))
  }
  return String(Number(number.toPrecision(9)))
}

const range = (isReal: boolean) =>
  `It may reach ${isReal ? '3.4e38' : '1.7e308'} and come as near as ${isReal ? '1e-45' : '5e-324'}.`

/** real and double precision: 'Infinity' and 'NaN' included. */
export const float = defineKind({
  name: 'float',
  longest: 2000,
  operators: ['gte', 'lte', 'eq', 'not', 'empty'],
  align: 'end',
  filter: 'number',
  parse: (input, field) => parseFloating(input, field.column.sqlType),
  format(text, _field, context) {
    const number = Number(text)
    const isExtreme = Number.isNaN(number) || (number !== 0 && (Math.abs(number) >= 1e15 || Math.abs(number) < 1e-6))
    if (isExtreme)
      return Number.isFinite(number)
        ? numberFormat(context.locale, { notation: 'scientific', maximumFractionDigits: 15 }).format(number)
        : text
    return groupDigits(text, context.locale)
  },
})
