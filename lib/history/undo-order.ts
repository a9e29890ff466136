import type { ForeignKey, UniqueKey } from './constraints'
import type { UndoStep } from './undo-step'

/**
 * Puts steps into an order the database accepts: what is pointed at is there before what points at it and goes after it,
 * and a unique value is given up before another record takes it. Steps that need no other come in the first turn, those
 * that need them in the second, and so on; within a turn the newest undone change comes first. Where keys go round in a
 * circle, that order decides too, and deferrable constraints must do the rest.
 */
export function orderSteps(
  steps: readonly UndoStep[],
  keys: readonly ForeignKey[],
  uniques: readonly UniqueKey[],
): UndoStep[] {
  const newestFirst = [...steps].sort(byNewest)
  const after = new Map<UndoStep, Set<UndoStep>>(newestFirst.map((step) => [step, new Set()]))
  const follows = (later: UndoStep, earlier: UndoStep) => later !== earlier && after.get(later)!.add(earlier)
  for (const key of keys) linkForeignKey(newestFirst, key, follows)
  for (const unique of uniques) linkUnique(newestFirst, unique, follows)
  return inTurns(sortByLinks(newestFirst, after), newestFirst, after)
}

type Follows = (later: UndoStep, earlier: UndoStep) => unknown

function byNewest(a: UndoStep, b: UndoStep): number {
  const [x, y] = [BigInt(a.undoes.at(-1) ?? 0), BigInt(b.undoes.at(-1) ?? 0)]
  return x === y ? 0 : x < y ? 1 : -1
}

/** The step's values of `columns`, as it finds or as it leaves them; undefined where one is NULL or not known. */
function tuple(step: UndoStep, columns: readonly string[], side: 'before' | 'after'): string | undefined {
  if (side === 'before' && step.kind === 'restore') return undefined
  if (side === 'after' && step.kind === 'remove') return undefined
  const values = columns.map((column) =>
    side === 'after' && column in step.values ? step.values[column] : step.now[column],
  )
  return values.every((value) => typeof value === 'string') ? JSON.stringify(values) : undefined
}

function linkForeignKey(steps: readonly UndoStep[], key: ForeignKey, follows: Follows): void {
  const restored = new Map<string, UndoStep>()
  const removed = new Map<string, UndoStep>()
  for (const step of steps) {
    if (step.relation !== key.parent) continue
    if (step.kind === 'restore') restored.set(tuple(step, key.parentColumns, 'after') ?? '', step)
    if (step.kind === 'remove') removed.set(tuple(step, key.parentColumns, 'before') ?? '', step)
  }
  for (const step of steps) {
    if (step.relation !== key.relation) continue
    const parent = restored.get(tuple(step, key.columns, 'after') ?? '-')
    if (parent) follows(step, parent)
    const old = removed.get(tuple(step, key.columns, 'before') ?? '-')
    if (old) follows(old, step)
  }
}

function linkUnique(steps: readonly UndoStep[], unique: UniqueKey, follows: Follows): void {
  const holders = new Map<string, UndoStep>()
  for (const step of steps) {
    const held = step.relation === unique.relation ? tuple(step, unique.columns, 'before') : undefined
    if (held !== undefined && held !== tuple(step, unique.columns, 'after')) holders.set(held, step)
  }
  for (const step of steps) {
    const wanted = step.relation === unique.relation ? tuple(step, unique.columns, 'after') : undefined
    const holder = wanted === undefined ? undefined : holders.get(wanted)
    if (holder) follows(step, holder)
  }
}

/** Each step comes one turn after the latest of those it needs. */
function inTurns(
  sorted: readonly UndoStep[],
  newestFirst: readonly UndoStep[],
  after: ReadonlyMap<UndoStep, ReadonlySet<UndoStep>>,
): UndoStep[] {
  const turns = new Map<UndoStep, number>()
  for (const step of sorted) {
    let turn = 0
    // One that is not placed yet closes a circle.
    for (const earlier of after.get(step)!) turn = Math.max(turn, (turns.get(earlier) ?? -1) + 1)
    step.turn = turn
    turns.set(step, turn)
  }
  return [...newestFirst].sort((a, b) => a.turn - b.turn)
}

/** Depth first over what must come earlier; a step met again on its own path closes a circle and is not waited for. */
function sortByLinks(steps: readonly UndoStep[], after: ReadonlyMap<UndoStep, ReadonlySet<UndoStep>>): UndoStep[] {
  const sorted: UndoStep[] = []
  const state = new Map<UndoStep, 'open' | 'done'>()
  for (const root of steps) {
    const path: { step: UndoStep; rest: Iterator<UndoStep> }[] = []
    const enter = (step: UndoStep) => {
      if (state.has(step)) return
      state.set(step, 'open')
      path.push({ step, rest: after.get(step)!.values() })
    }
    enter(root)
    while (path.length > 0) {
      const { step, rest } = path.at(-1)!
      const next = rest.next()
      if (!next.done) enter(next.value)
      else {
        state.set(step, 'done')
        sorted.push(step)
        path.pop()
      }
    }
  }
  return sorted
}
