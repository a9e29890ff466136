/*
 * Exact decimal numbers as texts: nothing here passes through a float. Pure, for both halves of the number kinds.
 */

export interface Decimal {
  isNegative: boolean
  /** Without leading zeros; '' for numbers below one. */
  whole: string
  /** As typed, trailing zeros included. */
  fraction: string
}

/** numeric holds at most this many digits before and after the point. */
export const MOST_WHOLE_DIGITS = 131_072
export const MOST_DECIMALS = 16_383

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,12}))?$/i

/** Reads a number in plain or scientific writing; undefined where it is none, 'huge' where numeric cannot hold it. */
export function readDecimal(text: string): Decimal | 'huge' | undefined {
  const match = text.trim().match(DECIMAL)
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', power] = match
  if (whole === '' && fraction === '') return undefined
  const exponent = power === undefined ? 0 : Number(power)
  const digits = (whole + fraction).replace(/^0+/, '')
  const shifted = shift(digits, fraction.length - exponent)
  if (!shifted || shifted.whole.length > MOST_WHOLE_DIGITS || shifted.fraction.length > MOST_DECIMALS) return 'huge'
  return { isNegative: sign === '-' && digits !== '', ...shifted }
}

/** Places the point `decimals` from the right; undefined where that would write out more digits than numeric holds. */
function shift(digits: string, decimals: number): { whole: string; fraction: string } | undefined {
  if (decimals <= 0 && digits === '') return { whole: '', fraction: '' }
  if (decimals <= 0) {
    if (digits.length - decimals > MOST_WHOLE_DIGITS) return undefined
    return { whole: digits + '0'.repeat(-decimals), fraction: '' }
  }
  if (decimals > MOST_DECIMALS + digits.length) return undefined
  const padded = digits.padStart(decimals, '0')
  const whole = padded.slice(0, padded.length - decimals).replace(/^0+/, '')
  return { whole, fraction: padded.slice(padded.length - decimals) }
}

/** Plain writing, with at least `decimals` of them. */
export function writeDecimal({ isNegative, whole, fraction }: Decimal, decimals = 0): string {
  const shown = fraction.padEnd(Math.max(decimals, 0), '0')
  return `${isNegative ? '-' : ''}${whole || '0'}${shown && `.${shown}`}`
}

/** Below zero, zero or above as `a` is less than, equal to or more than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = [scaled(a, b), scaled(b, a)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** Whether `short` is `exact` rounded to the digits it has, ties either way. */
export function isRounded(exact: Decimal, short: Decimal): boolean {
  const [long, typed] = [scaled(exact, short), scaled(short, exact)]
  const unit = 10n ** BigInt(String(typed).match(/0*$/)?.[0].length ?? 0)
  const apart = long > typed ? long - typed : typed - long
  return apart * 2n <= unit
}

function scaled(number: Decimal, other: Decimal): bigint {
  const decimals = Math.max(number.fraction.length, other.fraction.length)
  const size = BigInt(`${number.whole || '0'}${number.fraction.padEnd(decimals, '0')}`)
  return number.isNegative ? -size : size
}

/** Digits that matter: without zeros at either end. */
export function significantDigits({ whole, fraction }: Decimal): number {
  return (whole + fraction).replace(/^0+/, '').replace(/0+$/, '').length
}
