import type { RequestContext } from '@/lib/admin'
import type { JobRow } from '@/lib/tasks'
import { isOwner } from '../../owners'

/** A job is its asker's and the owners'. */
export const maySeeJob = (ctx: RequestContext, job: JobRow): boolean => isOwner(ctx) || job.actor === ctx.actor.id
