import { setTimeout as sleep } from 'node:timers/promises'
import type { Duty, WorkerContext } from './context'
import type { DutyLocks } from './duty-locks'

/**
 * Does each duty every so often while its lock is ours; the others keep asking for it. A run that fails is logged and
 * tried again at its next turn.
 * @returns `stop`, which resolves when no duty runs any more
 */
export function runDuties(duties: readonly Duty[], ctx: WorkerContext, locks: DutyLocks): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const loops = duties.map((duty) => repeat(duty, ctx, locks, stopping.signal))
  return {
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

async function repeat(duty: Duty, ctx: WorkerContext, locks: DutyLocks, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const begun = performance.now()
    try {
      if (await locks.isOurs(duty.name)) {
        const signal = AbortSignal.any([stopping, locks.lost])
        await duty.run({ ...ctx, signal })
      }
    } catch (error) {
      if (!stopping.aborted) ctx.log.error({ err: error, duty: duty.name }, `${duty.name} failed`)
    }
    const restMs = Math.max(0, duty.everyMs - (performance.now() - begun))
    await sleep(restMs, undefined, { signal: stopping }).catch(() => {})
  }
}
