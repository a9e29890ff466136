import type { Logger } from 'pino'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import type { Duration } from '@/lib/db/duration'
import type { Transaction } from '@/lib/db/transaction'

/** What a run has at hand. `lib/admin` adds what changes records. */
export interface TaskContext {
  name: string
  /** 1 for the first ever. */
  run: number
  /** What its changes, its effects and its row in the run history name as their request. */
  requestId: string
  /** The moment this run was due, or undefined for one that a person asked for. */
  dueAt: Date | undefined
  /** Aborted when the timeout or the lease is over, or the worker has to stop. */
  signal: AbortSignal
  clock: Clock
  log: Logger
  db: Database
  /** A transaction whose changes the log attributes to this run. */
  transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Requests an effect, in the transaction that keeps this run's result: not at all where the run throws. */
  effect(kind: string, payload: unknown, options?: { dedupeKey?: string; runAt?: Date }): void
}

/** What a run returns: made by `ok` or `error`. */
export type TaskResult<Value> =
  | { readonly is: 'ok'; readonly value: Value }
  | { readonly is: 'error'; readonly value?: Value; readonly keepsValue: boolean }

/** The run succeeded; `value` (JSON) goes to the next one. */
export function ok<Value>(value: Value): TaskResult<Value> {
  return { is: 'ok', value }
}

/** The run failed. A value given is saved and goes to the next run; without one the last stays. */
export function error<Value>(...given: [] | [value: Value]): TaskResult<Value> {
  return { is: 'error', value: given[0], keepsValue: given.length === 0 }
}

export interface TaskOptions<Value, Context extends TaskContext> {
  /** Unique in the site; the key of its state. */
  name: string
  /** Seconds, or a span such as '5m'. The first run comes one interval after the start. */
  every?: number | Duration
  /** In place of `every`: five fields, or six with seconds first. */
  cron?: string
  /** IANA zone of `cron`. Default UTC. */
  zone?: string
  /** What the first run gets, and the first after one that threw. */
  initialValue: Value
  /** Whether a new task also runs at once. Default no. */
  runAtStart?: boolean
  /** A run that takes longer is aborted and counts as failed; its value is kept. Default '10m'. */
  timeout?: Duration
  /** Runs missed while no worker was there: made up for by one, or skipped. Default 'once'. */
  catchUp?: 'once' | 'skip'
  run(value: Value, ctx: Context): TaskResult<Value> | Promise<TaskResult<Value>>
}

/** A task as `admin.config.ts` holds it: nothing is checked yet. */
export interface TaskDefinition {
  readonly options: TaskOptions<unknown, TaskContext>
}

/** Declares work done again and again, by one worker at a time, whose value is carried from run to run. */
export function task<Value, Context extends TaskContext = TaskContext>(
  options: TaskOptions<Value, Context>,
): TaskDefinition {
  // The one place where a task's own types are let go: its value is what its own runs returned.
  return { options: options as unknown as TaskOptions<unknown, TaskContext> }
}

/** A task with every default filled in. */
export interface Task {
  name: string
  schedule: Schedule
  /** JSON text. */
  initialValue: string
  runAtStart: boolean
  timeoutMs: number
  catchUp: 'once' | 'skip'
  run(value: unknown, ctx: TaskContext): TaskResult<unknown> | Promise<TaskResult<unknown>>
}

export interface Schedule {
  /** 'every 5m', 'cron 0 3 * * * in Europe/Berlin'. */
  text: string
  /** Length of an interval; undefined for cron. */
  everyMs: number | undefined
  /** The first moment after the given one; for an interval, one interval after it. */
  after(moment: Date): Date
}

export type Tasks = ReadonlyMap<string, Task>
