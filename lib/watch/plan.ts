import type postgres from 'postgres'
import { decodeRecordId } from '@/lib/db/record-id'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'
import type { FeedChange } from './change'
import type { Message } from './message'
import { completeRows, type RowPair, type RowTexts } from './rows'
import { loggedOp, type ResolvedWatcher } from './watcher'

/** Between Postgres's texts and the types Drizzle gives a column. */
export interface Codec {
  decode(text: string, column: ColumnShape): unknown
  encode(value: unknown, column: ColumnShape): string | null
}

/** What a subscription selects, as the log spells it. */
export type Wanted =
  | { kind: 'all' }
  | { kind: 'key'; recordId: string }
  | { kind: 'column'; column: ColumnShape; text: string | null }

/** A change as one watcher's subscribers see it. */
export interface Match {
  watcher: ResolvedWatcher
  change: FeedChange
  rows: RowPair
}

/** Whether the change is of the kind the watcher waits for; its condition apart. */
export function concerns({ shape, on, trigger }: ResolvedWatcher, change: FeedChange): boolean {
  if (change.relation !== shape.relation) return false
  if (change.op === 'truncate') return on === 'deleted'
  if (change.op !== loggedOp[on]) return false
  return trigger.length === 0 || change.op !== 'update' || trigger.some(({ name }) => change.changed.includes(name))
}

const needsRows = ({ extra, when }: ResolvedWatcher) => extra.length > 0 || when !== undefined

/**
 * Which watchers' subscribers hear of which changes (a page in order), with the rows where they are asked for.
 * @param onFailure told of a `when` that threw: its change is not told
 */
export async function matchesOf(
  sql: postgres.ISql,
  codec: Codec,
  changes: readonly FeedChange[],
  watchers: readonly ResolvedWatcher[],
  onFailure: (watcher: ResolvedWatcher, error: unknown) => void,
): Promise<Match[]> {
  const found = changes.flatMap((change) =>
    watchers.filter((watcher) => concerns(watcher, change)).map((watcher) => ({ watcher, change })),
  )
  const shapes = new Set(found.filter(({ watcher }) => needsRows(watcher)).map(({ watcher }) => watcher.shape))
  const rows = new Map<string, RowPair>()
  for (const shape of new Map([...shapes].map((shape) => [shape.relation, shape])).values()) {
    const own = changes.filter(({ relation, op }) => relation === shape.relation && op !== 'truncate')
    for (const [id, pair] of await completeRows(sql, shape, own)) rows.set(id, pair)
  }
  return found
    .map(({ watcher, change }) => ({
      watcher,
      change,
      rows: rows.get(change.id) ?? { old: undefined, new: undefined },
    }))
    .filter(({ watcher, change, rows: { old, new: now } }) => {
      if (!watcher.when || change.op === 'truncate') return true
      try {
        return watcher.when({
          old: old && (decodeRow(codec, watcher.shape, old) as never),
          new: now && (decodeRow(codec, watcher.shape, now) as never),
          changed: fieldsChanged(watcher.shape, change),
        })
      } catch (error) {
        onFailure(watcher, error)
        return false
      }
    })
}

/** A TRUNCATE too large to name its records reaches those who wanted all. */
export function isWanted(wanted: Wanted, { change, rows }: Match): boolean {
  if (wanted.kind === 'all') return true
  if (change.op === 'truncate') return false
  if (wanted.kind === 'key') return change.recordId === wanted.recordId
  const { column, text } = wanted
  const holds = (row: RowTexts | undefined) => row !== undefined && (row[column.name] ?? null) === text
  return holds(rows.old) || holds(rows.new)
}

export function messageOf(codec: Codec, { watcher, change, rows }: Match): Message {
  const { shape, extra, on } = watcher
  const newest = rows.new ?? rows.old
  const pick = (row: RowTexts | undefined) => decodeColumns(codec, extra, row ?? {})
  return {
    watcher: watcher.label ?? { resource: shape.relation, op: on },
    key: keyOf(codec, shape, change.recordId),
    extra: change.op === 'truncate' ? {} : pick(newest),
    old: change.op === 'update' ? pick(rows.old) : undefined,
    changed: fieldsChanged(shape, change),
    seq: change.id,
    at: new Date(change.at),
    actor: change.actor,
    source: change.source,
    isTruncate: change.op === 'truncate',
  }
}

function keyOf(codec: Codec, shape: TableShape, recordId: string | null): Record<string, unknown> {
  if (recordId === null || shape.primaryKey.length === 0) return {}
  const parts = decodeRecordId(recordId, shape.primaryKey.length) ?? []
  return Object.fromEntries(
    shape.primaryKey.map((field, at) => {
      const column = shape.columns.find((candidate) => candidate.field === field)!
      return [field, codec.decode(parts[at] ?? '', column)]
    }),
  )
}

const fieldsChanged = ({ columns }: TableShape, { changed }: FeedChange) =>
  changed.flatMap((name) => columns.find((column) => column.name === name)?.field ?? [])

const decodeRow = (codec: Codec, { columns }: TableShape, row: RowTexts) => decodeColumns(codec, columns, row)

function decodeColumns(codec: Codec, columns: readonly ColumnShape[], row: RowTexts): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((column) => {
      const text = row[column.name] ?? null
      return [column.field, text === null ? null : codec.decode(text, column)]
    }),
  )
}
