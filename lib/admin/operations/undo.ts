import { AdminError } from '@/lib/errors'
import { isBeyondLimit, recordKey, type UndoPlan, type UndoSelector, undoPlan, withNeeded } from '@/lib/history'
import type { OperationContext, RequestContext } from '../context'
import type { UndoObstacle, UndoRequest } from '../history/undo-view'
import { titleOf } from '../record'
import { inTransaction, type Road } from './road'
import { InTheWay } from './undo-in-the-way'
import { nameOthers, type Obstacle } from './undo-others'
import { takeSteps } from './undo-take'
import { type WeighedStep, weighSteps } from './undo-weigh'

/** A record that was there by what has been undone. */
interface RemovedRecord {
  /** Key of the resource. */
  resource: string
  id: string
  title: string
}

export interface Undone {
  /** How many changes were undone. */
  undone: number
  removed: RemovedRecord[]
  /** Whether it did nothing but remove. */
  isRemoval: boolean
}

/**
 * Undoes up to 10,000 changes in one transaction: all or none. Each record is taken back by the same road as a person's
 * own change, so it is authorised, validated, hooked and logged (with what it undid), and an undo can never do what the
 * person may not do now.
 * @returns how many changes were undone, and the records that went with that
 * @throws AdminError `conflict` with `undo` (an UndoRefusal) where later changes, keys or missing values are in the way
 *   and the request does not say what to do about them; `conflict` where all of it is undone already; `not_found`,
 *   `forbidden`, `too_large`, and whatever the operations themselves refuse
 */
export function undoChanges(road: Road, request: UndoRequest): Promise<Undone> {
  const ctx = { ...road.ctx, source: 'undo' }
  // Errors are explained by the step that met them; this one only stands for the site.
  const [anyResource] = ctx.admin.resources.values()
  return inTransaction({ ...road, ctx }, anyResource!, (inside) => undoInside(inside, request))
}

/** The same within a transaction that is already open. */
async function undoInside(ctx: OperationContext, request: UndoRequest): Promise<Undone> {
  const selector = selectorOf(request)
  const { plan, steps, leftOut } = await settleSteps(ctx, request, (without) =>
    undoPlan(ctx.tx, selector, { lock: true, without }),
  )
  assertKnown(plan, selector)
  if (steps.length === 0) throw nothingToDo(plan, leftOut)
  return { ...(await takeAll(ctx, steps)), removed: removedBy(steps), isRemoval: steps.every(isRemoval) }
}

const isRemoval = ({ step }: WeighedStep) => step.kind === 'remove'

/** The records, links between them left aside, that an undo of their creation removes. */
function removedBy(steps: readonly WeighedStep[]): RemovedRecord[] {
  return steps.flatMap(({ step, subject: { resource, link }, row }) =>
    step.kind === 'remove' && !link && row
      ? [{ resource: resource.key, id: row.id, title: titleOf(resource, row.texts, row.id) }]
      : [],
  )
}

/**
 * Undoes a part of a larger undo within its transaction: those of `ids` that can be. What has nothing left to do is
 * passed over, what is in the way left out.
 * @param options.whole the undo it is a part of: what it needs of that comes along
 * @returns how many changes were undone, and what was in the way of the others, single values included
 */
export async function undoPart(
  ctx: OperationContext,
  ids: readonly string[],
  request: Pick<UndoRequest, 'overrule' | 'overruleUpTo' | 'given'>,
  options: { cascades: boolean; whole: UndoSelector },
): Promise<{ undone: number; leftOut: UndoObstacle[] }> {
  const asked = options.cascades ? ids : await withNeeded(ctx.tx, ids, options.whole)
  const { steps, leftOut } = await settleSteps(ctx, { ...request, leaveOut: true }, (without) =>
    undoPlan(ctx.tx, { ids: asked }, { cascades: options.cascades, lock: true, without }),
  )
  const named = await nameOthers(ctx, [...leftOut, ...steps.flatMap((step) => step.leftOut)])
  return { ...(await takeAll(ctx, steps)), leftOut: named }
}

/** Plans until nothing is in the way: what is left out may have been what other steps need, so it is planned again. */
export async function settleSteps(
  ctx: OperationContext,
  request: Pick<UndoRequest, 'overrule' | 'overruleUpTo' | 'leaveOut' | 'given'>,
  makePlan: (without: ReadonlySet<string>) => Promise<UndoPlan>,
): Promise<{ plan: UndoPlan; steps: WeighedStep[]; leftOut: Obstacle[] }> {
  const without = new Set<string>()
  const leftOut: Obstacle[] = []
  for (;;) {
    const plan = await makePlan(without)
    const steps = await weighSteps(ctx, plan.steps, request)
    const blocked = steps.filter(({ obstacles }) => obstacles.length > 0)
    if (blocked.length === 0) return { plan, steps, leftOut }
    if (!request.leaveOut) {
      const inTheWay = new InTheWay()
      for (const step of blocked) inTheWay.add(step)
      throw await inTheWay.refusal(ctx, steps.length - blocked.length)
    }
    for (const { step, obstacles } of blocked) {
      without.add(recordKey(step))
      leftOut.push(obstacles[0]!)
    }
  }
}

async function takeAll(ctx: OperationContext, steps: readonly WeighedStep[]): Promise<{ undone: number }> {
  await takeSteps(ctx, steps)
  return { undone: steps.reduce((sum, { step }) => sum + step.undoes.length, 0) }
}

/** Whether it is more than one transaction takes: then it goes in parts, and only that is to be asked. */
export const isLargeUndo = ({ db }: RequestContext, request: UndoRequest): Promise<boolean> =>
  isBeyondLimit(db, selectorOf(request))

export function selectorOf({ ids, tx, request }: UndoRequest): UndoSelector {
  if (ids) return { ids: [...new Set(ids)] }
  if (tx) return { tx }
  return { request: request ?? '' }
}

/** @throws AdminError `not_found` for changes that never were, or are no longer in the log */
function assertKnown({ changeIds }: UndoPlan, selector: UndoSelector): void {
  const known = new Set(changeIds)
  const isKnown = 'ids' in selector ? selector.ids.every((id) => known.has(id)) : known.size > 0
  if (!isKnown)
    throw new AdminError(
      'not_found',
      'The change is not in the history: there never was one, or its month has been archived.',
    )
}

function nothingToDo(plan: UndoPlan, leftOut: readonly Obstacle[]): AdminError {
  if (leftOut.length > 0) return new AdminError('conflict', 'Nothing is left to undo without those records.')
  if (plan.undone.length > 0)
    return new AdminError('conflict', 'There is nothing to undo: it has been undone already. Undo the undo to redo it.')
  return new AdminError('conflict', 'There is nothing to undo: everything is already as it was before.')
}
