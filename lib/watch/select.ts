import type postgres from 'postgres'
import { encodeRecordId } from '@/lib/db/record-id'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import type { Codec, Wanted } from './plan'
import type { ResolvedWatcher } from './watcher'

/**
 * A subscription's selection as the log spells it: values are cast by the database to their columns' own types.
 * @throws AdminError 'invalid' for a selection that can never be right, saying what would be
 */
export async function readSelection(
  sql: postgres.ISql,
  codec: Codec,
  { name, shape, on, extra }: ResolvedWatcher,
  selection: unknown,
): Promise<Wanted> {
  const refuse = (message: string): never => {
    throw new AdminError('invalid', `The subscription to “${name}” is refused: ${message}`)
  }
  const given = typeof selection === 'object' && selection !== null ? Object.entries(selection) : []
  const [kind, value] = given.length === 1 ? given[0]! : ['', undefined]
  if (kind === 'all' && value === true) return { kind: 'all' }
  if (kind === 'key') {
    if (on === 'inserted')
      refuse('a record that does not exist yet has no key to wait for. Subscribe to { all: true }.')
    return { kind: 'key', recordId: await readKey(sql, codec, shape, value, refuse) }
  }
  if (kind === 'where') {
    const pairs = typeof value === 'object' && value !== null ? Object.entries(value) : []
    if (pairs.length !== 1) refuse('where takes one column and its value: { where: { status: "sent" } }.')
    const [field, wanted] = pairs[0]!
    const column = extra.find((candidate) => candidate.field === field)
    if (!column) {
      const known = extra.map((candidate) => candidate.field).join(', ') || 'none'
      refuse(`“${field}” is not among its extraColumns (${known}). Add it there.`)
    }
    return { kind: 'column', column: column!, text: await canonical(sql, codec, shape, column!, wanted, refuse) }
  }
  return refuse('expected { all: true }, { key: … } or { where: { column: value } }.')
}

type Refuse = (message: string) => never

async function readKey(sql: postgres.ISql, codec: Codec, shape: TableShape, value: unknown, refuse: Refuse) {
  const columns = shape.primaryKey.map((field) => shape.columns.find((column) => column.field === field)!)
  const names = shape.primaryKey.join(', ')
  if (columns.length === 0) refuse(`${shape.relation} has no primary key. Subscribe to all, or by a column's value.`)
  const isObject = typeof value === 'object' && value !== null && !(value instanceof Date)
  if (columns.length > 1 && !isObject) refuse(`its key has several parts: give { ${names} }.`)
  const parts: Record<string, unknown> = isObject ? (value as Record<string, unknown>) : { [columns[0]!.field]: value }
  const wrong = Object.keys(parts).find((field) => !shape.primaryKey.includes(field))
  if (wrong !== undefined) refuse(`“${wrong}” is no part of the key (${names}).`)
  const texts: string[] = []
  for (const column of columns) {
    const part = parts[column.field]
    if (part === null || part === undefined) refuse(`the key's ${column.field} is missing.`)
    texts.push((await canonical(sql, codec, shape, column, part, refuse)) ?? '')
  }
  return encodeRecordId(texts)
}

/** The value's text as its column would write it: numeric(10,2) writes 1.5 as 1.50. */
async function canonical(
  sql: postgres.ISql,
  codec: Codec,
  shape: TableShape,
  column: ColumnShape,
  value: unknown,
  refuse: Refuse,
): Promise<string | null> {
  if (value === null) return null
  if (value === undefined) refuse(`the value of ${column.field} is undefined; null is a value.`)
  if (/^jsonb?$/.test(column.sqlType)) refuse(`${column.field} is ${column.sqlType}, which cannot be selected by.`)
  try {
    const text = codec.encode(value, column)
    const table = sql`${sql(shape.schema)}.${sql(shape.name)}`
    const [row] = await sql<{ text: string | null }[]>`
      select (jsonb_populate_record(null::${table}, jsonb_build_object(${column.name}::text, ${text}::text))).${sql(column.name)}::text as text`
    return row?.text ?? null
  } catch (error) {
    return refuse(`${String(value)} is no ${column.sqlType} for ${column.field} (${(error as Error).message}).`)
  }
}
