import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { payloadText } from '@/lib/db/json-text'
import { AdminError } from '@/lib/errors'

export interface JobRequest {
  kind: string
  /** What the job is called on its page: 'Change the price of 12,000 products'. */
  title: string
  params: unknown
  /** On whose behalf its writes are made and logged. */
  actor: string
  /** The road its writes name: an action's key, 'import', 'undo'. */
  source: string
  reason?: string
}

/** Queues a job on `executor`: inside a transaction it starts only if that commits. Resolves to its id. */
export async function requestJob(executor: Pick<Executor, 'execute'>, job: JobRequest): Promise<string> {
  const [row] = await executor.execute<{ id: string }>(sql`
    insert into kontor.jobs (kind, title, params, actor, source, reason)
    values (${job.kind}, ${job.title}, ${payloadText(job.params)}::jsonb, ${job.actor}, ${job.source}, ${job.reason ?? null})
    returning id`)
  if (!row) throw new AdminError('unexpected', 'The job was not recorded.')
  return row.id
}
