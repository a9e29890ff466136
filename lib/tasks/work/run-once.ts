import type { Logger } from 'pino'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import { formatDuration } from '@/lib/db/duration'
import { assertEffectRow } from '@/lib/db/effect-request'
import { describeError, traceError } from '@/lib/db/error-text'
import { payloadText } from '@/lib/db/json-text'
import { transact } from '@/lib/db/transaction'
import type { TaskContext, TaskResult } from '../task'
import type { ClaimedRun } from './claim-run'
import type { FollowUp, RunEnding } from './settle-run'

export interface RunParts {
  db: Database
  clock: Clock
  log: Logger
  /** Adds what this domain does not know (what changes records). */
  extend?: (ctx: TaskContext) => TaskContext
}

/** Aborts a run from outside. `StoppingError` hands it back, `LeaseLostError` means it is another's. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError'
}
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}
class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Runs a task once. Ends as soon as the run is over, even where it takes no notice of its signal; what it does then is
 * told to `onLate` and has no consequence. Undefined where the lease is another's.
 */
export async function runOnce(
  run: ClaimedRun,
  controller: AbortController,
  parts: RunParts,
  onLate: (what: string) => void,
): Promise<RunEnding | undefined> {
  const { task } = run
  const { signal } = controller
  const followUps: FollowUp[] = []
  const ctx = contextOf(run, signal, parts, followUps)
  const work = (async () => task.run(run.value, ctx))()
  const timer = setTimeout(() => {
    controller.abort(new TimeoutError(`No end within ${formatDuration(task.timeoutMs)}`))
  }, task.timeoutMs)
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return endingOf(await Promise.race([work, aborted]), followUps)
  } catch (thrown) {
    if (!signal.aborted) {
      const nextRunAt = task.schedule.after(parts.clock.now())
      return { outcome: 'threw', error: describeError(thrown), trace: traceError(thrown), nextRunAt, followUps: [] }
    }
    work.then(
      () => onLate('Refused: the run returned after it was over'),
      (late) => isAbortOf(signal, late) || onLate(`Refused: the run threw after it was over (${describeError(late)})`),
    )
    const reason = signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
    const texts = { error: reason, trace: reason, followUps: [] }
    if (signal.reason instanceof TimeoutError) return { outcome: 'timeout', ...texts }
    if (signal.reason instanceof StoppingError)
      return { outcome: 'handed_back', nextRunAt: parts.clock.now(), ...texts }
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** Ending because of its signal is what a run shall do. */
function isAbortOf(signal: AbortSignal, error: unknown): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}

/** @throws where the task returned something else, or a value JSON cannot hold: as if it had thrown itself */
function endingOf(result: TaskResult<unknown>, followUps: FollowUp[]): RunEnding {
  if (result?.is !== 'ok' && result?.is !== 'error') {
    throw new TypeError('A task returns ok(value), error(value) or error().')
  }
  if (result.is === 'ok') {
    return { outcome: 'ok', value: payloadText(result.value ?? null), error: null, trace: null, followUps }
  }
  const value = result.keepsValue ? undefined : payloadText(result.value ?? null)
  const error = value === undefined ? 'The run answered error()' : `The run answered error(${value.slice(0, 200)})`
  return { outcome: 'error', value, error, trace: error, followUps }
}

function contextOf(run: ClaimedRun, signal: AbortSignal, parts: RunParts, followUps: FollowUp[]): TaskContext {
  const { name } = run.task
  const provenance = { actor: `task:${name}`, source: 'task', requestId: run.token }
  const ctx: TaskContext = {
    name,
    run: run.number,
    requestId: run.token,
    dueAt: run.dueAt,
    signal,
    clock: parts.clock,
    log: parts.log.child({ task: name, run: run.number }),
    db: parts.db,
    transact: (work) => transact(parts.db.orm, provenance, work),
    effect(kind, payload, { dedupeKey, runAt } = {}) {
      assertEffectRow({ kind, dedupeKey, runAt })
      followUps.push({ kind, payload: payloadText(payload), dedupeKey, runAt: runAt?.toISOString() })
    },
  }
  return parts.extend?.(ctx) ?? ctx
}
