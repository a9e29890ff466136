import type { Logger } from 'pino'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import type { EnvFor } from '@/lib/env'
import type { countWork } from '@/lib/metrics'

/** What every part of the worker is told first. */
export interface WorkerContext {
  env: EnvFor<'worker'>
  /** The application's own role. */
  db: Database
  /** The role that owns schema kontor, where the deployer gave one: retention and erasure. */
  owner: Database | undefined
  clock: Clock
  log: Logger
  /** Told of what was done. */
  count: ReturnType<typeof countWork>
}

/** Something that runs from the worker's start to its end, such as the processing of a queue. */
export interface Service {
  name: string
  /** Resolves when it runs. `stop` resolves when nothing of it runs any more. */
  start(ctx: WorkerContext): Promise<{ stop(): Promise<void> }>
}

/** Something done again and again, by one process at a time however many workers there are. */
export interface Duty {
  name: string
  /** Milliseconds from the start of one run to the start of the next; a longer run delays the next. */
  everyMs: number
  /**
   * Must bear being repeated: after a lost connection another process may begin before this one noticed.
   * `signal` is aborted when the worker stops or its lock is lost.
   */
  run(ctx: WorkerContext & { signal: AbortSignal }): Promise<void>
}
