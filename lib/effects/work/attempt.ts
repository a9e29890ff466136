import { formatDuration } from '@/lib/db/duration'
import { describeError, traceError } from '@/lib/db/error-text'
import { resultText } from '@/lib/db/json-text'
import { PayloadError, retryAfterOf, TimeoutError } from '../failure'
import type { Handler } from '../handler'
import type { ClaimedEffect } from './claim'
import { type ContextParts, createContext } from './context'
import type { FollowUp, Settlement } from './settle'

/** The worker has to stop: the attempt is handed back, and not held against the effect. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError'
}

/** What became of an attempt, before it is written back. */
export type Ending =
  | { is: 'settled'; settlement: Settlement; tookMs: number }
  /** A callback completes it; follow-ups asked for so far go out now. */
  | { is: 'deferred'; followUps: FollowUp[] }
  /** The lease is another's. */
  | { is: 'lost' }

export interface AttemptHooks {
  /** The row waits for a callback: its lease is no longer to be renewed. */
  onDeferred(): void
  /** The handler ended although its attempt was over: recorded, and otherwise without consequence. */
  onLate(what: string): void
}

/**
 * Runs a handler once. Ends as soon as the attempt is over (done, timed out, lease lost, worker stopping), even where
 * the handler takes no notice of its signal; what it then does or returns no longer counts.
 * @param controller aborted by whoever ends the attempt from outside, with LeaseLostError or StoppingError
 */
export async function runAttempt(
  effect: ClaimedEffect,
  handler: Handler,
  controller: AbortController,
  parts: ContextParts,
  hooks: AttemptHooks,
): Promise<Ending> {
  const startedAt = performance.now()
  const settled = (settlement: Partial<Settlement>): Ending => ({
    is: 'settled',
    tookMs: performance.now() - startedAt,
    settlement: { ...blank(effect), ...settlement },
  })
  if (controller.signal.aborted) return end(controller.signal.reason)

  const parsed = handler.payload.safeParse(effect.payload)
  if (!parsed.success) {
    const reasons = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'payload'}: ${issue.message}`)
    const error = new PayloadError(`The payload does not fit. ${reasons.join('; ')}`)
    const said = describeError(error) // where in our code that was found tells nobody anything
    return settled({ outcome: 'invalid', status: 'dead', error: said, trace: said })
  }

  const context = createContext(effect, controller.signal, parts, hooks.onDeferred)
  const work = (async () => handler.run(parsed.data, context.ctx))()
  const timer = setTimeout(() => {
    controller.abort(new TimeoutError(`No end within ${formatDuration(handler.timeoutMs)}`))
  }, handler.timeoutMs)
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  try {
    const result = await Promise.race([work, aborted])
    if (context.deferral()) return { is: 'deferred', followUps: context.followUps }
    const { text, problem } = resultText(result)
    return settled({ result: text, error: problem ?? null, trace: problem ?? null, followUps: context.followUps })
  } catch (error) {
    if (controller.signal.aborted) {
      const over = performance.now()
      const after = () => formatDuration(performance.now() - over)
      work.then(
        () => hooks.onLate(`Refused: the handler returned ${after()} after its attempt was over`),
        (late) => {
          if (isAbortOf(controller.signal, late)) return
          hooks.onLate(`Refused: the handler failed ${after()} after its attempt was over (${describeError(late)})`)
        },
      )
      return end(controller.signal.reason)
    }
    return settled({ outcome: 'failed', ...afterFailure(effect, handler, error), ...texts(error) })
  } finally {
    clearTimeout(timer)
  }

  function end(reason: unknown): Ending {
    if (reason instanceof StoppingError) {
      return settled({ outcome: 'handed_back', status: 'pending', ...texts(reason) })
    }
    if (reason instanceof TimeoutError) {
      return settled({ outcome: 'timeout', ...afterFailure(effect, handler, reason), ...texts(reason) })
    }
    return { is: 'lost' }
  }
}

/** Ending because of its signal is what a handler shall do. */
function isAbortOf(signal: AbortSignal, error: unknown): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}

function blank({ id, attempt, token }: ClaimedEffect): Settlement {
  const texts = { result: null, error: null, trace: null }
  return { id, attempt, token, outcome: 'completed', status: 'completed', ...texts, delayMs: 0, followUps: [] }
}

function afterFailure(effect: ClaimedEffect, handler: Handler, error: unknown): Pick<Settlement, 'status' | 'delayMs'> {
  if (effect.attempt >= effect.maxAttempts || !handler.isWorthRetrying(error)) return { status: 'dead', delayMs: 0 }
  const delayMs = retryAfterOf(error) ?? handler.backoffMs(effect.attempt, error)
  return { status: 'failed', delayMs: Math.min(MOST_DELAY_MS, Math.max(0, delayMs)) }
}

/** A moment Postgres can still hold, whatever a handler or a server asks for. */
const MOST_DELAY_MS = 400 * 86_400_000

const texts = (error: unknown) => ({ error: describeError(error), trace: traceError(error) })
