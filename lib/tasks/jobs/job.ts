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
  /** What a person said last to the question of this job's check; null before. */
  answer: unknown
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

/** What a part of a check found. */
export interface CheckPart<Found> {
  /** Where the next part begins, with what was found so far (JSON), or null when all was looked at. */
  next: Found | null
  /** Records this part has looked at. */
  checked: number
  /** With the last part, where a person has to decide something: what its page shows them (JSON). */
  question?: unknown
}

export interface JobOptions<Shape extends ZodType, Cursor, Found = unknown> {
  /** Unique among jobs: 'bulk.action', 'import'. */
  kind: string
  params: Shape
  /**
   * Finds where the first chunk begins, and how many records there are if that is known. A cursor of null says that there
   * is nothing to do.
   */
  prepare(params: z.output<Shape>, ctx: JobContext): Promise<{ cursor: Cursor | null; total?: number }>
  /**
   * Looks through the whole before the first chunk, a part at a time, and writes nothing. Begins with null. Where it ends
   * with a question the job waits for `answerJob`, and looks again from the beginning with that as `ctx.answer`.
   */
  check?(params: z.output<Shape>, found: Found | null, ctx: JobContext): Promise<CheckPart<Found>>
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
export function defineJob<Shape extends ZodType, Cursor, Found = unknown>(
  options: JobOptions<Shape, Cursor, Found>,
): Job {
  return options as unknown as Job
}

/** @throws where two jobs have one kind */
export function jobsByKind(jobs: readonly Job[]): Jobs {
  const byKind = new Map(jobs.map((job) => [job.kind, job]))
  if (byKind.size < jobs.length) throw new Error('Two jobs have the same kind.')
  return byKind
}
