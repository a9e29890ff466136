import { countRecords, planWhole, presentSnapshot, type UndoStep } from '@/lib/history'
import type { OperationContext } from '../context'
import type { UndoRequest } from '../history/undo-view'
import { inTransaction, type Road } from './road'
import { selectorOf } from './undo'
import { InTheWay } from './undo-in-the-way'
import { columnsOf, subjectOf } from './undo-subject'
import { weighSteps } from './undo-weigh'

/**
 * Looks at the whole of a large undo before any of it is done: at each record, what a smaller undo would find in its way,
 * given all that the whole does. Memory is bounded: a page of records at a time is planned, and those that are in doubt
 * weighed; of each table and kind of step also the first, so that who may not do it at all is told now.
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
    const isDoubtful = doubts(ctx)
    const inTheWay = new InTheWay()
    for await (const steps of planWhole(ctx.tx, selector)) {
      for (const step of await weighSteps(ctx, steps.filter(isDoubtful), request, LOOK)) inTheWay.add(step)
    }
    if (inTheWay.blocked > 0) throw inTheWay.refusal((await countRecords(ctx.tx, selector)) - inTheWay.blocked)
    return snapshot
  })
}

/** Nobody waits for a look. */
const LOOK = { lock: false }

/** Whether a step has to be weighed: the first of its table and kind, and any that does not go back just like that. */
function doubts(ctx: OperationContext): (step: UndoStep) => boolean {
  const known = new Map<string, ReadonlySet<string>>()
  return ({ relation, kind, values, unknown, conflicts, blockers }) => {
    const group = `${kind} ${relation}`
    const columns = known.get(group)
    if (!columns) {
      known.set(group, columnsOf(subjectOf(ctx, relation)))
      return true
    }
    const isUnknown = (column: string) => values[column] !== null && !columns.has(column)
    return conflicts.length + blockers.length + unknown.length > 0 || Object.keys(values).some(isUnknown)
  }
}
