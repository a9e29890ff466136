import type { Sql } from 'postgres'
import { z } from 'zod'
import { assertOwner } from '@/app/admin/owners'
import { maySeeJob } from '@/app/admin/tasks/jobs/owners'
import { actionContext } from '@/app/context'
import { respondJson } from '@/app/respond'
import type { RequestContext } from '@/lib/admin'
import { effectPulse, effectsPulse } from '@/lib/effects'
import { invalid } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { getJob, pulseOfJob, tasksPulse } from '@/lib/tasks'

/** 'effects', 'effect:<id>', 'tasks', 'job:<id>'. */
const topic = z.string().regex(/^(effects|tasks|(effect|job):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/)

/** What a page that is open asks again and again: a text that changes when what it shows does. */
export function GET(request: Request): Promise<Response> {
  return respondJson(async () => {
    const of = topic.safeParse(new URL(request.url).searchParams.get('of'))
    if (!of.success) throw invalid('There is nothing of that name to follow.')
    const ctx = await actionContext('pulse')
    const [name, id = ''] = of.data.split(':')
    const { sql } = (await getRuntime()).db
    const pulse = await pulseOf(ctx, sql, name, id)
    return { pulse }
  })
}

async function pulseOf(ctx: RequestContext, sql: Sql, name: string | undefined, id: string): Promise<string> {
  if (name === 'job') {
    const job = await getJob(sql, id)
    return job && maySeeJob(ctx, job) ? pulseOfJob(job) : ''
  }
  assertOwner(ctx)
  if (name === 'effect') return effectPulse(sql, id)
  return name === 'tasks' ? tasksPulse(sql) : effectsPulse(sql)
}
