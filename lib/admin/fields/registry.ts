import type { ColumnShape } from '@/lib/db/table-shape'
import { arrayKind } from './array/server'
import { bit } from './bit/server'
import { boolean } from './boolean/server'
import { bytea } from './bytea/server'
import { colour } from './colour/server'
import { columnType, elementColumn } from './column-type'
import { date } from './date/server'
import { decimal } from './decimal/server'
import { email } from './email/server'
import { enumeration } from './enum/server'
import type { FieldKind } from './field'
import { float } from './float/server'
import { geometry } from './geometry/server'
import { bigint, integer } from './integer/server'
import { interval } from './interval/server'
import { json } from './json/server'
import { money } from './money/server'
import { network } from './network/server'
import { RANGE_TYPES, range } from './range/server'
import { referenceKind } from './reference/server'
import { text } from './text/server'
import { textarea } from './textarea/server'
import { time, timetz } from './time/server'
import { timestamp, timestamptz } from './timestamp/server'
import { tsvector } from './tsvector/server'
import { unknown } from './unknown/server'
import { url } from './url/server'
import { uuid } from './uuid/server'
import { vector } from './vector/server'
import { xml } from './xml/server'

/** Which kind serves which types by itself; types nobody names are 'unknown' and read-only. */
const BY_TYPE = new Map<string, FieldKind>([
  ...each(['text', 'varchar', 'char', 'bpchar', 'citext', 'name', '"char"'], text),
  ...each(['smallint', 'integer', 'oid'], integer),
  ...each(['bigint'], bigint),
  ...each(['numeric'], decimal),
  ...each(['real', 'double precision'], float),
  ...each(['money'], money),
  ...each(['boolean'], boolean),
  ...each(['date'], date),
  ...each(['time'], time),
  ...each(['timetz'], timetz),
  ...each(['timestamp'], timestamp),
  ...each(['timestamptz'], timestamptz),
  ...each(['interval'], interval),
  ...each(['uuid'], uuid),
  ...each(['json', 'jsonb'], json),
  ...each(['bytea'], bytea),
  ...each(['tsvector'], tsvector),
  ...each(RANGE_TYPES, range),
  ...each(['inet', 'cidr', 'macaddr', 'macaddr8'], network),
  ...each(['bit', 'varbit'], bit),
  ...each(['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'geometry', 'geography'], geometry),
  ...each(['vector', 'halfvec', 'sparsevec'], vector),
  ...each(['xml'], xml),
])

function each(types: readonly string[], kind: FieldKind): [string, FieldKind][] {
  return types.map((type) => [type, kind])
}

const array = arrayKind((field) => elementKind(field.column) ?? unknown)
/** Of bytes, search vectors, types nobody knows: what is not typed alone is not typed in a list. */
const shownArray = arrayKind((field) => elementKind(field.column) ?? unknown, false)
const reference = referenceKind((field) => kindFor(field.column))

/** Every kind, by the name the config uses. */
export const kinds: ReadonlyMap<string, FieldKind> = new Map(
  [...new Set(BY_TYPE.values()), textarea, email, url, colour, enumeration, array, reference, unknown].map((kind) => [
    kind.name,
    kind,
  ]),
)

const TEXTS = ['text', 'textarea', 'email', 'url', 'colour']

/** Kinds a person may declare, by the kind their column has by itself. */
const FITTING = new Map<string, readonly string[]>([
  ...TEXTS.map((name): [string, string[]] => [name, TEXTS]),
  ['enum', TEXTS],
  ['decimal', ['money']],
  ['float', ['money']],
  ['integer', ['money']],
  ['bigint', ['money']],
  ['money', ['decimal']],
  ['xml', ['text', 'textarea']],
  ['interval', ['text']],
  ['unknown', TEXTS], // a domain or an extension's type: Postgres has the last word on what fits
])

/** A text column of one of these names holds more than a line. */
const LONG =
  /(^|_)(description|body|content|notes?|comment|bio|biography|summary|excerpt|message|remarks?|instructions)$/i

/**
 * The kind that serves a column: the declared one (`override`) where it fits, else the column type's own.
 * What does not fit is `kindProblem`'s to report at start.
 */
export function kindFor(column: ColumnShape, override?: string): FieldKind {
  const declared = override === undefined ? undefined : kinds.get(override)
  if (declared && !kindProblem(override ?? '', column)) return declared
  const type = columnType(column.sqlType)
  if (type.dimensions > 0) return elementKind(column)?.isEditable ? array : shownArray
  if (column.enumValues && column.enumValues.length > 0) return enumeration
  const kind = BY_TYPE.get(type.base) ?? unknown
  return kind === text && type.base === 'text' && LONG.test(column.name) ? textarea : kind
}

/** The kind of an array's elements; undefined where the column is no array. */
export function elementKind(column: ColumnShape): FieldKind | undefined {
  const element = elementColumn(column)
  if (!element) return undefined
  const kind = kindFor(element)
  return kind === textarea ? text : kind
}

/** Why a declared kind does not serve a column, as the configuration checks put it; undefined where it does. */
export function kindProblem(name: string, column: ColumnShape): string | undefined {
  if (!kinds.has(name)) return `there is no field kind “${name}”.`
  const own = kindFor(column).name
  const fitting = [own, 'reference', 'unknown', ...(FITTING.get(own) ?? [])]
  if (fitting.includes(name)) return undefined
  return `the kind “${name}” does not fit a column of type ${column.sqlType}: ${fitting.filter((kind) => kind !== 'reference').join(', ')} do.`
}
