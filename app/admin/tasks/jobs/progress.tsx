import type { RequestContext } from '@/lib/admin'
import type { JobRow } from '@/lib/tasks'
import styles from './jobs.module.css'

/** How far a job has come, or its look through the whole: a bar where its size is known, and the counts. */
export function JobProgress({ ctx, job }: { ctx: RequestContext; job: JobRow }) {
  const number = new Intl.NumberFormat(ctx.locale)
  const { total, failed, isChecking } = job
  const done = isChecking ? job.checked : job.done
  const share = total ? Math.min(1, done / total) : job.state === 'completed' ? 1 : 0
  return (
    <div className={styles.progress}>
      <progress value={share} max={1} aria-label={`Progress of ${job.title}`} />
      <span>
        {number.format(done)}
        {total !== null && ` of ${number.format(total)}`}
        {isChecking && ' looked through'}
        {failed > 0 && `, ${number.format(failed)} left out`}
      </span>
    </div>
  )
}
