import { notFound } from 'next/navigation'
import { pageContext } from '@/app/context'
import { nameOfActor } from '@/lib/admin/history/load-history'
import { getRuntime } from '@/lib/runtime'
import { getJob, type JobRow, listJobFailures, pulseOfJob } from '@/lib/tasks'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { Page, PageHead } from '@/lib/ui/page/page'
import { type PlainColumn, PlainTable } from '@/lib/ui/plain-table/plain-table'
import { Status } from '@/lib/ui/status/status'
import { notAllowed } from '../../../../page-outcome'
import { ActionButton } from '../../../action-button'
import { UndoJob } from '../../../history/undo-buttons'
import { RefreshOnChange } from '../../../live/refresh-on-change'
import { Moment } from '../../../moment'
import { isOwner } from '../../../owners'
import { WorkerNotice } from '../../../worker-notice'
import { changeJob } from '../actions'
import styles from '../jobs.module.css'
import { maySeeJob } from '../owners'
import { JobProgress } from '../progress'
import { jobState } from '../states'

interface Props {
  params: Promise<{ id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const FAILURES_SHOWN = 100

/** One background job: how far it is, what it could not do and why, and what can be done about it. */
export default async function JobPage({ params, searchParams }: Props) {
  const [ctx, { id }, { after }] = await Promise.all([pageContext(), params, searchParams])
  const { sql } = (await getRuntime()).db
  const job = await getJob(sql, id)
  if (!job) notFound()
  if (!maySeeJob(ctx, job)) notAllowed()
  const [asker, failures] = await Promise.all([
    nameOfActor(ctx, job.actor),
    listJobFailures(sql, job.id, { size: FAILURES_SHOWN, after: typeof after === 'string' ? after : undefined }),
  ])
  const [label, tone] = jobState(job)
  const last = failures.length === FAILURES_SHOWN ? failures.at(-1) : undefined
  const way = isOwner(ctx) ? [{ label: 'Tasks', href: '/admin/tasks' }] : []
  return (
    <Page title={job.title} path={[{ label: 'System' }, ...way, { label: job.title }]}>
      <RefreshOnChange topic={`job:${job.id}`} pulse={pulseOfJob(job)} />
      <PageHead title={job.title} description={<Status tone={tone}>{label}</Status>}>
        <Actions job={job} />
      </PageHead>
      <WorkerNotice />
      {job.error && <Banner tone="bad">{job.error}</Banner>}
      <section className={card.card}>
        <div className={styles.group}>
          <JobProgress ctx={ctx} job={job} />
        </div>
        <div className={styles.group}>
          <dl className={styles.facts}>
            <div>
              <dt>By</dt>
              <dd>{asker}</dd>
            </div>
            <div>
              <dt>Asked for</dt>
              <dd>
                <Moment ctx={ctx} text={job.createdAt} />
              </dd>
            </div>
            <div>
              <dt>Started</dt>
              <dd>
                <Moment ctx={ctx} text={job.startedAt} />
              </dd>
            </div>
            <div>
              <dt>{job.endedAt ? 'Ended' : 'Last part done'}</dt>
              <dd>
                <Moment ctx={ctx} text={job.endedAt ?? job.progressedAt} />
              </dd>
            </div>
          </dl>
        </div>
        {failures.length > 0 && (
          <div className={styles.group}>
            <h2>Left out, and why</h2>
            <PlainTable label="Left out" columns={COLUMNS} rows={failures} keyOf={(row) => row.id} />
          </div>
        )}
        {(last || after) && (
          <div className={styles.tail}>
            <ButtonLink size="small" href={after ? `/admin/tasks/jobs/${job.id}` : undefined}>
              « First
            </ButtonLink>
            <ButtonLink size="small" href={last && `/admin/tasks/jobs/${job.id}?after=${last.id}`}>
              More ›
            </ButtonLink>
          </div>
        )}
      </section>
    </Page>
  )
}

const COLUMNS: PlainColumn<{ id: string; item: string; reason: string }>[] = [
  { label: 'Record', cell: ({ item }) => item },
  { label: 'Reason', cell: ({ reason }) => reason },
]

function Actions({ job }: { job: JobRow }) {
  const { id, state, done, isCancelling } = job
  const isOpen = state === 'queued' || state === 'running'
  return (
    <>
      {isOpen && !isCancelling && (
        <ActionButton
          label="Stop…"
          tone="danger"
          question="It ends after the part under way. What is done stays, and can be undone."
          action={changeJob}
          input={{ operation: 'cancel', id }}
        />
      )}
      {!isOpen && done > 0 && <UndoJob request={id} />}
      {(state === 'failed' || state === 'cancelled') && (
        <ActionButton label="Go on" tone="primary" action={changeJob} input={{ operation: 'resume', id }} />
      )}
    </>
  )
}
