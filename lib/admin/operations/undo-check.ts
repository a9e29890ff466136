import { planPart, presentSnapshot, type UndoStep } from '@/lib/history'
import type { OperationContext } from '../context'
import type { UndoQuestion, UndoRequest } from '../history/undo-view'
import { selectorOf } from './undo'
import { InTheWay, type Reasons } from './undo-in-the-way'
import { columnsOf, subjectOf } from './undo-subject'
import { weighSteps } from './undo-weigh'

/** What the parts of a look have found so far: kept as JSON from one to the next. */
export interface Found {
  /** The oldest change looked at. */
  before: string | null
  /** The snapshot of the beginning: later changes are not what the person is asked about. */
  upTo: string
  records: number
  /** Tables and kinds of steps that were met. */
  groups: string[]
  reasons: Reasons
}

/**
 * Looks at the next part of a large undo, before any of it is done: at each record, what a smaller undo would find in its
 * way, given all that the whole does. Memory is bounded: a part is planned, and of it those weighed that are in doubt; of
 * each table and kind of step also the first, so that who may not do it at all is told now.
 * @param found what the parts before it found; null at the beginning
 * @returns with the last part the question, where something is in the way that the request does not speak of
 * @throws AdminError `forbidden` where the person may not do it
 */
export async function lookAtPart(
  ctx: OperationContext,
  request: UndoRequest,
  found: Found | null,
): Promise<{ next: Found | null; checked: number; question?: UndoQuestion }> {
  const upTo = found?.upTo ?? (await presentSnapshot(ctx.tx))
  const groups = new Set(found?.groups)
  const inTheWay = new InTheWay(found?.reasons)
  const part = await planPart(ctx.tx, selectorOf(request), found?.before ?? null)
  const doubtful = part.steps.filter(doubts(ctx, groups))
  for (const step of await weighSteps(ctx, doubtful, request, LOOK)) inTheWay.add(step)
  const records = (found?.records ?? 0) + part.records
  if (part.next !== null) {
    const next = { before: part.next, upTo, records, groups: [...groups], reasons: inTheWay.reasons }
    return { next, checked: part.size }
  }
  const question =
    inTheWay.blocked > 0 ? { ...(await inTheWay.told(ctx, records - inTheWay.blocked)), upTo } : undefined
  return { next: null, checked: part.size, question }
}

/** Nobody waits for a look. */
const LOOK = { lock: false }

/** Whether a step has to be weighed: the first of its table and kind, and any that does not go back just like that. */
function doubts(ctx: OperationContext, met: Set<string>): (step: UndoStep) => boolean {
  const known = new Map<string, ReadonlySet<string>>()
  return ({ relation, kind, values, unknown, conflicts, blockers }) => {
    const columns = known.get(relation) ?? columnsOf(subjectOf(ctx, relation))
    known.set(relation, columns)
    const group = `${kind} ${relation}`
    if (!met.has(group)) {
      met.add(group)
      return true
    }
    const isUnknown = (column: string) => values[column] !== null && !columns.has(column)
    return conflicts.length + blockers.length + unknown.length > 0 || Object.keys(values).some(isUnknown)
  }
}
