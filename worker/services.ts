import { type AdminSource, recordWriter } from '@/lib/admin'
import { jobsOf } from '@/lib/admin/jobs'
import type { Service } from './context'
import { effectsService } from './effects'
import { jobsService } from './jobs'
import { tasksService } from './tasks'

/** Everything that runs for as long as a worker does, as the config wants it. */
export function servicesOf(source: AdminSource): readonly Service[] {
  return [
    effectsService({
      handlers: source.handlers,
      extend: (ctx) => ({
        ...ctx,
        ...recordWriter(
          { source, db: ctx.db, clock: ctx.clock },
          { actorId: `effect:${ctx.id}`, name: ctx.kind, road: 'effect', requestId: ctx.id },
        ),
      }),
    }),
    tasksService({
      tasks: source.tasks,
      extend: (ctx) => ({
        ...ctx,
        ...recordWriter(
          { source, db: ctx.db, clock: ctx.clock },
          { actorId: `task:${ctx.name}`, name: ctx.name, road: 'task', requestId: ctx.requestId },
        ),
      }),
    }),
    jobsService({ jobs: jobsOf(source) }),
  ]
}
