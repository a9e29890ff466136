import { and, type SQL, sql } from 'drizzle-orm'
import type { KeysetKey } from '@/lib/db/keyset'
import { orderBy, reverseKeys, rowsAfter } from '@/lib/db/keyset'
import { column } from '@/lib/db/rebase'
import { encodeRecordId } from '@/lib/db/record-id'
import type { Requirement } from '@/lib/history'
import type { Texts } from '@/lib/storage'
import type { RequestContext } from '../context'
import { MOST_LISTED } from '../fields'
import { columnType } from '../fields/column-type'
import type { Field, Resource } from '../tree'
import type { Order } from './order'
import { isTextual } from './pattern'
import type { Position } from './state'

/** The alias of the listed rows in every query here: conditions of the config are asked of it. */
export const ALIAS = 't'

export interface ListedRow {
  id: string
  texts: Texts
  /** Texts of the order's keys: where a page may begin or end. */
  keys: (string | null)[]
}

export interface PageQuery {
  resource: Resource
  /** Whose texts are read, and whether only as much of them as a list shows. */
  fields: readonly Field[]
  isCut: boolean
  where?: SQL
  /** What `where` asks of every row, as far as it is told apart. */
  required?: readonly Requirement[]
  order: Order
  size: number
  position: Position
}

export interface Page {
  rows: ListedRow[]
  hasPrevious: boolean
  hasNext: boolean
  /** How many rows there are, where reading the page had to find them all; `MOST_COUNTED` + 1 means more. */
  counted?: number
}

/** Rows that are counted one by one; of more the planner is asked. */
export const MOST_COUNTED = 10_000

/** Reads one page, and one row more to know whether there is another. */
export async function readPage(db: RequestContext['db'], query: PageQuery): Promise<Page> {
  const { position, size, order } = query
  const isBackward = position.kind === 'before' || position.kind === 'end'
  const keys = isBackward ? reverseKeys(order.keys) : order.keys
  const limit = size + 1
  const { found, counted } = await (query.resource.storage.among
    ? readInTwoSteps(db, query, keys)
    : { found: await db.execute<Record<string, string | null>>(selectRows(query, keys, limit)), counted: undefined })
  const rows = found.slice(0, size).map((row) => readRow(query, row))
  const isMore = found.length > size
  if (isBackward) return { rows: rows.reverse(), hasPrevious: isMore, hasNext: position.kind === 'before' }
  const hasPrevious = position.kind === 'page' ? position.page > 1 : true
  return { rows, hasPrevious, hasNext: isMore, counted }
}

/**
 * Rows that have to be put together: first which they are, by what they are chosen and sorted by, then those of the page
 * alone. Putting them together is the dear part, so that what a condition leaves on a first page is counted on the way.
 */
async function readInTwoSteps(db: RequestContext['db'], query: PageQuery, keys: readonly KeysetKey[]) {
  const { resource, size, position, where } = query
  const isCounting = where !== undefined && position.kind === 'page' && position.page === 1
  const id = column(ALIAS, 'kontor.id')
  const limit = isCounting ? MOST_COUNTED + 1 : size + 1
  const chosen = await db.execute<{ id: string }>(selectRows(query, keys, limit, sql`${id} as id`))
  const ids = chosen.slice(0, size + 1).map((row) => row.id)
  const counted = isCounting ? chosen.length : undefined
  if (ids.length === 0) return { found: [], counted }
  const rows = await db.execute<Record<string, string | null> & { id: string }>(sql`
    select ${id} as id, ${selection(query)} from ${resource.storage.among?.(ids)} as ${sql.identifier(ALIAS)}`)
  const byId = new Map(rows.map((row) => [row.id, row] as const))
  return { found: ids.flatMap((one) => byId.get(one) ?? []), counted }
}

/**
 * The statement of one page. A cursor's rows may lie in several ranges of the index (beside nulls, or where directions
 * differ): each range gives a page of its own, and the nearest of them all are kept.
 * @param limit of rows; all without it
 * @param selected what `readRow` takes, unless given
 */
