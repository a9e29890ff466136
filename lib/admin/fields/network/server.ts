import { isIPv4, isIPv6 } from 'node:net'
import { columnType } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { KindField, Parsed } from '../field'
import { columnValue } from '../values'

function parseNetwork(input: string, sqlType: string): Parsed {
  const { base } = columnType(sqlType)
  const text = input.trim().toLowerCase()
  return base.startsWith('macaddr') ? parseHardware(text, base === 'macaddr8') : parseAddress(text, base === 'cidr')
}

/** inet keeps an address with its mask; a cidr is a network, so nothing may stand right of the mask. */
function parseAddress(text: string, isNetwork: boolean): Parsed {
  const match = text.match(/^([\da-f:.]+)(?:\/(\d{1,3}))?$/)
  const address = match?.[1] ?? ''
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0
  const example = isNetwork ? '192.168.0.0/24 or 2001:db8::/32' : '192.168.0.1 or 2001:db8::1'
  if (bits === 0) return refuse(`Write ${isNetwork ? 'a network' : 'an address'}, like ${example}.`)
  const mask = match?.[2] === undefined ? bits : Number(match[2])
  if (mask > bits) return refuse(`The mask behind the slash goes up to ${bits}.`)
  if (isNetwork && BigInt.asUintN(bits - mask, addressNumber(address)) !== 0n) {
    return refuse(`The address has bits set beyond its mask of ${mask}. Set them to zero or widen the mask.`)
  }
  return ok(text)
}

function addressNumber(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  const v4 = address.match(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/)
  const hex = (high: string | undefined, low: string | undefined) => (Number(high) * 256 + Number(low)).toString(16)
  const plain = v4 ? address.replace(v4[0], `${hex(v4[1], v4[2])}:${hex(v4[3], v4[4])}`) : address
  const [head = '', tail] = plain.split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group || '0'}`), 0n)
}

/** Any of the spellings Postgres reads, as it writes them: pairs between colons. */
function parseHardware(text: string, isLong: boolean): Parsed {
  const digits = text.replace(/[:.-]/g, '')
  const isRight = /^[\da-f]+$/.test(digits) && (isLong ? [12, 16] : [12]).includes(digits.length)
  if (!isRight)
    return refuse(
      `Write ${isLong ? 'six or eight' : 'six'} pairs of digits, like 08:00:2b:01:02:03${isLong ? ':04:05' : ''}.`,
    )
  const padded = isLong && digits.length === 12 ? `${digits.slice(0, 6)}fffe${digits.slice(6)}` : digits
  return ok(padded.match(/../g)?.join(':') ?? '')
}

/** A cast to text writes a single address with its full mask ('10.0.0.1/32'), which Postgres otherwise leaves out. */
function withoutFullMask(text: string, { column }: Pick<KindField, 'column'>): string {
  return columnType(column.sqlType).base === 'inet' ? text.replace(/^([\d.]+)\/32$|^([^/]*:[^/]*)\/128$/, '$1$2') : text
}

/** inet, cidr, macaddr, macaddr8. */
export const network = defineKind({
  name: 'network',
  longest: 100,
  parse: (input, field) => parseNetwork(input, field.column.sqlType),
  format: withoutFullMask,
  toValue: (text, column) => columnValue(withoutFullMask(text, { column }), column),
})
