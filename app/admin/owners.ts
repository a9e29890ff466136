import type { RequestContext } from '@/lib/admin'
import { OWNER_ROLE } from '@/lib/auth'
import { forbidden } from '@/lib/errors'

/** Pages and actions about the site itself rather than its records are the owners'. */
export const isOwner = (ctx: RequestContext): boolean => ctx.actor.role === OWNER_ROLE

/** @throws AdminError `forbidden` */
export function assertOwner(ctx: RequestContext): void {
  if (!isOwner(ctx)) throw forbidden('Only owners may look after the site itself.')
}
