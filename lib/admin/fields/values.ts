import { is } from 'drizzle-orm'
import { PgArray, PgCustomColumn } from 'drizzle-orm/pg-core'
import type { ColumnShape } from '@/lib/db/table-shape'
import { type ArrayItem, formatArray, readArray } from './array/literal'
import { columnType, elementColumn } from './column-type'
import type { Text } from './field'
import { instantOf, momentText, readMoment } from './timestamp/moment'

/*
 * Between Postgres's text and Drizzle's own type for a column. The column decides, not the field kind: a numeric shown
 * as money is still Drizzle's string. Drizzle's mappers expect what postgres.js would have handed them, so a text is
 * first brought to that; what they cannot map is given back as the text rather than thrown.
 */

/** The value as a query through Drizzle would have given it. Dates lose what is finer than a millisecond. */
export function columnValue(text: string, shape: ColumnShape): unknown {
  const element = elementColumn(shape)
  if (element) {
    const items = readArray(text, delimiterOf(element))?.items
    return items ? nestedValues(items, element) : text
  }
  const { base } = columnType(shape.sqlType)
  if (base === 'bytea' && !text.startsWith('\\x')) return undefined // only its size was read
  try {
    const value = shape.column.mapFromDriverValue(driverValue(text, base))
    return value instanceof Date && Number.isNaN(value.getTime()) ? dateOf(text) : value
  } catch {
    return text
  }
}

/** The text of a value application code gives: Drizzle's own type for the column, or a Postgres text as it is. */
export function valueText(value: unknown, shape: ColumnShape): Text {
  if (value === null || value === undefined) return null
  const element = elementColumn(shape)
  if (element && Array.isArray(value)) return formatArray(nestedTexts(value, element), delimiterOf(element))
  const { base } = columnType(shape.sqlType)
  const isCustom = is(shape.column, PgCustomColumn)
  if (!isCustom && (base === 'json' || base === 'jsonb')) return JSON.stringify(value) ?? null
  if (!isCustom && (typeof value !== 'object' || value instanceof Date)) return primitiveText(value, base)
  return primitiveText(is(shape.column, PgArray) ? value : shape.column.mapToDriverValue(value), base)
}

/** 'box' alone separates an array's elements by ';'. */
export function delimiterOf(element: ColumnShape): ',' | ';' {
  return columnType(element.sqlType).base === 'box' ? ';' : ','
}

function nestedValues(items: readonly ArrayItem[], element: ColumnShape): unknown[] {
  return items.map((item) =>
    item === null ? null : typeof item === 'string' ? columnValue(item, element) : nestedValues(item, element),
  )
}

function nestedTexts(values: readonly unknown[], element: ColumnShape): ArrayItem[] {
  const isStructured = ['json', 'jsonb', 'point', 'line', 'vector', 'halfvec', 'geometry'].includes(
    columnType(element.sqlType).base,
  )
  return values.map((value) =>
    Array.isArray(value) && !isStructured ? nestedTexts(value, element) : valueText(value, element),
  )
}

function driverValue(text: string, base: string): unknown {
  switch (base) {
    case 'boolean':
      return text === 'true' || text === 't'
    case 'smallint':
    case 'integer':
    case 'oid':
    case 'real':
    case 'double precision':
      return Number(text)
    case 'json':
    case 'jsonb':
      return JSON.parse(text)
    case 'bytea':
      return Buffer.from(text.slice(2), 'hex')
    default:
      return text
  }
}

/** For moments JavaScript's own parser does not read: years before Christ and beyond 9999. Infinity has no Date. */
function dateOf(text: string): Date {
  const moment = readMoment(text)
  return new Date(moment && typeof moment === 'object' ? instantOf(moment) : Number.NaN)
}

function primitiveText(value: unknown, base: string): Text {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return dateText(value, base)
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  return JSON.stringify(value)
}

function dateText(value: Date, base: string): string {
  if (Number.isNaN(value.getTime()))
    throw new TypeError('An invalid Date cannot be written. Give a valid one, or the text Postgres should read.')
  const text = momentText(value.getTime())
  if (base === 'date') return text.replace(/ [\d:.]+/, '')
  if (base === 'time') return text.match(/ ([\d:.]+)/)?.[1] ?? text
  return base === 'timestamp' ? text : text.replace(/( BC)?$/, '+00$1')
}
