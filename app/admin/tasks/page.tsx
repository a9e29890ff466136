import { pageContext } from '@/app/context'
import type { RequestContext } from '@/lib/admin'
import { wordsOf } from '@/lib/admin/fields/format'
import { getRuntime } from '@/lib/runtime'
import { listJobs, listTaskRuns, listTasks, type Schedule, type TaskRow, type TaskRun, tasksPulse } from '@/lib/tasks'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { Status, type StatusTone } from '@/lib/ui/status/status'
import { notAllowed } from '../../page-outcome'
import { ActionButton } from '../action-button'
import { RefreshOnChange } from '../live/refresh-on-change'
import { Moment } from '../moment'
import { isOwner } from '../owners'
import { WorkerNotice } from '../worker-notice'
import { changeTask } from './actions'
import { JobList } from './jobs/job-list'
import styles from './tasks.module.css'

const RUNS_SHOWN = 5
const RUNS_A_PAGE = 50
const JOBS_SHOWN = 10

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** What is done again and again: when next, how it went, and the value each run hands to the next. */
export default async function TasksPage({ searchParams }: Props) {
  const [ctx, { task: opened, before }] = await Promise.all([pageContext(), searchParams])
  if (!isOwner(ctx)) notAllowed()
  const { db, admin } = await getRuntime()
  const pulse = await tasksPulse(db.sql)
  const [tasks, jobs] = await Promise.all([listTasks(db.sql), listJobs(db.sql, { size: JOBS_SHOWN })])
  const older = typeof before === 'string' ? before : undefined
  const runs = await Promise.all(
    tasks.map(({ name }) =>
      listTaskRuns(db.sql, name, name === opened ? { size: RUNS_A_PAGE, before: older } : { size: RUNS_SHOWN }),
    ),
  )
  return (
    <Page title="Tasks" path={[{ label: 'System' }, { label: 'Tasks' }]}>
      <RefreshOnChange topic="tasks" pulse={pulse} />
      <PageHead title="Tasks" description="Work that is done again and again, by one worker at a time." />
      <WorkerNotice />
      <div className={styles.tasks}>
        {tasks.length === 0 && (
          <section className={card.card}>
            <EmptyState icon={<Icon name="clock" size={22} />} title="No tasks">
              Declare one in admin.config.ts: tasks: [task({'{'} name, every: &apos;5m&apos;, initialValue, run {'}'})].
            </EmptyState>
          </section>
        )}
        {tasks.map((task, at) => (
          <TaskCard
            key={task.name}
            ctx={ctx}
            task={task}
            runs={runs[at] ?? []}
            following={followingRuns(task, admin.tasks.get(task.name)?.schedule)}
            isOpened={task.name === opened}
            isOlder={older !== undefined}
          />
        ))}
        <JobList ctx={ctx} jobs={jobs} />
      </div>
    </Page>
  )
}

function stateOf({
  isRetired,
  isPaused,
  current,
  lastSucceededAt,
  lastFailedAt,
}: TaskRow): [label: string, tone: StatusTone] {
  if (isRetired) return ['Retired', 'quiet']
  if (current) return current.isAlive ? ['Running', 'info'] : ['Stuck', 'bad']
  if (isPaused) return ['Paused', 'warn']
  if (!lastSucceededAt && !lastFailedAt) return ['Waiting for its first run', 'quiet']
  return (lastFailedAt ?? '') > (lastSucceededAt ?? '') ? ['Failed', 'bad'] : ['Fine', 'ok']
}

/** The two moments after the next run, as the schedule has them. */
function followingRuns({ nextRunAt, isPaused, isRetired }: TaskRow, schedule: Schedule | undefined): string[] {
  if (!nextRunAt || !schedule || isPaused || isRetired) return []
  if (schedule.everyMs !== undefined && schedule.everyMs < 60_000) return [] // now, now, now
  const second = schedule.after(new Date(`${nextRunAt.replace(' ', 'T')}:00`))
  return [second, schedule.after(second)].map((moment) => moment.toISOString())
}

