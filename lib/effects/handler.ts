import type { Logger } from 'pino'
import type { ZodType, z } from 'zod'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import type { Duration } from '@/lib/db/duration'
import type { Transaction } from '@/lib/db/transaction'

/** What an attempt has at hand. `lib/admin` adds what changes records. */
export interface HandlerContext {
  /** The effect's id: the same in every attempt. */
  id: string
  kind: string
  /** 1 for the first. */
  attempt: number
  maxAttempts: number
  /** Hand it to whoever is called: attempts are at least one, and this is how the other side tells them apart. */
  idempotencyKey: string
  /** Who asked: an actor's id, or the database user. */
  createdBy: string
  createdAt: Date
  /** Aborted when the timeout or the lease is over, the effect is cancelled, or the worker has to stop. */
  signal: AbortSignal
  clock: Clock
  log: Logger
  /** The application's own pool. */
  db: Database
  /** A transaction whose changes the log attributes to this effect. */
  transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Requests a further effect, in the transaction that completes this one: not at all where this attempt fails. */
  effect(kind: string, payload: unknown, options?: { dedupeKey?: string; runAt?: Date }): void
  /**
   * Leaves the completion to a callback: the effect waits from here on, the return value is ignored. Await it before
   * handing out the address.
   */
  defer(options?: { deadline?: Duration }): Promise<Deferral>
}

export interface Deferral {
  /** POST here once, `{ "payload": … }` or `{ "error": "…" }`. */
  url: string
  /** What `settleDeferral` takes where a job of our own completes the effect. */
  token: string
  /** Without a report until then, the attempt has failed. */
  deadline: Date
}

export interface Backoff {
  /** Wait before the second attempt. Default '2s'. */
  base?: Duration
  /** Each wait is this many times the one before. Default 2; 1 waits equally long. */
  factor?: number
  /** No wait is longer. Default '1h'. */
  max?: Duration
  /** Share of the wait that is random, 0 to 1, so that failures do not come back all at once. Default 0.5. */
  jitter?: number
}

export interface HandlerOptions<Shape extends ZodType, Context extends HandlerContext> {
  /** A payload that does not fit fails at once, with the reason. */
  payload: Shape
  /** Carries the effect out; what it returns (JSON) is kept with the effect. Called at least once. */
  run(payload: z.output<Shape>, ctx: Context): unknown
  label?: string
  /** Most of this kind at once, over all workers. Default: as many as the workers run. */
  concurrency?: number
  /** Most attempts of this kind started in any such span, over all workers. */
  rate?: { max: number; per: Duration }
  /** 1 (first) to 1000 (last). Default 100. */
  priority?: number
  /** An attempt that takes longer is aborted and has failed. Default '1m'. */
  timeout?: Duration
  /** Attempts after the first. Default 10; 0 gives up at once. */
  retries?: number
  backoff?: Duration | Backoff | ((attempt: number, error: unknown) => Duration)
  /** Whether this error is worth another attempt. Default: all but a PermanentError. */
  retryOn?: (error: unknown) => boolean
  /** Whether a signed-in browser may request it at /api/effects. Default no. */
  fromBrowser?: boolean | ((actor: { id: string; role: string }, payload: z.output<Shape>) => boolean)
}

/** A handler as `admin.config.ts` holds it: nothing is checked yet. */
export interface HandlerDefinition {
  readonly options: HandlerOptions<ZodType, HandlerContext>
}

/** Declares what carries out one kind of effect; payload and context are typed from the shape. */
export function handler<Shape extends ZodType, Context extends HandlerContext = HandlerContext>(
  options: HandlerOptions<Shape, Context>,
): HandlerDefinition {
  // The one place where a handler's own types are let go: its payload has passed its own shape before `run` sees it.
  return { options: options as unknown as HandlerOptions<ZodType, HandlerContext> }
}

/** A handler with every default filled in. */
export interface Handler {
  kind: string
  label: string
  payload: ZodType
  run(payload: unknown, ctx: HandlerContext): unknown
  concurrency?: number
  rate?: { max: number; perMs: number }
  priority: number
  timeoutMs: number
  maxAttempts: number
  /** Milliseconds to wait after the given attempt failed with the error. */
  backoffMs(attempt: number, error: unknown): number
  isWorthRetrying(error: unknown): boolean
  fromBrowser(actor: { id: string; role: string }, payload: unknown): boolean
}

/** Whether the kind declares how much of it may happen at once or in a time, over all workers. */
export function isLimited(handler: Handler): boolean {
  return handler.concurrency !== undefined || handler.rate !== undefined
}

export type Handlers = ReadonlyMap<string, Handler>
