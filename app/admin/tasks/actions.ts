'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import type { ActionResult } from '@/lib/admin/view'
import { invalid, notFound } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { pauseTask, resetTask, resumeTask, runTaskNow } from '@/lib/tasks'
import { actionContext } from '../../context'
import { answer } from '../../report'
import { assertOwner } from '../owners'

const input = z.object({ operation: z.enum(['run', 'pause', 'resume', 'reset']), name: z.string().max(300) })

const DONE = {
  run: 'runs as soon as a worker is free',
  pause: 'is paused; a run under way goes on',
  resume: 'goes on',
  reset: 'starts afresh',
} as const

/** Runs a task now, pauses, resumes or resets it. */
export async function changeTask(given: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const parsed = input.safeParse(given)
    if (!parsed.success) throw invalid(`The request is malformed: ${z.prettifyError(parsed.error)}`)
    const ctx = await actionContext('tasks')
    assertOwner(ctx)
    const { operation, name } = parsed.data
    const { db, admin } = await getRuntime()
    const operator = { db, provenance: { actor: ctx.actor.id, source: ctx.source, requestId: ctx.requestId } }
    const task = admin.tasks.get(name)
    if (operation === 'run') await runTaskNow(operator, name)
    else if (operation === 'pause') await pauseTask(operator, name)
    else if (!task) throw notFound(`The task “${name}”`)
    else if (operation === 'resume') await resumeTask(operator, task)
    else await resetTask(operator, task)
    revalidatePath('/admin/tasks')
    return { message: `“${name}” ${DONE[operation]}.`, value: null }
  })
}