export function selectRows(query: PageQuery, keys: readonly KeysetKey[], limit?: number, selected?: SQL): SQL {
  const { position, where, size } = query
  const count = limit === undefined ? sql`` : sql`limit ${sql.raw(String(limit))}`
  const statement = (condition: SQL = sql`true`, further: SQL = sql``) => {
    const rest = sql`where ${condition} order by ${orderBy(keys)} ${count}`
    const columns = sql`${selected ?? selection(query)}${further}`
    return sql`
    select ${columns}
    from ${query.resource.storage.source(sql`${columns} ${rest}`, query.required)} as ${sql.identifier(ALIAS)}
    ${rest}`
  }
  if (position.kind === 'page') {
    const skipped = (position.page - 1) * size
    return skipped > 0 ? sql`${statement(where)} offset ${sql.raw(String(skipped))}` : statement(where)
  }
  if (position.kind === 'end') return statement(where)
  const ranges = rowsAfter(keys, position.cursor.values)
  if (ranges.length === 0) return statement(sql`false`)
  if (ranges.length === 1) return statement(and(where, ranges[0]))
  const sorts = keys.map(({ expression }, at) => sql`, ${expression} as ${sql.identifier(`s${at}`)}`)
  const branches = ranges.map((range) => sql`(${statement(and(where, range), sql.join(sorts))})`)
  const merged = keys.map((key, at) => ({ ...key, expression: sql`${sql.identifier(`s${at}`)}` }))
  return sql`select * from (${sql.join(branches, sql` union all `)}) as merged order by ${orderBy(merged)} ${count}`
}

/** Every value as text, under `c0`, `c1` …; keys of the order that are expressions under `k0`, `k1` …. */
function selection({ resource, fields, isCut, order }: PageQuery): SQL {
  const columns = selectedFields(resource, fields, order).map((field, at) => {
    const isWhole = !isCut || field.isKey || order.fields.includes(field) || field === resource.title.field
    return sql`${isWhole ? readWhole(field) : readListed(field)} as ${sql.identifier(`c${at}`)}`
  })
  const expressions = order.keys.flatMap(({ expression }, at) =>
    order.fields[at] ? [] : [sql`${expression}::text as ${sql.identifier(`k${at}`)}`],
  )
  return sql.join([...columns, ...expressions], sql`, `)
}

function selectedFields(resource: Resource, fields: readonly Field[], order: Order): Field[] {
  const needed = [...fields, ...resource.keyFields, ...order.fields.filter((field) => field !== undefined)]
  const title = resource.title.field
  return [...new Set(title ? [...needed, title] : needed)]
}

/** What a record's page reads of a field: its whole text, or what its kind shows where it is never edited. */
export function readWhole({ column: { name }, kind }: Field): SQL {
  const value = column(ALIAS, name)
  return !kind.isEditable && kind.select ? kind.select(value) : sql`${value}::text`
}

/** What a list shows of it: large values are cut by the database, so that a page of them stays a page. */
function readListed(field: Field): SQL {
  const value = column(ALIAS, field.column.name)
  if (field.kind.select) return field.kind.select(value)
  const { base } = columnType(field.column.sqlType)
  const isBounded = field.reference !== undefined || !(isTextual(field) || base === 'xml')
  return isBounded ? sql`${value}::text` : sql`left(${value}::text, ${sql.raw(String(MOST_LISTED + 1))})`
}

/** What a row of `selectRows` holds. */
export function readRow({ resource, fields, order }: PageQuery, row: Record<string, string | null>): ListedRow {
  const texts: Texts = {}
  for (const [at, field] of selectedFields(resource, fields, order).entries()) texts[field.name] = row[`c${at}`] ?? null
  return {
    id: encodeRecordId(resource.keyFields.map(({ name }) => texts[name] ?? '')),
    texts,
    keys: order.fields.map((field, at) => (field ? texts[field.name] : row[`k${at}`]) ?? null),
  }
}
