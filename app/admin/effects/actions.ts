'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import type { RequestContext } from '@/lib/admin'
import type { ActionResult } from '@/lib/admin/view'
import { cancelEffects, EFFECT_STATES, type EffectSelection, replayEffects, retryEffects } from '@/lib/effects'
import { invalid } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { actionContext } from '../../context'
import { answer } from '../../report'
import { assertOwner } from '../owners'

const OPERATIONS = {
  retry: { run: retryEffects, done: 'will be tried again' },
  cancel: { run: cancelEffects, done: 'cancelled' },
  replay: { run: replayEffects, done: 'requested once more' },
} as const

const input = z.object({
  operation: z.enum(['retry', 'cancel', 'replay']),
  selection: z.union([
    z.object({ ids: z.array(z.string().max(40)).min(1).max(1000) }),
    z.object({ states: z.array(z.enum(EFFECT_STATES)).min(1), kinds: z.array(z.string().max(200)).optional() }),
  ]),
})

/** Retries, cancels or replays effects: some by their ids, or all of a state and kind. */
export async function changeEffects(given: unknown): Promise<ActionResult<number>> {
  return answer(async () => {
    const parsed = input.safeParse(given)
    if (!parsed.success) throw invalid(`The request is malformed: ${z.prettifyError(parsed.error)}`)
    const ctx = await actionContext('effects')
    assertOwner(ctx)
    const { operation, selection } = parsed.data
    const { run, done } = OPERATIONS[operation]
    const changed = await changeAll(ctx, run, selection)
    revalidatePath('/admin/effects', 'layout')
    const what = changed === 1 ? '1 effect' : `${changed} effects`
    return {
      message: changed === 0 ? 'Nothing to do: their state has changed meanwhile.' : `${what} ${done}.`,
      value: changed,
    }
  })
}

/** One call takes ten thousand; what is left is taken by the next. */
async function changeAll(ctx: RequestContext, run: typeof retryEffects, selection: EffectSelection): Promise<number> {
  const { db } = await getRuntime()
  const provenance = { actor: ctx.actor.id, source: ctx.source, requestId: ctx.requestId }
  let total = 0
  for (let round = 0; round < 100; round++) {
    const { changed, hasMore } = await run({ db, provenance }, selection)
    total += changed
    if (!hasMore || 'ids' in selection) break
  }
  return total
}
