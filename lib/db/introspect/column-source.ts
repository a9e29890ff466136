import type { ColumnModel } from './model'
import { type GivenNames, keyOf } from './names'
import { type Imports, quote, sqlTemplate } from './source-text'

const PG = 'drizzle-orm/pg-core'
/** From drizzle/tables/<schema>.ts. A relative path, because drizzle-kit does not know the '@' alias. */
const OWN_TYPES = '../../lib/db/column-types'

export interface ColumnContext {
  imports: Imports
  names: GivenNames
  /** The one column of the primary key, or of a unique constraint with this name. */
  isPrimaryKey: boolean
  unique?: { name: string; nullsNotDistinct: boolean }
}

/** A column's declaration: `text('name').notNull().default('')`. */
export function columnSource(column: ColumnModel, context: ColumnContext): string {
  const parts = [typeSource(column, context), '.array()'.repeat(column.type.dimensions)]
  if (context.isPrimaryKey) parts.push('.primaryKey()')
  if (column.notNull && !context.isPrimaryKey) parts.push('.notNull()')
  if (context.unique) {
    const options = context.unique.nullsNotDistinct ? ", { nulls: 'not distinct' }" : ''
    parts.push(`.unique(${quote(context.unique.name)}${options})`)
  }
  if (column.identity) {
    parts.push(column.identity === 'always' ? '.generatedAlwaysAsIdentity()' : '.generatedByDefaultAsIdentity()')
  } else if (column.generated !== undefined) {
    parts.push(`.generatedAlwaysAs(${template(column.generated, context)})`)
  } else if (column.default !== undefined) parts.push(defaultSource(column, column.default, context))
  return parts.join('')
}

function typeSource({ name, type }: ColumnModel, { imports, names }: ColumnContext): string {
  const called = quote(name)
  if (type.enum) return `${imports.use(names.enums.get(keyOf(type.enum)) ?? '', '../types')}(${called})`
  if (type.sql === 'bytea') return `${imports.use('bytea', OWN_TYPES)}(${called})`
  const builder = builderFor(type.sql)
  if (!builder) return `${imports.use('pgType', OWN_TYPES)}(${called}, { type: ${quote(type.sql)} })`
  const [drizzle, options = {}] = builder
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const config = given.map(([key, value]) => `${key}: ${typeof value === 'string' ? quote(value) : value}`)
  return `${imports.use(drizzle, PG)}(${called}${given.length > 0 ? `, { ${config.join(', ')} }` : ''})`
}

type Builder = readonly [name: string, options?: Record<string, string | number | boolean | undefined>]

/** Types whose Drizzle builder has the same name and no options. */
const PLAIN = new Set([
  ...['smallint', 'integer', 'text', 'boolean', 'real', 'json', 'jsonb', 'uuid', 'inet', 'cidr', 'macaddr', 'macaddr8'],
  ...['point', 'line', 'date'],
])

/** Drizzle's builder for a type as Postgres spells it; undefined where Drizzle has none that is exact. */
function builderFor(type: string): Builder | undefined {
  if (PLAIN.has(type)) return [type]
  const [, name = '', args, rest = ''] = /^([a-z ]+?)(?:\((-?[\d, -]+)\))?( with(?:out)? time zone)?$/.exec(type) ?? []
  const [first, second] = args?.split(',').map(Number) ?? []
  switch (name) {
    case 'double precision':
      return ['doublePrecision']
    // Numbers beyond 2^53 survive.
    case 'bigint':
      return ['bigint', { mode: 'bigint' }]
    case 'numeric':
      return ['numeric', { precision: first, scale: second }]
    case 'character varying':
      return ['varchar', { length: first }]
    case 'character':
      return first === undefined ? undefined : ['char', { length: first }]
    case 'bit':
      return first === undefined ? undefined : ['bit', { dimensions: first }]
    case 'time':
      return ['time', { precision: first, withTimezone: rest === ' with time zone' || undefined }]
    // As text: a Date would lose microseconds and infinity.
    case 'timestamp':
      return ['timestamp', { precision: first, withTimezone: rest === ' with time zone' || undefined, mode: 'string' }]
  }
  const [, fields, precision] = /^interval(?: ([a-z ]+?))?(?:\((\d)\))?$/.exec(type) ?? []
  if (!type.startsWith('interval')) return undefined
  return ['interval', { fields: fields || undefined, precision: precision ? Number(precision) : undefined }]
}

const TEXT_LITERAL = /^'((?:[^']|'')*)'::[a-z ]+$/
const ENUM_LITERAL = /^'((?:[^']|'')*)'::\S+$/

/** Plain defaults as plain values, so that the file reads well; everything else exactly as the database has it. */
function defaultSource({ type, default: expression = '' }: ColumnModel, text: string, context: ColumnContext): string {
  if (type.dimensions === 0) {
    if ((type.sql === 'integer' || type.sql === 'smallint') && /^-?\d+$/.test(text)) return `.default(${text})`
    if (type.sql === 'boolean' && /^(true|false)$/.test(text)) return `.default(${text})`
    if (type.sql.startsWith('timestamp') && text === 'now()') return '.defaultNow()'
    if (type.sql === 'uuid' && text === 'gen_random_uuid()') return '.defaultRandom()'
    const literal = (type.sql === 'text' || type.sql.startsWith('character varying')) && TEXT_LITERAL.exec(text)
    if (literal) return `.default(${quote((literal[1] ?? '').replaceAll("''", "'"))})`
    const label = type.enum && ENUM_LITERAL.exec(text)?.[1]?.replaceAll("''", "'")
    if (label !== undefined && type.enum?.labels.includes(label)) return `.default(${quote(label)})`
  }
  return `.default(${template(expression, context)})`
}

function template(expression: string, { imports }: ColumnContext): string {
  imports.use('sql', 'drizzle-orm')
  return sqlTemplate(expression)
}
