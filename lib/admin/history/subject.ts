import { isMalformedValue } from '@/lib/db/postgres-errors'
import { AdminError, notFound } from '@/lib/errors'
import { recordHistory } from '@/lib/history'
import type { RequestContext } from '../context'
import { loadLastVersion } from '../operations/versions'
import { assertRecordAllowed, isAllowed, rowCondition } from '../policy'
import { titleOf, toRecord } from '../record'
import type { Resource } from '../tree'
import type { Restorable } from '../view'
import type { ChangeView } from './change-view'
import { loadRecordHistory, maySeeAllOf } from './load-history'

/** Whom a history page is about. */
export interface Subject {
  title: string
  isGone: boolean
  /** Its history is that of its versions, in which a deleted one is whole. */
  hasVersions: boolean
  /** How it went, with all that was in it, where that is recorded. */
  deletion?: ChangeView
}

/**
 * The record a history is about: as it is, or, where it is gone, as it was last. What is gone can be asked about only by
 * those who may see every record of the resource, since no condition can be put to it any more.
 * @throws AdminError `not_found`, `forbidden`
 */
export async function findSubject(ctx: RequestContext, resource: Resource, id: string): Promise<Subject> {
  const where = await rowCondition(ctx, resource, 'read', 't')
  const row = await resource.storage.load(ctx.db, id, { where }).catch((error: unknown) => {
    if (isMalformedValue(error)) return undefined
    throw error
  })
  if (row) {
    await assertRecordAllowed(ctx, resource, 'read', toRecord(resource, row.texts))
    const hasVersions = resource.storage.versions !== undefined
    return { title: titleOf(resource, row.texts, row.id), isGone: false, hasVersions }
  }
  if (resource.storage.versions) {
    const last = await loadLastVersion(ctx, resource, id)
    return { title: titleOf(resource, last.texts, last.id), isGone: true, hasVersions: true }
  }
  const deletion = await findDeletion(ctx, resource, id)
  if (!deletion) throw notFound(`${resource.singular} ${id}`)
  return { title: deletion.title, isGone: true, hasVersions: false, deletion }
}

/**
 * What brings a record back that is gone, for somebody who may do that; undefined where it is there, or nothing would.
 * @throws AdminError `forbidden`
 */
export async function findRestorable(
  ctx: RequestContext,
  resource: Resource,
  id: string,
): Promise<Restorable | undefined> {
  const subject = await findSubject(ctx, resource, id).catch((error: unknown) => {
    if (error instanceof AdminError && error.code === 'not_found') return undefined
    throw error
  })
  if (!subject?.isGone || !(await isAllowed(ctx, resource, 'create'))) return undefined
  if (subject.deletion) return { change: subject.deletion.id }
  return subject.hasVersions ? {} : undefined
}

/** How and by whom a record went, for those who may see every record of the resource. */
export async function findDeletion(
  ctx: RequestContext,
  resource: Resource,
  id: string,
): Promise<ChangeView | undefined> {
  if (!resource.history || !(await maySeeAllOf(ctx, resource))) return undefined
  const isStillThere = await resource.storage.load(ctx.db, id).catch(() => undefined)
  if (isStillThere) throw new AdminError('forbidden', `You may not open this ${resource.singular.toLowerCase()}.`)
  const { changes } = await recordHistory(ctx.db, resource.shape.relation, id, { limit: 1 })
  if (changes[0]?.op !== 'delete') return undefined
  return (await loadRecordHistory(ctx, resource, id, { limit: 1, isWhole: true })).changes[0]
}
