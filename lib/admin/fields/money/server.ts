import { columnType } from '../column-type'
import { NUMERIC, parseDecimal } from '../decimal/server'
import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'
import { groupDigits } from '../format'

/**
 * Postgres's money type is read and written in the database's own `lc_monetary` ('$1,234.50', '1.234,50 €'), which the
 * text alone does not tell: the sign, a symbol, digits and their separators are checked, the rest is Postgres's to read.
 */
function parseMoneyType(input: string): Parsed {
  const text = input.trim()
  const digits = text.replace(/[^\d]/g, '')
  const isAmount =
    text.length <= 60 && /^[(+-]?\s*[^\d\s.,'’()+-]{0,5}\s*[+-]?\d[\d.,'’\s]*\s*[^\d\s.,'’()+-]{0,5}\)?-?$/.test(text)
  if (!isAmount) return refuse('Write an amount, like 3.40.')
  if (/[.,]\d{3,}$/.test(text.replace(/[^\d.,]+$/, '')) && !/[.,]\d{3}$/.test(text.replace(/[^\d.,]+$/, ''))) {
    return refuse('At most 2 decimals fit, like 3.40.')
  }
  return digits.length > 19 ? refuse('This amount is larger than the money type can hold.') : ok(text)
}

/** Amounts: a numeric shown with two decimals, or Postgres's own money type as it writes it. */
export const money = defineKind({
  ...NUMERIC,
  name: 'money',
  parse: (input, { column }) =>
    columnType(column.sqlType).base === 'money' ? parseMoneyType(input) : parseDecimal(input, column.sqlType),
  format(text, field, context) {
    if (columnType(field.column.sqlType).base === 'money') return text
    return groupDigits(/^-?\d+(\.\d?)?$/.test(text) ? twoDecimals(text) : text, context.locale)
  },
})

function twoDecimals(text: string): string {
  const [whole = '', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(2, '0')}`
}
