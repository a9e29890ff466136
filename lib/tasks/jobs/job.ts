import type { Logger } from 'pino'
import type { ZodType, z } from 'zod'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import type { Transaction } from '@/lib/db/transaction'

/** What a chunk has at hand. */
export interface JobContext {
  /** The job's id: the request under which its changes are logged, so that one undo takes back all of them. */
  id: string
  /** On whose behalf it works. */
  actor: string
  source: string
  /** The chunk's transaction: what is written in it stands or falls with the cursor. */
  tx: Transaction
  /** Reads outside the transaction. */
  db: Database
  /** Aborted when the job is cancelled, its lease is lost, or the worker has to stop. */
  signal: AbortSignal
  clock: Clock
  log: Logger
  /** Puts a record on the report of what could not be done, with the reason people read. */
  fail(item: string, reason: string): void
}

/** What a chunk did. */
export interface Chunk<Cursor> {
  /** Where the next chunk begins (JSON), or null when there is none. */
  next: Cursor | null
  /** Records this chunk has dealt with, those that failed included. */
  done: number
  /** What the finished job shows; the last chunk's stands. */
  result?: unknown
}

export interface JobOptions<Shape extends ZodType, Cursor> {
  /** Unique among jobs: 'bulk.action', 'import'. */
  kind: string
  params: Shape
  /**
   * Looks at the whole before the first chunk: where it begins, and how many records there are if that is known. A cursor
   * of null says that there is nothing to do.
   */
  prepare(params: z.output<Shape>, ctx: JobContext): Promise<{ cursor: Cursor | null; total?: number }>
  /**
   * Deals with the records from `cursor` on: some hundred, a second or so of work. Called in a transaction that names the
   * job's actor. A throw rolls the chunk back and ends the job, unless the database was the trouble; a record that cannot
   * be changed is no throw but a `ctx.fail`.
   */
  runChunk(params: z.output<Shape>, cursor: Cursor, ctx: JobContext): Promise<Chunk<Cursor>>
}

/** A job whose own types are let go: its params have passed its shape, its cursor is what its own chunks returned. */
export type Job = JobOptions<ZodType, unknown>
export type Jobs = ReadonlyMap<string, Job>

/** Declares work on many records, done in the background in chunks. */
export function defineJob<Shape extends ZodType, Cursor>(options: JobOptions<Shape, Cursor>): Job {
  return options as unknown as Job
}

/** @throws where two jobs have one kind */
export function jobsByKind(jobs: readonly Job[]): Jobs {
  const byKind = new Map(jobs.map((job) => [job.kind, job]))
  if (byKind.size < jobs.length) throw new Error('Two jobs have the same kind.')
  return byKind
}
