import { redirect } from 'next/navigation'
import { type Attempted, forPage } from '@/app/page-outcome'
import type { RequestContext } from '@/lib/admin'
import { findDeletion, findSubject } from '@/lib/admin/history/subject'
import { recordHref } from '@/lib/admin/menu'
import type { Resource } from '@/lib/admin/tree'
import type { AdminError } from '@/lib/errors'
import { ExpiredRecord } from './expired-record'

interface Props {
  ctx: RequestContext
  resource: Resource
  id: string
  /** `not_found` or `expired` */
  error: AdminError
  attempted: Attempted
}

/** A record that is gone says by whom and when it was deleted, and offers to bring it back: its history does. */
export async function GoneRecord({ ctx, resource, id, error, attempted }: Props) {
  if (await forPage(isTold(ctx, resource, id), attempted)) redirect(`${recordHref(resource, id)}/history`)
  if (error.code === 'expired') return <ExpiredRecord ctx={ctx} resource={resource} message={error.message} />
  return forPage(Promise.reject(error), attempted)
}

/** Whether a history tells how the record went. */
async function isTold(ctx: RequestContext, resource: Resource, id: string): Promise<boolean> {
  if (!resource.storage.versions) return (await findDeletion(ctx, resource, id)) !== undefined
  const subject = await findSubject(ctx, resource, id).catch(() => undefined)
  return subject?.isGone === true
}
