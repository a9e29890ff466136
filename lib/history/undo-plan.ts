import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type Change, changeColumns, selectChanges } from './change'
import { type ForeignKey, readForeignKeys, readUniqueKeys } from './constraints'
import { arrayOf, type HistoryFilters, indexedConditions, scannedConditions } from './filters'
import { factsOf, presentRows } from './present-rows'
import { isId } from './record-history'
import type { TableFacts } from './table-facts'
import { addKeyBlockers } from './undo-blockers'
import { tooMany, UNDO_LIMIT, withCascades } from './undo-cascade'
import { addConflicts, missingTable, settle } from './undo-conflicts'
import { undoneBy } from './undo-links'
import { orderSteps } from './undo-order'
import { foldChanges, recordKey, type UndoStep } from './undo-step'

/** Which changes to undo: chosen ones, transactions, everything of one request (an action, an import), or what a filter finds. */
export type UndoSelector =
  | { ids: readonly string[] }
  | { tx: string | readonly string[] }
  | { request: string }
  | { filter: HistoryFilters }

/** What an undo would have to change. Nothing has been changed yet, and nobody asked whether the person may. */
export interface UndoPlan {
  /** In an order the database accepts: parents come back first, children go first. */
  steps: UndoStep[]
  /** The changes it would undo, those added because a deletion had taken them along included. */
  changeIds: string[]
  /** Changes that have been undone already, with the change that did; no step undoes them again. */
  undone: { changeId: string; by: string }[]
  /** True where every step can be taken as it stands. */
  isClean: boolean
}

/**
 * Plans the undo of up to 10,000 changes. Each record gets one step, from what the newest of them left to what was before
 * the oldest. The plan speaks of the present: in the transaction that takes the steps it locks the records it names.
 * @param options.lock holds the records until the transaction ends. Default: a plan only to look at
 * @param options.cascades whether to add what a deletion took along. Default true; the chunks of a whole transaction have it
 * @param options.without records (by `recordKey`) whose changes stay
 * @throws AdminError 'too_large' above 10,000 changes, cascaded ones included: see `undoChunk`
 */
export async function undoPlan(
  db: Executor,
  selector: UndoSelector,
  options: { lock?: boolean; cascades?: boolean; without?: ReadonlySet<string> } = {},
): Promise<UndoPlan> {
  const selected = await selectChanges(
    db,
    sql`select ${changeColumns('c')} from kontor.changes as c where ${chosenBy(selector)} order by c.id limit ${UNDO_LIMIT + 1}`,
  )
  if (selected.length > UNDO_LIMIT) throw tooMany()
  const keys = await readForeignKeys(db)
  const asked = options.cascades === false ? selected : await withCascades(db, selected, keys)
  const byUndo = await undoneBy(
    db,
    asked.map(({ id }) => id),
  )
  const isLeft = ({ relation, recordId }: Change) =>
    options.without?.has(recordKey({ relation, recordId: recordId ?? '' }))
  const changes = asked.filter((change) => !byUndo.has(change.id) && !isLeft(change))
  const marks = changes.filter(({ op, recordId }) => op === 'truncate' || recordId === null).map(unmovable)
  const tables = await factsOf(
    db,
    changes.map(({ relation }) => relation),
  )
  const steps: UndoStep[] = []
  const folded = foldChanges(changes)
  for (const relation of new Set(folded.map((step) => step.relation))) {
    const own = folded.filter((step) => step.relation === relation)
    const facts = tables.get(relation)
    if (!facts || facts.key.length === 0) {
      steps.push(...own.map((step) => missingTable(step, facts)))
      continue
    }
    const present = await presentRows(
      db,
      facts,
      own.map(({ recordId }) => recordId),
      options.lock,
    )
    steps.push(...own.flatMap((step) => settle(step, facts, present.get(step.recordId))))
  }
  await addConflicts(db, steps, folded)
  const plan = await finish(db, [...marks, ...steps], tables, keys)
  const undone = [...byUndo].map(([changeId, by]) => ({ changeId, by }))
  return { ...plan, changeIds: asked.map(({ id }) => id), undone, isClean: plan.isClean && undone.length === 0 }
}

