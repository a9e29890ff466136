'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { answerUndo, undoChoice } from '@/lib/admin/operations/undo-job'
import type { ActionResult } from '@/lib/admin/view'
import { forbidden, invalid, notFound } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { cancelJob, getJob, resumeJob } from '@/lib/tasks'
import { actionContext } from '../../../context'
import { answer } from '../../../report'
import { maySeeJob } from './owners'

const input = z.object({ operation: z.enum(['cancel', 'resume']), id: z.uuid() })

/** Stops a job after its chunk, or goes on with one that stopped. */
export async function changeJob(given: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const parsed = input.safeParse(given)
    if (!parsed.success) throw invalid('The request is malformed.')
    const { operation, id } = parsed.data
    const { ctx, sql, job } = await steering(id)
    const isDone = operation === 'cancel' ? await cancelJob(sql, id, ctx.actor.id) : await resumeJob(sql, id)
    revalidatePath(`/admin/tasks/jobs/${id}`)
    if (!isDone) return { message: CHANGED, value: null }
    const [stopped, resumed] = job.isChecking
      ? ['Stopped: nothing was done.', 'It is looked through once more first.']
      : ['It stops after the part under way. What is done stays.', 'It goes on where it stopped.']
    return { message: operation === 'cancel' ? stopped : resumed, value: null }
  })
}

const CHANGED = 'Nothing to do: its state has changed meanwhile.'

const answerInput = z.object({ id: z.uuid(), token: z.string().max(100), chosen: undoChoice })

/** Tells a large undo what to do about what it found in its way. */
export async function answerUndoJob(given: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const parsed = answerInput.safeParse(given)
    if (!parsed.success) throw invalid('The request is malformed.')
    const { id, token, chosen } = parsed.data
    const { ctx, sql } = await steering(id)
    const isAnswered = await answerUndo(sql, id, { token, chosen, actor: ctx.actor.id })
    revalidatePath(`/admin/tasks/jobs/${id}`)
    if (!isAnswered) return { message: CHANGED, value: null }
    if (!chosen.leaveOut) return { message: 'It is looked through once more, then undone.', value: null }
    return { message: chosen.overrule ? 'It is undone now.' : 'The rest is undone now.', value: null }
  })
}

/** Who steers, and what. @throws AdminError `not_found`, `forbidden` */
async function steering(id: string) {
  const ctx = await actionContext('jobs')
  const { sql } = (await getRuntime()).db
  const job = await getJob(sql, id)
  if (!job) throw notFound('The job')
  if (!maySeeJob(ctx, job)) throw forbidden('Only owners and whoever asked for a job may steer it.')
  return { ctx, sql, job }
}
