import { z } from 'zod'
import { assertOwner } from '@/app/admin/owners'
import { actionContext } from '@/app/context'
import { respondError } from '@/app/respond'
import { effectPulse, effectsPulse } from '@/lib/effects'
import { invalid } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { jobPulse, tasksPulse } from '@/lib/tasks'

/** 'effects', 'effect:<id>', 'tasks', 'job:<id>'. */
const topic = z.string().regex(/^(effects|tasks|(effect|job):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/)

/** What a page that is open asks again and again: a text that changes when what it shows does. */
export async function GET(request: Request): Promise<Response> {
  try {
    const of = topic.safeParse(new URL(request.url).searchParams.get('of'))
    if (!of.success) throw invalid('There is nothing of that name to follow.')
    const ctx = await actionContext('pulse')
    const [name, id = ''] = of.data.split(':')
    // A job's own page is also for whoever asked for it; its pulse tells nobody anything.
    if (name !== 'job') assertOwner(ctx)
    const { sql } = (await getRuntime()).db
    const pulse = await (name === 'effects'
      ? effectsPulse(sql)
      : name === 'effect'
        ? effectPulse(sql, id)
        : name === 'tasks'
          ? tasksPulse(sql)
          : jobPulse(sql, id))
    return Response.json({ pulse }, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return respondError(error)
  }
}
