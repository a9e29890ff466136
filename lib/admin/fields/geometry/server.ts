import { sql } from 'drizzle-orm'
import { columnType } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { Parsed } from '../field'
import { readPoint } from './ewkb'

const NUMBER = String.raw`\s*[+-]?(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|infinity|inf|nan)\s*`
const POINT = String.raw`\s*\(${NUMBER},${NUMBER}\)\s*`
const POINTS = `${POINT}(?:,${POINT})*`

/** What each type is written like, and an example that Postgres reads. */
const SHAPES: Record<string, readonly [pattern: RegExp, example: string]> = {
  point: [whole(POINT), '(1.5,2)'],
  line: [whole(String.raw`\{${NUMBER},${NUMBER},${NUMBER}\}|\[${POINT},${POINT}\]`), '{1,-1,0}'],
  lseg: [whole(String.raw`\[${POINT},${POINT}\]`), '[(0,0),(1,1)]'],
  box: [whole(String.raw`${POINT},${POINT}|\(${POINT},${POINT}\)`), '(1,1),(0,0)'],
  path: [whole(String.raw`\[${POINTS}\]|\(${POINTS}\)`), '[(0,0),(1,1),(2,0)]'],
  polygon: [whole(String.raw`\(${POINTS}\)`), '((0,0),(1,1),(2,0))'],
  circle: [whole(`<${POINT},${NUMBER}>`), '<(0,0),5>'],
}

function whole(pattern: string): RegExp {
  return new RegExp(`^\\s*(?:${pattern})\\s*$`, 'i')
}

function parseGeometry(input: string, sqlType: string): Parsed {
  const { base } = columnType(sqlType)
  const text = input.trim().replace(/\s+/g, ' ')
  const shape = SHAPES[base]
  if (shape) return shape[0].test(text) ? ok(text) : refuse(`Write it like ${shape[1]}.`)
  const isWkt = /^(SRID=\d+;)?\s*[A-Z]+\s*(Z|M|ZM)?\s*(EMPTY|\([-+\d\s.,()eE]+\))$/i.test(text)
  return isWkt || /^[\da-f]{10,}$/i.test(text) ? ok(text) : refuse('Write it like POINT(13.4 52.5).')
}

/** Postgres's own shapes as it writes them; PostGIS points as `POINT(x y)`, other PostGIS shapes by their name. */
export const geometry = defineKind({
  name: 'geometry',
  longest: 1_000_000,
  operators: ['empty'],
  isSortable: false,
  filter: 'none',
  parse: (input, field) => parseGeometry(input, field.column.sqlType),
  format: (text, field) => (SHAPES[columnType(field.column.sqlType).base] ? text : readPoint(text)),
  select: (column) => sql`left(${column}::text, 500)`,
})
