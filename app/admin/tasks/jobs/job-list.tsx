import type { RequestContext } from '@/lib/admin'
import type { JobRow } from '@/lib/tasks'
import card from '@/lib/ui/card.module.css'
import { PageLink } from '@/lib/ui/page-link'
import { Status } from '@/lib/ui/status/status'
import { Moment } from '../../moment'
import tasks from '../tasks.module.css'
import styles from './jobs.module.css'
import { JobProgress } from './progress'
import { jobState } from './states'

/** Work on many records that people asked for, the latest first. */
export function JobList({ ctx, jobs }: { ctx: RequestContext; jobs: readonly JobRow[] }) {
  if (jobs.length === 0) return null
  return (
    <section className={card.card} aria-label="Background jobs">
      <div className={tasks.head}>
        <h2>Background jobs</h2>
        <span className={tasks.quiet}>Work on many records, a part at a time.</span>
      </div>
      <ul className={styles.list}>
        {jobs.map((job) => {
          const [label, tone] = jobState(job)
          return (
            <li key={job.id}>
              <span>
                <PageLink href={`/admin/tasks/jobs/${job.id}`}>{job.title}</PageLink>{' '}
                <span className={styles.when}>
                  <Moment ctx={ctx} text={job.createdAt} />
                </span>
              </span>
              <Status tone={tone}>{label}</Status>
              {(job.state === 'running' || job.state === 'queued') && <JobProgress ctx={ctx} job={job} />}
            </li>
          )
        })}
      </ul>
    </section>
  )
}
