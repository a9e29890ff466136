import { is } from 'drizzle-orm'
import { PgArray, type PgColumn } from 'drizzle-orm/pg-core'
import type { ColumnShape } from '@/lib/db/table-shape'

/** A column's type taken apart: `numeric(10, 2)[]` is { base: 'numeric', args: ['10', '2'], dimensions: 1 }. */
export interface ColumnType {
  /** One spelling per type: 'integer' for int and int4, 'timestamptz' for timestamp with time zone. */
  base: string
  args: string[]
  dimensions: number
  /** What an interval is restricted to: 'day to second'. */
  fields?: string
}

const CANONICAL: Record<string, string> = {
  int: 'integer',
  int4: 'integer',
  int2: 'smallint',
  int8: 'bigint',
  serial: 'integer',
  smallserial: 'smallint',
  bigserial: 'bigint',
  float: 'double precision',
  float8: 'double precision',
  float4: 'real',
  decimal: 'numeric',
  bool: 'boolean',
  'character varying': 'varchar',
  character: 'char',
  'bit varying': 'varbit',
}

const known = new Map<string, ColumnType>()

/** Reads a type as SQL spells it. Schema names and case are dropped; `"char"` keeps its quotes, being another type. */
export function columnType(sqlType: string): ColumnType {
  const kept = known.get(sqlType)
  if (kept) return kept
  const type = readType(sqlType)
  known.set(sqlType, type)
  return type
}

function readType(sqlType: string): ColumnType {
  const dimensions = sqlType.match(/\[\d*\]/g)?.length ?? 0
  const scalar = sqlType.replace(/(\s*\[\d*\])+\s*$/, '').trim()
  const args =
    scalar
      .match(/\(([^)]*)\)/)?.[1]
      ?.split(',')
      .map((part) => part.trim()) ?? []
  const words = scalar
    .replace(/\([^)]*\)/, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  if (/(^|\.)"char"$/.test(words)) return { base: '"char"', args, dimensions }
  const name = words.replace(/"/g, '').toLowerCase().replace(/^.*\./, '')
  const interval = name.match(/^interval (.+)$/)
  if (interval) return { base: 'interval', args, dimensions, fields: interval[1] }
  const clock = name.match(/^(timestamp|time)(?: (with|without) time zone)?$/)
  if (clock) return { base: `${clock[1]}${clock[2] === 'with' ? 'tz' : ''}`, args, dimensions }
  return { base: CANONICAL[name] ?? name, args, dimensions }
}

/** The numeric argument at `index`: the length of a varchar, the precision of a numeric. */
export function typeArgument(type: ColumnType, index = 0): number | undefined {
  const text = type.args[index]
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** The column an array's elements would have; undefined where the column is no array. */
export function elementColumn(shape: ColumnShape): ColumnShape | undefined {
  const type = columnType(shape.sqlType)
  if (type.dimensions === 0) return undefined
  let column: PgColumn = shape.column
  while (is(column, PgArray)) column = column.baseColumn as PgColumn
  return {
    ...shape,
    column,
    sqlType: shape.sqlType.replace(/(\s*\[\d*\])+\s*$/, ''),
    enumValues: column.enumValues ?? shape.enumValues,
    notNull: false,
  }
}

/** What an input may tell while a person types: most characters, most decimals. */
export function limitsOf(shape: ColumnShape): { maxLength?: number; scale?: number } {
  const type = columnType(shape.sqlType)
  if (type.base === 'varchar') return { maxLength: typeArgument(type) }
  if (type.base === 'char') return { maxLength: typeArgument(type) ?? 1 }
  if (type.base === 'numeric' && type.args.length > 0) return { scale: typeArgument(type, 1) ?? 0 }
  return {}
}
