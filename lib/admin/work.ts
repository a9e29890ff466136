import type { ZodType } from 'zod'
import { OWNER_ROLE } from '@/lib/auth'
import type { Database } from '@/lib/db/client'
import {
  handler as declareHandler,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerOptions,
} from '@/lib/effects'
import { AdminError } from '@/lib/errors'
import { task as declareTask, type TaskContext, type TaskDefinition, type TaskOptions } from '@/lib/tasks'
import { createRecord } from './operations/create'
import { deleteRecords } from './operations/delete'
import { updateRecord } from './operations/update'
import { toRecord } from './record'
import { requestContext } from './request-context'
import type { AdminSource } from './resolve'
import type { RecordValues, Resource } from './tree'

/** What handlers and tasks change records with: the one road, as an actor of their own. */
export interface RecordWriter {
  /** Creates a record ('catalogue/products') with hooks and history; resolves to it as stored. */
  create(resource: string, values: RecordValues): Promise<RecordValues>
  update(resource: string, id: string, values: RecordValues): Promise<RecordValues>
  delete(resource: string, id: string): Promise<void>
}

/** Declares what carries out one kind of effect: `handler({ payload: z.object({ … }), run: async (payload, ctx) => … })`. */
export function handler<Shape extends ZodType>(
  options: HandlerOptions<Shape, HandlerContext & RecordWriter>,
): HandlerDefinition {
  return declareHandler<Shape, HandlerContext & RecordWriter>(options)
}

/** Declares work done again and again, by one worker at a time, whose value is carried from run to run. */
export function task<Value>(options: TaskOptions<Value, TaskContext & RecordWriter>): TaskDefinition {
  return declareTask<Value, TaskContext & RecordWriter>(options)
}

/**
 * Gives a handler or task what changes records. Each write is a transaction of its own, known to policies and the log
 * by `actorId` ('effect:<id>', 'task:<name>') with the owner's role.
 */
export function recordWriter(
  { source, db, clock }: { source: AdminSource; db: Database; clock: { now(): Date } },
  { actorId, name, road, requestId }: { actorId: string; name: string; road: 'effect' | 'task'; requestId: string },
): RecordWriter {
  const actor = { id: actorId, name, role: OWNER_ROLE }
  const on = async (key: string) => {
    const ctx = await requestContext({ source, db, clock, actor, requestId, road })
    return { ctx, resource: resourceNamed(source, key) }
  }
  return {
    async create(key, values) {
      const { ctx, resource } = await on(key)
      return toRecord(resource, (await createRecord({ ctx }, resource, { typed: values })).texts)
    },
    async update(key, id, values) {
      const { ctx, resource } = await on(key)
      return toRecord(resource, (await updateRecord({ ctx }, resource, id, { typed: values })).row.texts)
    },
    async delete(key, id) {
      const { ctx, resource } = await on(key)
      await deleteRecords({ ctx }, resource, [id])
    },
  }
}

/** Workers have no request, so they know the fixed catalogue of resources alone. */
function resourceNamed({ admin }: AdminSource, key: string): Resource {
  const resource = admin.resources.get(key)
  if (!resource) throw new AdminError('misconfigured', `There is no resource “${key}”: a handler or task names it.`)
  return resource
}
