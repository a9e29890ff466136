import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { groupBy } from '@/lib/db/group-by'
import { isErasedId, isOversize, type LoggedValues } from './change'
import { arrayOf } from './filters'
import type { TableFacts } from './table-facts'
import { type FoldedStep, recordKey, sameValue, type UndoBlocker, type UndoConflict, type UndoStep } from './undo-step'

/** A step for a table that is gone, or has no key any more. */
export const missingTable = (step: FoldedStep, facts: TableFacts | undefined): UndoStep => ({
  ...draft(step),
  blockers: [{ kind: facts ? 'no_key' : 'no_table', canSkip: false }],
})

/** A step for a record whose id is of another key than the table has now. */
export const otherKey = (step: FoldedStep): UndoStep => ({
  ...draft(step),
  blockers: [{ kind: 'rekeyed', canSkip: false }],
})

const draft = ({ relation, recordId, kind, unknown, changes }: FoldedStep): UndoStep => ({
  relation,
  recordId,
  kind,
  values: {},
  now: {},
  unknown,
  undoes: changes.map(({ id }) => id),
  conflicts: [],
  blockers: [],
  turn: 0,
})

/**
 * Compares a folded step with the record as it is now: what to write, where later changes are in the way, what the table's
 * columns no longer allow. No step where the changes together changed nothing.
 */
export function settle(folded: FoldedStep, facts: TableFacts, present: LoggedValues | undefined): UndoStep[] {
  const step = draft(folded)
  const { blockers } = step
  if (isErasedId(folded.recordId)) {
    blockers.push({ kind: 'erased', canSkip: false })
    return [step]
  }
  if (folded.kind === 'restore') {
    Object.assign(step, writable(folded.target, facts, blockers))
    addRequired(step, facts)
    if (present) {
      step.now = present
      const isSame = Object.entries(step.values).every(([column, value]) => sameValue(value, present[column]))
      blockers.push({ kind: isSame ? 'already' : 'exists', canSkip: false })
    }
    return [step]
  }
  if (!present) {
    blockers.push({ kind: folded.kind === 'remove' ? 'already' : 'gone', canSkip: false })
    return [step]
  }
  if (folded.kind === 'remove') {
    step.now = present
    step.conflicts = conflictsOf(folded.expected, present, Object.keys(folded.expected), facts)
    return [step]
  }
  const moved = Object.keys(folded.target).filter(
    (column) => !sameValue(folded.target[column], folded.expected[column]),
  )
  if (moved.length === 0 && folded.unknown.length === 0) return []
  // A column that is gone is as it was only where nothing had been in it.
  const isAsBefore = (column: string) => sameValue(column in present ? present[column] : null, folded.target[column])
  const open = moved.filter((column) => !isAsBefore(column))
  const wanted = open.length > 0 ? open : moved
  const target = Object.fromEntries(wanted.map((column) => [column, folded.target[column] ?? null]))
  Object.assign(step, writable(target, facts, blockers))
  step.now = present
  if (moved.length > 0 && open.length === 0) blockers.push({ kind: 'already', canSkip: false })
  else step.conflicts = conflictsOf(folded.expected, present, open, facts)
  return [step]
}

/** Columns that are there and can be written, as texts; the others become blockers. */
function writable(
  target: LoggedValues,
  facts: TableFacts,
  blockers: UndoBlocker[],
): { values: Record<string, string | null> } {
  const values: Record<string, string | null> = {}
  const gone: string[] = []
  const large: string[] = []
  for (const [name, value] of Object.entries(target)) {
    const column = facts.columns.find((candidate) => candidate.name === name)
    // A column nobody had filled is not missed.
    if (!column && value === null) continue
    if (!column) gone.push(name)
    else if (column.isGenerated) continue
    else if (isOversize(value)) large.push(name)
    else values[name] = value
  }
  if (gone.length > 0) blockers.push({ kind: 'column_gone', columns: gone, canSkip: true })
  if (large.length > 0) blockers.push({ kind: 'too_large', columns: large, canSkip: true })
  return { values }
}

/** A record cannot come back without a value for these. */
function addRequired(step: UndoStep, facts: TableFacts): void {
  const required = facts.columns.filter(
    ({ name, notNull, hasDefault, isGenerated, identity }) =>
      notNull && !hasDefault && !isGenerated && identity === null && step.values[name] == null,
  )
  if (required.length > 0) {
    step.blockers.push({ kind: 'column_required', columns: required.map(({ name }) => name), canSkip: false })
  }
}

const conflictsOf = (
  expected: LoggedValues,
  present: LoggedValues,
  columns: readonly string[],
  facts: TableFacts,
): UndoConflict[] =>
  columns
    .filter((column) => column in expected && column in present && !sameValue(expected[column], present[column]))
    .filter((column) => !facts.columns.some(({ name, isGenerated }) => name === column && isGenerated))
    .map((column) => ({ column, expected: expected[column] ?? null, now: present[column] ?? null, changeIds: [] }))

/**
 * Names the changes behind each conflict, and finds those that lie between the changes to undo: setting a column back over
 * a change that stays would undo that one too, unasked.
 */
export async function addConflicts(
  db: Executor,
  steps: readonly UndoStep[],
  folded: readonly FoldedStep[],
): Promise<void> {
  const doubtful = steps.filter(({ conflicts, undoes }) => conflicts.length > 0 || undoes.length > 1)
  if (doubtful.length === 0) return
  const others = await changesSince(db, doubtful)
  const originals = new Map(folded.map((step) => [recordKey(step), step]))
  for (const step of doubtful) {
    const own = new Set(step.undoes)
    const foreign = (others.get(recordKey(step)) ?? []).filter(({ id }) => !own.has(id))
    const touching = (column: string) => foreign.filter(({ changed }) => changed === null || changed.includes(column))
    for (const conflict of step.conflicts) conflict.changeIds = touching(conflict.column).map(({ id }) => id)
    const last = BigInt(step.undoes.at(-1) ?? 0)
    const expected = originals.get(recordKey(step))?.expected ?? {}
    for (const column of Object.keys(step.values)) {
      const between = touching(column).filter(({ id }) => BigInt(id) < last)
      if (between.length === 0 || step.conflicts.some((conflict) => conflict.column === column)) continue
      step.conflicts.push({
        column,
        expected: expected[column] ?? null,
        now: step.now[column] ?? null,
        changeIds: between.map(({ id }) => id),
      })
    }
  }
}

/** For each record its changes from the first to undo on; `changed` is null where the whole row came or went. */
async function changesSince(db: Executor, steps: readonly UndoStep[]) {
  const rows = await db.execute<{ relation: string; recordId: string; id: string; changed: string[] | null }>(sql`
    select c.relation, c.record_id as "recordId", c.id::text as id, case when c.op = 'update' then c.changed end as changed
    from unnest(${arrayOf(steps.map(({ relation }) => relation))}, ${arrayOf(steps.map(({ recordId }) => recordId))},
      ${arrayOf(steps.map(({ undoes }) => undoes[0] ?? '0'))}::bigint[]) as s(relation, record_id, first)
    join lateral (
      select * from kontor.changes as k where k.relation = s.relation and left(k.record_id, 500) = left(s.record_id, 500)
        and k.record_id = s.record_id and k.id > s.first
    ) as c on true order by c.id`)
  return groupBy(rows, recordKey)
}
