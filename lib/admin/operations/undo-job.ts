import { z } from 'zod'
import { AdminError } from '@/lib/errors'
import { countChanges, undoChunk } from '@/lib/history'
import { defineJob, type Job, requestJob } from '@/lib/tasks'
import type { UndoRequest } from '../history/undo-view'
import { jobContext } from '../request-context'
import type { AdminSource } from '../resolve'
import { operationContext, type Road } from './road'
import { selectorOf, undoPart } from './undo'
import { checkWhole } from './undo-check'

/** Changes undone by one transaction of a large undo. */
const CHUNK = 500

const KIND = 'undo'
const params = z.object({
  tx: z.union([z.string(), z.array(z.string())]).optional(),
  request: z.string().optional(),
  ids: z.array(z.string()).optional(),
  overrule: z.boolean().optional(),
  overruleUpTo: z.string().optional(),
  given: z.record(z.string(), z.string()).optional(),
})

/**
 * An undo of any size, chunk after chunk from the newest change to the oldest, each a transaction of its own: a crash
 * resumes where it stopped. Records that cannot be undone are left out and stand in the job's report; so do
 * those that were changed after the check of the whole, even where the person overruled what it found.
 */
export const undoJob = (source: AdminSource): Job =>
  defineJob({
    kind: KIND,
    params,
    async prepare(asked, { db }) {
      const total = await countChanges(db.orm, selectorOf(asked))
      return { cursor: total > 0 ? {} : null, total }
    },
    async runChunk(asked, cursor: { before?: string }, job) {
      const ctx = operationContext(await jobContext(source, job), job.tx)
      const whole = selectorOf(asked)
      const { ids, next, size } = await undoChunk(job.tx, whole, cursor.before, CHUNK)
      // What a deletion took along is part of its transaction, so another chunk brings it back.
      const { leftOut } = await undoPart(ctx, ids, asked, { cascades: asked.ids !== undefined, whole })
      for (const { record, label, reason } of leftOut) job.fail(label ? `${record}, ${label}` : record, reason)
      return { next: next === null ? null : { before: next }, done: size }
    },
  })

/**
 * Asks for an undo in the background, of more than one transaction takes. The whole is checked first; what each record
 * needs is decided when its chunk is undone, with the rights the person then has.
 * @returns the job's id
 * @throws AdminError `not_found` where there are no such changes; `conflict` with `undo` (an UndoRefusal) where
 *   something is in the way and the request does not say what to do about it, `forbidden`: nothing is started then
 */
export async function requestUndo(road: Road, request: UndoRequest): Promise<string> {
  const { ctx, reason } = road
  const asked = params.parse(request)
  const count = await countChanges(ctx.db, selectorOf(asked))
  if (count === 0) throw new AdminError('not_found', 'The changes are not in the history.')
  const overruleUpTo = await checkWhole(road, request)
  return requestJob(ctx.db, {
    kind: KIND,
    title: `Undo ${count.toLocaleString('en')} changes`,
    params: { ...asked, overruleUpTo },
    actor: ctx.actor.id,
    source: 'undo',
    reason,
  })
}
