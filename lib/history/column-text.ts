import { quote } from './literal'
import type { ColumnFacts } from './table-facts'

/** Values above this many bytes enter the log as {size, sha256}. */
export const VALUE_CAP = 1_048_576

/** A row's JSON must stay below Postgres's 256 MB even where every value of a very wide table is large. */
const ROW_BUDGET = 128 * 1_048_576

/** A value stored in fewer bytes than this has a text below the cap, even if it was compressed. */
const SURELY_SMALL = 2_000

const WHOLE_NUMBERS = new Set(['int2', 'int4', 'oid'])
const TEXTS = new Set(['text', 'varchar'])

/** Types whose text cannot come near the cap. */
const BOUNDED = new Set(
  'bool int2 int4 int8 oid float4 float8 date time timetz timestamp timestamptz interval uuid money inet cidr macaddr macaddr8 name char point lseg line box circle pg_lsn xid8 bit'.split(
    ' ',
  ),
)

/** Types for which = means the same bytes; of the others the texts are compared. */
const EXACT = new Set(
  'bool int2 int4 int8 oid text varchar name char bytea uuid date time timestamp timestamptz money macaddr macaddr8 pg_lsn xid8'.split(
    ' ',
  ),
)

/** Types whose text has neither comma nor backslash. */
const PLAIN = new Set('bool int2 int4 int8 oid numeric date time timetz timestamp timestamptz uuid'.split(' '))

/** `value`'s Postgres text. char(n) keeps its padding, which a cast to text would drop. */
export function textOf(column: ColumnFacts, value: string): string {
  if (TEXTS.has(column.baseType) && column.typeKind === 'b') return value
  return column.baseType === 'bpchar' ? `textin(bpcharout(${value}))` : `${value}::text`
}

/** Whether `before` and `after` hold different bytes. */
export function differs(column: ColumnFacts, before: string, after: string): string {
  const [a, b] = hasExactEquality(column) ? [before, after] : [bytesOf(column, before), bytesOf(column, after)]
  return `${a} IS DISTINCT FROM ${b}`
}

/** `value`'s text, to be compared byte by byte: a collation may take different texts for equal. */
export const bytesOf = (column: ColumnFacts, value: string): string =>
  column.isDeterministic ? textOf(column, value) : `(${textOf(column, value)}) COLLATE "C"`

function hasExactEquality(column: ColumnFacts): boolean {
  if (column.typeKind === 'e') return true
  if (column.typeKind !== 'b' || !column.isBuiltIn || !column.isDeterministic) return false
  // numeric(p, s) has one scale, so 1.0 and 1.00 are one value of it
  return EXACT.has(column.baseType) || (column.baseType === 'numeric' && column.modifier >= 0)
}

/**
 * `value` as a jsonb expression for the log: numbers and booleans as themselves where JavaScript reads them exactly,
 * jsonb objects and arrays as themselves, everything else as Postgres text, above the cap its size and digest. So
 * `log ->> column` is always the value's Postgres text.
 */
export function jsonOf(column: ColumnFacts, value: string, cap: number): string {
  const { baseType } = column
  const text = textOf(column, value)
  if (baseType === 'bool' || WHOLE_NUMBERS.has(baseType)) return `to_jsonb(${value})`
  if (baseType === 'int8') {
    return `CASE WHEN ${value} BETWEEN -9007199254740991 AND 9007199254740991 THEN to_jsonb(${value}) ELSE to_jsonb(${text}) END`
  }
  if (isBounded(column)) return `to_jsonb(${text})`
  if (TEXTS.has(baseType)) {
    return `CASE WHEN octet_length(${value}) <= ${cap} THEN to_jsonb(${text}) ELSE kontor.log_text(${text}, ${cap}) END`
  }
  if (baseType === 'bytea') return `kontor.log_bytes(${value}, ${cap})`
  const small = `pg_column_size(${value}) <= ${SURELY_SMALL}`
  if (baseType === 'jsonb') {
    const plain = `jsonb_typeof(${value}) IN ('object', 'array') AND NOT ${value}::jsonb ?& '{size,sha256}'`
    return `CASE WHEN ${small} AND ${plain} THEN to_jsonb(${value}) ELSE kontor.log_text(${text}, ${cap}) END`
  }
  return `CASE WHEN ${small} THEN to_jsonb(${text}) ELSE kontor.log_text(${text}, ${cap}) END`
}

/** The same as an argument of jsonb_build_object, which makes jsonb of a value without a call of its own for it. */
export function jsonArgument(column: ColumnFacts, value: string, cap: number): string {
  if (column.baseType === 'bool' || WHOLE_NUMBERS.has(column.baseType)) return value
  return column.baseType !== 'int8' && isBounded(column) ? textOf(column, value) : jsonOf(column, value, cap)
}

export function isBounded({ baseType, typeKind, modifier }: ColumnFacts): boolean {
  if (typeKind === 'e') return true
  return BOUNDED.has(baseType) || (baseType === 'numeric' && modifier >= 0)
}

/** The key as text, as addresses have it: parts joined by ',', with ',' and '\' escaped by '\' where there are several. */
export function recordIdOf(columns: readonly ColumnFacts[], alias: string): string {
  const parts = columns.map((column) => textOf(column, `${alias}.${quote(column.name)}`))
  if (parts.length === 1) return parts[0]!
  return columns.map(({ baseType }, at) => (PLAIN.has(baseType) ? parts[at] : escaped(parts[at]!))).join(" || ',' || ")
}

/** chr(92) is the backslash: a literal one would read differently where standard_conforming_strings is off. */
const escaped = (text: string) => `replace(replace(${text}, chr(92), chr(92) || chr(92)), ',', chr(92) || ',')`

/** The most bytes a value of this table may have in the log. */
export function valueCap(columns: readonly ColumnFacts[]): number {
  const unbounded = columns.filter((column) => !isBounded(column)).length
  return Math.min(VALUE_CAP, Math.floor(ROW_BUDGET / Math.max(1, unbounded)))
}
