import clsx from 'clsx'
import { notFound } from 'next/navigation'
import { pageContext } from '@/app/context'
import type { RequestContext } from '@/lib/admin'
import { nameOfActor } from '@/lib/admin/history/load-history'
import { questionOfUndo } from '@/lib/admin/operations/undo-job'
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
import { UndoQuestion } from '../undo-question'

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
  const [asker, answerer, asked, failures] = await Promise.all([
    nameOfActor(ctx, job.actor),
    job.answeredBy && nameOfActor(ctx, job.answeredBy),
    job.state === 'waiting' ? questionOfUndo(sql, job.id) : undefined,
    listJobFailures(sql, job.id, { size: FAILURES_SHOWN, after: typeof after === 'string' ? after : undefined }),
  ])
  const [label, tone] = jobState(job)
  const isUnbegun = job.isChecking && (job.state === 'failed' || job.state === 'cancelled')
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
      {asked && (
        <section className={clsx(card.card, styles.question)} aria-labelledby="question">
          <div className={styles.group}>
            <h2 id="question">Something is in the way</h2>
            <p className={styles.note}>
              All {numberIn(ctx, job.checked)} changes were looked through, and nothing is done yet.
            </p>
            <UndoQuestion
              key={asked.token}
              id={job.id}
              token={asked.token}
              message={asked.question.message}
              refusal={asked.question.refusal}
            />
          </div>
        </section>
      )}
      <section className={card.card}>
        {!asked && (
          <div className={styles.group}>
            {isUnbegun ? <p>Nothing was done.</p> : <JobProgress ctx={ctx} job={job} />}
            {job.isChecking && !isUnbegun && (
              <p className={styles.note}>
                First all of it is looked through for what is in the way. Nothing is done yet.
              </p>
            )}
          </div>
        )}
        <div className={styles.group}>
          <dl className={styles.facts}>
            <div>
              <dt>By</dt>
              <dd>{asker}</dd>
            </div>
            {answerer && (
              <div>
                <dt>Decided by</dt>
                <dd>{answerer}</dd>
              </div>
            )}
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

const numberIn = ({ locale }: RequestContext, count: number) => new Intl.NumberFormat(locale).format(count)

const COLUMNS: PlainColumn<{ id: string; item: string; reason: string }>[] = [
  { label: 'Record', cell: ({ item }) => item },
  { label: 'Reason', cell: ({ reason }) => reason },
]

function Actions({ job }: { job: JobRow }) {
  const { id, state, done, isCancelling, isChecking } = job
  const isOpen = state === 'queued' || state === 'running'
  return (
    <>
      {isOpen && !isCancelling && (
        <ActionButton
          label="Stop…"
          tone="danger"
          question={
            isChecking
              ? 'Nothing is done yet, so nothing is to be taken back.'
              : 'It ends after the part under way. What is done stays, and can be undone.'
          }
          action={changeJob}
          input={{ operation: 'cancel', id }}
        />
      )}
      {!isOpen && done > 0 && <UndoJob request={id} />}
      {(state === 'failed' || state === 'cancelled') && (
        <ActionButton
          label={isChecking ? 'Start again' : 'Go on'}
          tone="primary"
          action={changeJob}
          input={{ operation: 'resume', id }}
        />
      )}
    </>
  )
}
