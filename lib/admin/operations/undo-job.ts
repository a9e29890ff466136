import type postgres from 'postgres'
import { z } from 'zod'
import { AdminError } from '@/lib/errors'
import { countChanges, presentSnapshot, undoChunk } from '@/lib/history'
import { answerJob, defineJob, type Job, type JobContext, questionOfJob, requestJob } from '@/lib/tasks'
import type { UndoChoice, UndoQuestion, UndoRequest } from '../history/undo-view'
import { jobContext } from '../request-context'
import type { AdminSource } from '../resolve'
import { operationContext, type Road } from './road'
import { selectorOf, undoPart } from './undo'
import { type Found, lookAtPart } from './undo-check'
import { reasonInFull } from './undo-others'

/** Changes undone by one transaction of a large undo. */
const CHUNK = 500

const KIND = 'undo'
/** What a person chooses where something is in the way. */
export const undoChoice = z.object({
  overrule: z.boolean().optional(),
  leaveOut: z.boolean().optional(),
  given: z.record(z.string().max(3000), z.string().max(1_000_000)).optional(),
})
const choice = undoChoice.extend({ overruleUpTo: z.string().optional() })
const params = choice.extend({
  tx: z.union([z.string(), z.array(z.string())]).optional(),
  request: z.string().optional(),
  ids: z.array(z.string()).optional(),
})

/** What was asked for, with what was said since to what is in its way. */
const settled = (asked: z.output<typeof params>, { answer }: JobContext): UndoRequest =>
  answer === null ? asked : { ...asked, ...choice.parse(answer) }

/**
 * An undo of any size. All of it is looked through before any of it is done, a part at a time; where something is in the way,
 * the job waits until somebody has chosen. Then it goes chunk after chunk from the newest change to the oldest, each a
 * transaction of its own: a crash resumes where it stopped. Records that cannot be undone are left out and stand in the
 * job's report; so do those that were changed after the look, even where the person overruled what it found.
 */
export const undoJob = (source: AdminSource): Job =>
  defineJob({
    kind: KIND,
    params,
    async prepare(asked, { db }) {
      const total = await countChanges(db.orm, selectorOf(asked))
      return { cursor: total > 0 ? {} : null, total }
    },
    async check(asked, found: Found | null, job) {
      const request = settled(asked, job)
      if (request.leaveOut) return { next: null, checked: 0 }
      return lookAtPart(operationContext(await jobContext(source, job), job.tx), request, found)
    },
    async runChunk(asked, cursor: { before?: string }, job) {
      const ctx = operationContext(await jobContext(source, job), job.tx)
      const whole = selectorOf(asked)
      const { ids, next, size } = await undoChunk(job.tx, whole, cursor.before, CHUNK)
      // What a deletion took along is part of its transaction, so another chunk brings it back.
      const options = { cascades: asked.ids !== undefined, whole }
      const { leftOut } = await undoPart(ctx, ids, settled(asked, job), options)
      for (const obstacle of leftOut) {
        const { record, label } = obstacle
        job.fail(label ? `${record}, ${label}` : record, reasonInFull(obstacle))
      }
      return { next: next === null ? null : { before: next }, done: size }
    },
  })

/**
 * Asks for an undo in the background, of more than one transaction takes. What is in its way is found there; what each
 * record needs is decided when its chunk is undone, with the rights the person then has.
 * @returns the job's id
 * @throws AdminError `not_found` where there are no such changes
 */
export async function requestUndo(road: Road, request: UndoRequest): Promise<string> {
  const { ctx, reason } = road
  const asked = params.parse(request)
  const count = await countChanges(ctx.db, selectorOf(asked))
  if (count === 0) throw new AdminError('not_found', 'The changes are not in the history.')
  const overruleUpTo = asked.overrule ? await presentSnapshot(ctx.db) : undefined
  return requestJob(ctx.db, {
    kind: KIND,
    title: `Undo ${count.toLocaleString('en')} changes`,
    params: { ...asked, overruleUpTo },
    actor: ctx.actor.id,
    source: 'undo',
    reason,
  })
}

/** What a large undo waits to be told, with the token that names it; undefined where it does not wait. */
export async function questionOfUndo(
  sql: postgres.Sql,
  id: string,
): Promise<{ question: UndoQuestion; token: string } | undefined> {
  const asked = await questionOfJob(sql, id)
  return asked && { question: asked.question as UndoQuestion, token: asked.token }
}

/**
 * Tells a large undo what to do about what is in its way. Only what it found is overruled, not what came after.
 * @returns whether it was still waiting for that
 */
export async function answerUndo(
  sql: postgres.Sql,
  id: string,
  { token, chosen, actor }: { token: string; chosen: UndoChoice; actor: string },
): Promise<boolean> {
  const asked = await questionOfJob(sql, id)
  if (asked?.token !== token) return false
  const earlier = choice.nullable().parse(asked.answer)
  const answer = {
    overrule: chosen.overrule || earlier?.overrule,
    overruleUpTo: chosen.overrule ? (asked.question as UndoQuestion).upTo : earlier?.overruleUpTo,
    leaveOut: chosen.leaveOut || earlier?.leaveOut,
    given: { ...earlier?.given, ...chosen.given },
  }
  return answerJob(sql, id, { token, answer, actor })
}
