import type postgres from 'postgres'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { countStates, type Handlers, oldestDueSeconds } from '@/lib/effects'
import { tasksAndJobs } from '@/lib/tasks'
import type { Feed } from '@/lib/watch'

export interface MetricsParts {
  /** Which of the site's processes this is. */
  process: 'web' | 'worker'
  sql: postgres.Sql
  /** The kinds whose effects are counted. */
  handlers: Handlers
}

/** Completed and cancelled ones only grow; attempts are counted instead. */
const STATES_SHOWN = ['pending', 'running', 'waiting', 'failed', 'dead'] as const

/**
 * What Prometheus reads of a process: Node's own measures, and how effects, tasks and jobs stand in the database. The
 * database is asked at each scrape, counts stop at ten thousand a state; where it is away, `kontor_database_up` is 0 and
 * the process's own measures are there all the same. Further measures are registered by whoever counts them.
 */
export function createMetrics({ process, sql, handlers }: MetricsParts): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ process })
  collectDefaultMetrics({ register: registry })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `kontor_${name}`, help, labelNames, registers: [registry] })
  const effects = gauge('effects', 'Effects by state, counted up to ten thousand.', ['state'])
  const oldest = gauge('effects_oldest_due_seconds', 'How long the effect that is due longest has been waiting.')
  const overdue = gauge('tasks_overdue', 'Tasks due for more than a minute that nobody runs.')
  const jobs = gauge('jobs', 'Background jobs that are not finished, by state.', ['state'])
  const up = new Gauge({
    name: 'kontor_database_up',
    help: 'Whether the database answered this scrape.',
    registers: [registry],
    async collect() {
      try {
        const [counts, oldestDue, work] = await Promise.all([
          countStates(sql, [...handlers.keys()]),
          oldestDueSeconds(sql, [...handlers.keys()]),
          tasksAndJobs(sql),
        ])
        for (const state of STATES_SHOWN) effects.set({ state }, counts[state].count)
        oldest.set(oldestDue)
        overdue.set(work.tasksOverdue)
        jobs.set({ state: 'queued' }, work.jobsQueued)
        jobs.set({ state: 'running' }, work.jobsRunning)
        jobs.set({ state: 'waiting' }, work.jobsWaiting)
        up.set(1)
      } catch {
        up.set(0)
      }
    },
  })
  return registry
}

export interface FeedMetricsParts {
  sql: postgres.Sql
  feed: Feed
  /** Who follows along in browsers. */
  hub: { state(): { sessions: number; streams: number; dropped: number } }
}

/** How the process follows the log, and who follows along: read at each scrape. */
export function measureFeed(registry: Registry, { sql, feed, hub }: FeedMetricsParts): void {
  const read = (name: string, help: string, collect: () => number | Promise<number>) =>
    new Gauge({
      name: `kontor_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(await collect())
      },
    })
  read('feed_events', 'Changes read from the log since the start.', () => feed.state().events)
  read('feed_lag_seconds', 'How long the log could not be read; 0 while all is well.', () => feed.state().lagSeconds)
  read('feed_listening', 'Whether the doorbell is heard; without it changes are seen within a second.', () =>
    feed.state().isListening ? 1 : 0,
  )
  read('feed_doorbell_losses', 'Lost connections of the doorbell since the start.', () => feed.state().doorbellLosses)
  read('notification_queue_usage', "Share of the server's queue of notifications in use.", async () => {
    const asked = sql<{ usage: number }[]>`select pg_notification_queue_usage() as usage`
    return (await asked.catch(() => []))[0]?.usage ?? Number.NaN
  })
  read('live_browsers', 'Browsers that follow along.', () => hub.state().sessions)
  read('live_streams', 'Event streams that are open.', () => hub.state().streams)
  read(
    'live_dropped',
    'Streams ended because their client read too slowly, since the start.',
    () => hub.state().dropped,
  )
}

/** Counts what a worker has done; hand the two functions to what does it. */
export function countWork(registry: Registry) {
  const registers = [registry]
  const attempts = new Counter({
    name: 'kontor_effect_attempts_total',
    help: 'Attempts of effects that ended in this process.',
    labelNames: ['kind', 'outcome'] as const,
    registers,
  })
  const seconds = new Histogram({
    name: 'kontor_effect_attempt_seconds',
    help: 'How long attempts of effects took.',
    labelNames: ['kind'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 30, 120],
    registers,
  })
  const runs = new Counter({
    name: 'kontor_task_runs_total',
    help: 'Runs of tasks that ended in this process.',
    labelNames: ['task', 'outcome'] as const,
    registers,
  })
  return {
    effectEnded(kind: string, outcome: string, tookMs: number) {
      attempts.inc({ kind, outcome })
      if (outcome !== 'lost' && outcome !== 'deferred') seconds.observe({ kind }, tookMs / 1000)
    },
    taskEnded(task: string, outcome: string) {
      runs.inc({ task, outcome })
    },
  }
}
