import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type Change, changeColumns, selectChanges } from './change'
import { type ForeignKey, readForeignKeys, readUniqueKeys } from './constraints'
import { factsOf, presentRows } from './present-rows'
import { rekeyed } from './rekeyed'
import type { TableFacts } from './table-facts'
import { addKeyBlockers } from './undo-blockers'
import { tooMany, UNDO_LIMIT, withCascades } from './undo-cascade'
import { addConflicts, missingTable, otherKey, settle } from './undo-conflicts'
import { undoneBy } from './undo-links'
import { orderSteps } from './undo-order'
import { chosenBy, type UndoSelector } from './undo-selector'
import { foldChanges, recordKey, type UndoStep } from './undo-step'
import { addUnfit } from './unfit'

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
 * @param options.whole what else is undone besides: what that brings back, removes or changes is in nobody's way
 * @throws AdminError 'too_large' above 10,000 changes, cascaded ones included: see `undoChunk`
 */
export async function undoPlan(
  db: Executor,
  selector: UndoSelector,
  options: { lock?: boolean; cascades?: boolean; without?: ReadonlySet<string>; whole?: UndoSelector } = {},
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
    const others = await rekeyed(db, own, facts)
    const known = own.filter(({ recordId }) => !others.has(recordId))
    const present = await presentRows(
      db,
      facts,
      known.map(({ recordId }) => recordId),
      options.lock,
    )
    steps.push(...own.filter(({ recordId }) => others.has(recordId)).map(otherKey))
    steps.push(...known.flatMap((step) => settle(step, facts, present.get(step.recordId))))
  }
  await addConflicts(db, steps, folded)
  const plan = await finish(db, [...marks, ...steps], tables, keys, options.whole)
  const undone = [...byUndo].map(([changeId, by]) => ({ changeId, by }))
  return { ...plan, changeIds: asked.map(({ id }) => id), undone, isClean: plan.isClean && undone.length === 0 }
}

/** Adds what types and keys would refuse and puts the steps in order. Used by restore plans too. */
export async function finish(
  db: Executor,
  steps: UndoStep[],
  tables: ReadonlyMap<string, TableFacts>,
  keys: readonly ForeignKey[],
  whole?: UndoSelector,
): Promise<UndoPlan> {
  await addUnfit(db, steps, tables)
  await addKeyBlockers(db, steps, tables, keys, whole)
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

/** Whether there are more changes than one undo takes; no more of them are read. */
export async function isBeyondLimit(db: Executor, selector: UndoSelector): Promise<boolean> {
  const rows = await db.execute(
    sql`select from kontor.changes as c where ${chosenBy(selector)} offset ${UNDO_LIMIT} limit 1`,
  )
  return rows.length > 0
}

/** How many changes a selector finds. */
export async function countChanges(db: Executor, selector: UndoSelector): Promise<number> {
  const [row] = await db.execute<{ n: number }>(
    sql`select count(*)::float8 as n from kontor.changes as c where ${chosenBy(selector)}`,
  )
  return row?.n ?? 0
}
