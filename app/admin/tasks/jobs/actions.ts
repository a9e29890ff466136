'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
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
    const ctx = await actionContext('jobs')
    const { sql } = (await getRuntime()).db
    const job = await getJob(sql, id)
    if (!job) throw notFound('The job')
    if (!maySeeJob(ctx, job)) throw forbidden('Only owners and whoever asked for a job may steer it.')
    const isDone = operation === 'cancel' ? await cancelJob(sql, id, ctx.actor.id) : await resumeJob(sql, id)
    revalidatePath(`/admin/tasks/jobs/${id}`)
    if (!isDone) return { message: 'Nothing to do: its state has changed meanwhile.', value: null }
    const message =
      operation === 'cancel' ? 'It stops after the part under way. What is done stays.' : 'It goes on where it stopped.'
    return { message, value: null }
  })
}
