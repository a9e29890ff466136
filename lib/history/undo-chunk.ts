import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { arrayOf } from './filters'
import { isId } from './record-history'
import { UNDO_LIMIT } from './undo-cascade'
import { undoneBy } from './undo-links'
import { undoPlan } from './undo-plan'
import { chosenBy, type UndoSelector } from './undo-selector'
import type { UndoBlocker } from './undo-step'

/** A part of a large undo: the newest of the selected changes that are older than `before`. */
export interface UndoChunk {
  /** Newest first, those undone already left out. */
  ids: string[]
  /** Changes looked at, those left out included. */
  size: number
  /** Give it back for the following chunk; null after the last. Kept in a job, it lets the undo go on after a restart. */
  next: string | null
}

/**
 * The next chunk of a larger undo, newest changes first: undone chunk after chunk, each in a transaction of its own, they
 * go back through states the data really had.
 */
export async function undoChunk(
  db: Executor,
  selector: UndoSelector,
  before: string | null | undefined = null,
  size = 1_000,
): Promise<UndoChunk> {
  const rows = await db.execute<{ id: string }>(sql`
    select c.id::text as id from kontor.changes as c where ${chosenBy(selector)}
      and ${isId(before) ? sql`c.id < ${before}::bigint` : sql`true`} order by c.id desc limit ${size + 1}`)
  const page = rows.slice(0, size).map(({ id }) => id)
  // What an earlier chunk brought back along with a parent is not to be undone twice.
  const undone = await undoneBy(db, page)
  return {
    ids: page.filter((id) => !undone.has(id)),
    size: page.length,
    next: rows.length > size ? page.at(-1)! : null,
  }
}

/** Looked for at most as often: a chain of values that each moved on by one would be planned link by link. */
const MOST_LINKS = 20

/**
 * The changes of a chunk and those it cannot do without, whichever chunk they would be of: the same transactions' deletions of
 * what its records point at, and the changes of the same undo that free a unique value for them.
 */
export async function withNeeded(db: Executor, ids: readonly string[], whole: UndoSelector): Promise<string[]> {
  const wanted = new Set(ids)
  for (let links = 0; ; links++) {
    const { steps } = await undoPlan(db, { ids: [...wanted] }, { cascades: false })
    const named = (wish: UndoBlocker['kind']) =>
      steps.flatMap(({ blockers }) => blockers.flatMap(({ kind, records = [] }) => (kind === wish ? records : [])))
    const parents = await deletionsOf(db, named('parent_gone'), [...wanted])
    const holders = links < MOST_LINKS ? await changesOf(db, named('unique_taken'), whole) : []
    const fresh = [...parents, ...holders].filter((id) => !wanted.has(id))
    if (fresh.length === 0 || wanted.size + fresh.length > UNDO_LIMIT) return [...wanted]
    for (const id of fresh) wanted.add(id)
  }
}

type Named = { relation: string; recordId: string }

/** The last deletion of each record by a transaction of the given changes. */
async function deletionsOf(db: Executor, records: readonly Named[], of: readonly string[]): Promise<string[]> {
  if (records.length === 0) return []
  const rows = await db.execute<{ id: string }>(sql`
    select c.id::text as id from ${distinct(records)} as g cross join lateral (
      select k.id from kontor.changes as k where k.relation = g.relation and left(k.record_id, 500) = left(g.record_id, 500)
        and k.record_id = g.record_id and k.op = 'delete'
        and k.tx in (select own.tx from kontor.changes as own where own.id = any(${arrayOf(of)}::bigint[]))
      order by k.id desc limit 1
    ) as c`)
  return rows.map(({ id }) => id)
}

/** The changes of each record that a selector finds. */
async function changesOf(db: Executor, records: readonly Named[], selector: UndoSelector): Promise<string[]> {
  if (records.length === 0) return []
  const rows = await db.execute<{ id: string }>(sql`
    select f.id::text as id from ${distinct(records)} as g
    join kontor.changes as f on f.relation = g.relation and left(f.record_id, 500) = left(g.record_id, 500)
      and f.record_id = g.record_id and ${chosenBy(selector, 'f')}`)
  return rows.map(({ id }) => id)
}

const distinct = (records: readonly Named[]) => {
  const [relations, ids] = [records.map(({ relation }) => relation), records.map(({ recordId }) => recordId)]
  return sql`(select distinct * from unnest(${arrayOf(relations)}, ${arrayOf(ids)}) as g(relation, record_id))`
}