/** Adds what keys would refuse and puts the steps in order. Used by restore plans too. */
export async function finish(
  db: Executor,
  steps: UndoStep[],
  tables: ReadonlyMap<string, TableFacts>,
  keys: readonly ForeignKey[],
): Promise<UndoPlan> {
  await addKeyBlockers(db, steps, tables, keys)
  const ordered = orderSteps(steps, keys, await readUniqueKeys(db, [...tables.keys()]))
  const isClean = ordered.every(({ conflicts, blockers }) => conflicts.length + blockers.length === 0)
  return { steps: ordered, changeIds: [], undone: [], isClean }
}

/** The mark a large TRUNCATE left, or a change of a table without a key. */
function unmovable(change: Change): UndoStep {
  const kind = change.op === 'truncate' ? 'mark' : 'no_key'
  return {
    relation: change.relation,
    recordId: change.recordId ?? '',
    kind: change.op === 'insert' ? 'remove' : change.op === 'update' ? 'set' : 'restore',
    values: {},
    now: {},
    unknown: [],
    undoes: [change.id],
    conflicts: [],
    blockers: [{ kind, canSkip: false }],
    turn: 0,
  }
}

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

/**
 * The changes of a chunk and those of the same transactions that deleted what their records point at: those come back
 * first, whichever chunk they would be of.
 */
export async function withDeletedParents(db: Executor, ids: readonly string[]): Promise<string[]> {
  const wanted = new Set(ids)
  for (;;) {
    const { steps } = await undoPlan(db, { ids: [...wanted] }, { cascades: false })
    const gone = steps.flatMap(({ blockers }) =>
      blockers.flatMap(({ kind, records = [] }) => (kind === 'parent_gone' ? records : [])),
    )
    if (gone.length === 0) return [...wanted]
    const rows = await db.execute<{ id: string }>(sql`
      select c.id::text as id
      from (select distinct * from unnest(${arrayOf(gone.map(({ relation }) => relation))}, ${arrayOf(gone.map(({ recordId }) => recordId))}) as g(relation, record_id)) as g
      cross join lateral (
        select k.id from kontor.changes as k where k.relation = g.relation and left(k.record_id, 500) = left(g.record_id, 500)
          and k.record_id = g.record_id and k.op = 'delete'
          and k.tx in (select own.tx from kontor.changes as own where own.id = any(${arrayOf([...wanted])}::bigint[]))
        order by k.id desc limit 1
      ) as c`)
    const fresh = rows.filter(({ id }) => !wanted.has(id))
    if (fresh.length === 0) return [...wanted]
    for (const { id } of fresh) wanted.add(id)
  }
}

/** How many changes a selector finds. */
export async function countChanges(db: Executor, selector: UndoSelector): Promise<number> {
  const [row] = await db.execute<{ n: number }>(
    sql`select count(*)::float8 as n from kontor.changes as c where ${chosenBy(selector)}`,
  )
  return row?.n ?? 0
}

/** The condition by which a selector finds changes; `c` is their alias in the query. */
export function chosenBy(selector: UndoSelector, c: 'c' | 'f' = 'c'): SQL {
  const own = sql.raw(c)
  if ('ids' in selector) return sql`${own}.id = any(${arrayOf(selector.ids.filter(isId))}::bigint[])`
  if ('tx' in selector) return sql`${own}.tx = any(${arrayOf([selector.tx].flat().filter(isId))}::xid8[])`
  if ('request' in selector) return sql`${own}.request_id = ${selector.request}`
  return sql`${indexedConditions(selector.filter, c) ?? sql`true`} and ${scannedConditions(selector.filter, c) ?? sql`true`}`
}
