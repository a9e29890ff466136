import { type SQL, sql } from 'drizzle-orm'
import { AdminError, invalid } from '@/lib/errors'
import { type RestoreLinks, type RestoreScope, recordedSince, restorePlan } from '@/lib/history'
import type { OperationContext, RequestContext } from '../context'
import type { UndoRequest } from '../history/undo-view'
import { parseListState } from '../list'
import { listCondition } from '../list/read'
import { assertAllowed, isAllowed } from '../policy'
import { loadReadable } from '../record-view'
import { travel } from '../time-travel/travel'
import type { Resource } from '../tree'
import { inTransaction, type Road } from './road'
import { settleSteps } from './undo'
import { takeSteps } from './undo-take'
import type { WeighedStep } from './undo-weigh'

/** Which records to take back to a moment, and what to do about what is in the way. */
export interface RestoreRequest extends Pick<UndoRequest, 'overrule' | 'leaveOut' | 'given'> {
  /** The moment as addresses have it. */
  at: string
  /** One record; or the list's own query string: what it showed then, and what it shows now. Links go back with either. */
  what: { id: string } | { query: string }
}

/** What a restore does, or would do: records by what becomes of them, and links that come or go. */
export interface RestoreCounts {
  changed: number
  returned: number
  removed: number
  links: number
  /** Other records that come back with those whose deletion had taken them along, or point at them again. */
  along: number
}

/**
 * Takes records back to what they were at a moment, up to 10,000 in one transaction: all or none. By the same road as a
 * person's own change: authorised, validated, hooked, logged.
 * @throws AdminError `conflict` with `undo` (an UndoRefusal) where something is in the way and the request does not say
 *   what to do about it; `conflict` where all is as it was then; `too_large`, `invalid`, `forbidden`, and whatever the
 *   operations themselves refuse
 */
export function restoreRecords(road: Road, resource: Resource, request: RestoreRequest): Promise<RestoreCounts> {
  return inTransaction({ ...road, ctx: { ...road.ctx, source: 'restore' } }, resource, async (ctx) => {
    const { steps, leftOut } = await settled(ctx, resource, request)
    if (steps.length === 0) {
      const message = leftOut.length > 0 ? 'Nothing is left to restore without those records.' : ALREADY
      throw new AdminError('conflict', message)
    }
    await takeSteps(ctx, steps)
    return countsOf(resource, steps)
  })
}

/**
 * How many records a restore would touch, with nothing changed. Whatever is in the way is left out of account.
 * @throws AdminError as `restoreRecords` does
 */
export function countRestore(road: Road, resource: Resource, request: RestoreRequest): Promise<RestoreCounts> {
  return inTransaction(road, resource, async (ctx) => {
    const plan = await restorePlan(ctx.tx, await scopesOf(ctx, resource, request), request.at)
    const steps = plan.steps.filter(({ blockers }) => !blockers.some(({ kind }) => kind === 'already'))
    return countsOf(
      resource,
      steps.map((step) => ({ step })),
    )
  })
}

/** Whether the person may take records of it back at all: each one is asked about when it is. */
export const mayRestore = async (ctx: RequestContext, resource: Resource): Promise<boolean> =>
  resource.storage.versions === undefined && (await isAllowed(ctx, resource, 'update'))

const ALREADY = 'There is nothing to restore: everything is as it was then.'

async function settled(ctx: OperationContext, resource: Resource, request: RestoreRequest) {
  const { at, what } = request
  const scopes = await scopesOf(ctx, resource, request)
  const found = await settleSteps(ctx, request, (without) => restorePlan(ctx.tx, scopes, at, { lock: true, without }))
  const returns = found.steps.some(({ step }) => step.kind !== 'remove')
  if ('id' in what && returns) await assertSeenThen(ctx, resource, at, what.id)
  return found
}

/** Nobody brings back what they may not see. */
async function assertSeenThen(ctx: OperationContext, resource: Resource, at: string, id: string): Promise<void> {
  const past = await travel(ctx, resource, at, 'record')
  await loadReadable(past.ctx, past.resource, id)
}

function countsOf(resource: Resource, steps: readonly Pick<WeighedStep, 'step'>[]): RestoreCounts {
  const own = steps.filter(({ step }) => step.relation === resource.shape.relation)
  const of = (kind: WeighedStep['step']['kind']) => own.filter(({ step }) => step.kind === kind).length
  const joins = new Set(resource.manyToMany.map(({ join }) => join.relation))
  const links = steps.filter(({ step }) => joins.has(step.relation)).length
  const along = steps.length - own.length - links
  return { changed: of('set'), returned: of('restore'), removed: of('remove'), links, along }
}

async function scopesOf(
  ctx: OperationContext,
  resource: Resource,
  { at, what }: RestoreRequest,
): Promise<RestoreScope[]> {
  // Append-only records have a way of their own: an earlier version is written again.
  if (resource.storage.versions) throw invalid(`${resource.plural} keep their versions: restore one of those.`)
  await assertAllowed(ctx, resource, 'update')
  const { schema, name } = resource.shape
  const links = await linksOf(ctx, resource)
  if ('id' in what) return [{ schema, name, links, recordIds: [what.id] }]
  return [{ schema, name, links, ...(await conditionsOf(ctx, resource, at, what.query)) }]
}

/** The join tables of a resource's own associations, as far as their changes are recorded. */
async function linksOf(ctx: OperationContext, { manyToMany, shape }: Resource): Promise<RestoreLinks[]> {
  const recorded = await recordedSince(
    ctx.tx,
    manyToMany.map(({ join }) => join.relation),
  )
  const columnOf = (name: string) => shape.columns.find(({ field }) => field === name)?.name ?? name
  return manyToMany
    .filter(({ join }) => recorded.has(join.relation))
    .map(({ join, ownColumns, ownFields }) => ({
      schema: join.schema,
      name: join.name,
      owner: ownColumns.map(({ name }, at) => ({ column: name, holds: columnOf(ownFields[at] ?? '') })),
    }))
}

/** What the list's query asks of rows of then, and of rows of now; each as far as the person may see them. */
async function conditionsOf(
  ctx: RequestContext,
  resource: Resource,
  at: string,
  query: string,
): Promise<{ past: SQL; present: SQL }> {
  const then = await travel(ctx, resource, at)
  if (!then.asOf || then.asOf.begins) throw invalid(then.notice ?? `Nothing is known of ${at}.`)
  const conditionOf = async (asked: RequestContext, shown: Resource) => {
    const { state, notices } = await parseListState(shown, new URLSearchParams(query), asked)
    // A page can say that it left a filter out; here that would touch records nobody asked for.
    if (notices.length > 0) throw invalid(`Nothing was restored. ${notices.join(' ')}`)
    return (await listCondition(asked, state)).where ?? sql`true`
  }
  return { past: await conditionOf(then.ctx, then.resource), present: await conditionOf(ctx, resource) }
}
