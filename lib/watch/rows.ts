import type postgres from 'postgres'
import { decodeRecordId } from '@/lib/db/record-id'
import type { TableShape } from '@/lib/db/table-shape'
import { type FeedChange, type LoggedJson, textOf } from './change'

/** A row's values as Postgres texts, by the database's column names. */
export type RowTexts = Record<string, string | null>

/** The record before and after a change. */
export interface RowPair {
  old: RowTexts | undefined
  new: RowTexts | undefined
}

const texts = (values: LoggedJson | null): RowTexts =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, textOf(value)]))

/**
 * The whole rows of `changes` (of one table, in order): the log holds of an update only the columns that changed. What a
 * column held after a change is what the next change of it found, or what the row holds now: read in one statement for
 * the last change of each record, then walked back.
 */
export async function completeRows(
  sql: postgres.ISql,
  shape: TableShape,
  changes: readonly FeedChange[],
): Promise<Map<string, RowPair>> {
  const updates = shape.primaryKey.length === 0 ? [] : changes.filter(({ op }) => op === 'update')
  const last = new Map(updates.map((change) => [change.recordId ?? '', change]))
  const after = await rowsAfter(sql, shape, [...last.values()])
  const pairs = new Map<string, RowPair>()
  for (const change of changes.toReversed()) {
    const { id, op, recordId } = change
    const own = { old: texts(change.before), new: texts(change.after) }
    if (op === 'update') {
      const now = { ...after.get(recordId ?? ''), ...own.new }
      pairs.set(id, { old: { ...now, ...own.old }, new: now })
      after.set(recordId ?? '', { ...now, ...own.old })
    } else {
      pairs.set(id, { old: op === 'insert' ? undefined : own.old, new: op === 'insert' ? own.new : undefined })
      after.set(recordId ?? '', own.old)
    }
  }
  return pairs
}

/** The rows as they were right after each of `changes`, of which no two are of one record. */
async function rowsAfter(
  sql: postgres.ISql,
  shape: TableShape,
  changes: readonly FeedChange[],
): Promise<Map<string, RowTexts>> {
  const keys = shape.primaryKey.map((field) => shape.columns.find((column) => column.field === field)!)
  const parts = changes.map(({ recordId }) => decodeRecordId(recordId ?? '', keys.length) ?? [])
  if (changes.length === 0) return new Map()
  const table = sql`${sql(shape.schema)}.${sql(shape.name)}`
  const keyValues = parts.map((values) =>
    JSON.stringify(Object.fromEntries(keys.map(({ name }, at) => [name, values[at]]))),
  )
  const rows = await sql<
    { recordId: string; later: LoggedJson | null; present: Record<string, string | null> | null }[]
  >`
    select w.record_id as "recordId", l.later, p.present
    from unnest(${changes.map(({ id }) => id)}::bigint[], ${changes.map(({ recordId }) => recordId)}::text[], ${keyValues}::text[])
      as w(id, record_id, key)
    left join lateral (
      select kontor.merge_objects(c.before order by c.id desc) as later from kontor.changes as c
      where c.relation = ${shape.relation} and left(c.record_id, 500) = left(w.record_id, 500) and c.record_id = w.record_id
        and c.id > w.id and c.op in ('update', 'delete')
    ) as l on true
    left join lateral (
      select ${columnsAsJson(sql, shape)} as present
      from jsonb_populate_record(null::${table}, w.key::jsonb) as k, ${table} as t
      where ${keys.map(({ name }, at) => sql`${at ? sql`and` : sql``} t.${sql(name)} = k.${sql(name)}`)}
    ) as p on true`
  return new Map(rows.map(({ recordId, later, present }) => [recordId, { ...present, ...texts(later) }]))
}

/** `jsonb_build_object` takes a hundred arguments: wide rows are built in pieces. */
function columnsAsJson(sql: postgres.ISql, { columns }: TableShape) {
  const pieces = Array.from({ length: Math.ceil(columns.length / 50) }, (_, at) => columns.slice(at * 50, at * 50 + 50))
  return pieces.map((piece, at) => {
    const pairs = piece.map(({ name }, place) => sql`${place > 0 ? sql`,` : sql``} ${name}::text, t.${sql(name)}::text`)
    return sql`${at > 0 ? sql`||` : sql``} jsonb_build_object(${pairs})`
  })
}