interface CardProps {
  ctx: RequestContext
  task: TaskRow
  runs: readonly TaskRun[]
  /** Moments after the next run. */
  following: readonly string[]
  /** Whether its runs are leafed through. */
  isOpened: boolean
  isOlder: boolean
}

function TaskCard({ ctx, task, runs, following, isOpened, isOlder }: CardProps) {
  const [label, tone] = stateOf(task)
  const { name, schedule, isRetired, isPaused, isRequested } = task
  return (
    <section className={card.card} aria-label={name}>
      <div className={styles.head}>
        <h2>{name}</h2>
        <Status tone={tone}>{label}</Status>
        <span className={styles.quiet}>{schedule}</span>
        <span className={styles.grow} />
        {!isRetired && (
          <span className={styles.actions}>
            <ActionButton
              size="small"
              label={isRequested ? 'Asked to run' : 'Run now'}
              action={changeTask}
              input={{ operation: 'run', name }}
            />
            <ActionButton
              size="small"
              label={isPaused ? 'Resume' : 'Pause'}
              action={changeTask}
              input={{ operation: isPaused ? 'resume' : 'pause', name }}
            />
            <ActionButton
              size="small"
              tone="danger"
              label="Reset…"
              question="Its value becomes the initial one and its counts zero. A run under way is aborted."
              action={changeTask}
              input={{ operation: 'reset', name }}
            />
          </span>
        )}
      </div>
      <dl className={styles.facts}>
        <Fact name="Next run">{isRetired || isPaused ? '–' : <Moment ctx={ctx} text={task.nextRunAt} />}</Fact>
        {following.length > 0 && (
          <Fact name="Then">
            {following.map((moment, at) => [at > 0 && ', ', <Moment key={moment} ctx={ctx} text={moment} />])}
          </Fact>
        )}
        <Fact name="Succeeded">{`${task.runsSucceeded}`}</Fact>
        <Fact name="Failed">{`${task.runsFailed}`}</Fact>
        <Fact name="Last took">{task.lastDurationMs === null ? '–' : `${Math.round(task.lastDurationMs)} ms`}</Fact>
        <Fact name="Since">
          <Moment ctx={ctx} text={task.startedAt} />
        </Fact>
        <Fact name="Value">
          <code>{JSON.stringify(task.value)}</code>
        </Fact>
      </dl>
      {task.lastError && <p className={styles.error}>{task.lastError}</p>}
      {runs.length > 0 && (
        <ol className={styles.runs} aria-label={`Runs of ${name}`}>
          {runs.map((run) => (
            <li key={run.id}>
              <Status
                tone={
                  run.outcome === 'ok' ? 'ok' : run.outcome === 'skipped' || run.outcome === 'reset' ? 'quiet' : 'bad'
                }
              >
                {wordsOf(run.outcome)}
              </Status>
              <Moment ctx={ctx} text={run.endedAt} isExact />
              <span className={styles.took}>{run.tookMs !== null && `${Math.round(run.tookMs)} ms`}</span>
              <code>{JSON.stringify(run.value)}</code>
              {run.error && <span className={styles.error}>{run.error}</span>}
            </li>
          ))}
        </ol>
      )}
      <RunsTail name={name} runs={runs} isOpened={isOpened} isOlder={isOlder} />
    </section>
  )
}

/** The way to all runs of a task. */
function RunsTail({
  name,
  runs,
  isOpened,
  isOlder,
}: { name: string } & Pick<CardProps, 'runs' | 'isOpened' | 'isOlder'>) {
  const isFull = runs.length >= (isOpened ? RUNS_A_PAGE : RUNS_SHOWN)
  if (!isFull && !isOpened) return null
  const address = (before?: string) => `/admin/tasks?${new URLSearchParams({ task: name, ...(before && { before }) })}`
  return (
    <div className={styles.tail}>
      {isOpened && (
        <ButtonLink size="small" href={isOlder ? address() : '/admin/tasks'}>
          {isOlder ? '« Latest' : 'Fewer'}
        </ButtonLink>
      )}
      {isFull && (
        <ButtonLink size="small" href={address(isOpened ? runs.at(-1)?.id : undefined)}>
          {isOpened ? 'Older ›' : 'All runs ›'}
        </ButtonLink>
      )}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
