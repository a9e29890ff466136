import { changedAgain, countRecords, presentSnapshot, type UndoBlocker, undoPlan } from '@/lib/history'
import type { UndoRequest } from '../history/undo-view'
import { inTransaction, type Road } from './road'
import { selectorOf } from './undo'
import { InTheWay } from './undo-in-the-way'
import { weighSteps } from './undo-weigh'

/** What keys would refuse hangs on the records around, which may be undone as well: each chunk asks for its own. */
const KEYS: ReadonlySet<UndoBlocker['kind']> = new Set(['parent_gone', 'children', 'unique_taken'])

/**
 * Looks at the whole of a large undo before any of it is done: whether records of it were changed again since. Memory is
 * bounded: a page of such records at a time is weighed as a smaller undo would.
 * @returns the snapshot it speaks of, as text
 * @throws AdminError `conflict` with `undo` (an UndoRefusal) where something is in the way and the request neither leaves
 *   it out nor overrules it; `forbidden` where the person may not do it
 */
export function checkWhole(road: Road, request: UndoRequest): Promise<string> {
  const [anyResource] = road.ctx.admin.resources.values()
  return inTransaction(road, anyResource!, async (ctx) => {
    const snapshot = await presentSnapshot(ctx.tx)
    if (request.leaveOut) return snapshot
    const selector = selectorOf(request)
    const inTheWay = new InTheWay()
    for await (const ids of changedAgain(ctx.tx, selector)) {
      const { steps } = await undoPlan(ctx.tx, { ids }, { cascades: false })
      const alone = steps.map((step) => ({ ...step, blockers: step.blockers.filter(({ kind }) => !KEYS.has(kind)) }))
      for (const step of await weighSteps(ctx, alone, request)) inTheWay.add(step)
    }
    if (inTheWay.blocked > 0) throw inTheWay.refusal((await countRecords(ctx.tx, selector)) - inTheWay.blocked)
    return snapshot
  })
}
