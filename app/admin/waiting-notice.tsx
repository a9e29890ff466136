import type { RequestContext } from '@/lib/admin'
import { getRuntime } from '@/lib/runtime'
import { listJobs } from '@/lib/tasks'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'

/** Tells whoever asked for a background job that it waits for their answer; nothing otherwise. */
export async function WaitingNotice({ ctx }: { ctx: RequestContext }) {
  const { db } = await getRuntime()
  const jobs = await listJobs(db.sql, { actor: ctx.actor.id, isWaiting: true, size: 5 })
  return jobs.map(({ id, title }) => (
    <Banner
      key={id}
      tone="warn"
      action={
        <ButtonLink size="small" href={`/admin/tasks/jobs/${id}`}>
          Decide
        </ButtonLink>
      }
    >
      “{title}” waits for your answer. Nothing is done until then.
    </Banner>
  ))
}
