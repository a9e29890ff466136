import { notFound } from 'next/navigation'
import { pageContext } from '@/app/context'
import type { RequestContext } from '@/lib/admin'
import { loadStep, nameOfActor } from '@/lib/admin/history/load-history'
import { questionOfUndo } from '@/lib/admin/operations/undo-job'
import { getRuntime } from '@/lib/runtime'
import { getJob, type JobRow, listJobFailures, pulseOfJob } from '@/lib/tasks'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { Page, PageHead } from '@/lib/ui/page/page'
import { PageLink } from '@/lib/ui/page-link'
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
  const [asker, answerer, asked, failures, did] = await Promise.all([
    nameOfActor(ctx, job.actor),
    job.answeredBy && nameOfActor(ctx, job.answeredBy),
    job.state === 'waiting' ? questionOfUndo(sql, job.id) : undefined,
    listJobFailures(sql, job.id, { size: FAILURES_SHOWN, after: typeof after === 'string' ? after : undefined }),
    job.done > 0 ? firstChange(ctx, job) : undefined,
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
      {/* What is shown first stays where it is from the first look to the end: what comes, comes beneath. */}
      <section className={card.card}>
        <div className={styles.group}>
          <JobProgress ctx={ctx} job={job} />
          <p className={styles.note}>{noteOn(job)}</p>
        </div>
        {asked && (
          <section className={styles.group} aria-labelledby="question">
            <h2 id="question">Something is in the way</h2>
            <UndoQuestion
              key={asked.token}
              id={job.id}
              token={asked.token}
              message={asked.question.message}
              refusal={asked.question.refusal}
            />
          </section>
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
            {did && (
              <div>
                <dt>What it did</dt>
                <dd className={styles.links}>
                  <PageLink href={`/admin/changes?request=${job.id}`}>Every change</PageLink>
                  {did.resource && <PageLink href={`/admin/${did.resource.key}`}>{did.resource.plural}</PageLink>}
                </dd>
              </div>
            )}
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

/** Where to look for what it did: undefined where it did nothing, or nothing that the person may see. */
const firstChange = async (ctx: RequestContext, { id }: JobRow) =>
  (await loadStep(ctx, { request: id }, { limit: 1 })).changes[0]

/** One line in every state, so that nothing beneath it moves. */
function noteOn({ state, isChecking, isCancelling, done, failed }: JobRow): string {
  if (isCancelling) return 'It stops after the part under way.'
  if (state === 'waiting') return 'All of it was looked through, and nothing is done yet.'
  if (state === 'failed' || state === 'cancelled')
    return isChecking || done === 0 ? 'Nothing was done.' : 'What was done stays; it can be undone.'
  if (state === 'completed')
    return failed > 0 ? 'Done but for what is listed here; it can be undone.' : 'All of it is done; it can be undone.'
  return isChecking
    ? 'First all of it is looked through for what is in the way. Nothing is done yet.'
    : 'A part at a time, the newest changes first.'
}

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
