'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import type { RequestContext } from '@/lib/admin'
import type { ActionResult } from '@/lib/admin/view'
import {
  cancelEffects,
  EFFECT_STATES,
  type EffectSelection,
  type EffectState,
  replayEffects,
  retryEffects,
} from '@/lib/effects'
import { invalid } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { actionContext } from '../../context'
import { answer } from '../../report'
import { isDay } from '../address-reader'
import { assertOwner } from '../owners'
import { type EffectSearch, effectFilter } from './effect-search'

const OPERATIONS = {
  retry: { run: retryEffects, done: 'will be tried again' },
  cancel: { run: cancelEffects, done: 'cancelled' },
  replay: { run: replayEffects, done: 'requested once more' },
} as const

/** What to do about what one request had no room for. A replay leaves what it replays as it is, so it would begin again. */
const MORE = {
  retry: ' There are more: do it again.',
  cancel: ' There are more: do it again.',
  replay: ' There are more than one call takes: narrow the filters to reach the others.',
} as const

const input = z.object({
  operation: z.enum(['retry', 'cancel', 'replay']),
  selection: z.union([
    z.object({ ids: z.array(z.string().max(40)).min(1).max(1000) }),
    z.object({
      search: z.object({
        state: z.enum(EFFECT_STATES),
        kind: z.string().max(200).optional(),
        q: z.string().max(1000).optional(),
        from: z.string().refine(isDay).optional(),
        to: z.string().refine(isDay).optional(),
      }),
    }),
  ]),
})

/** Retries, cancels or replays effects: some by their ids, or all of a state that a search leaves. */
export async function changeEffects(given: unknown): Promise<ActionResult<number>> {
  return answer(async () => {
    const parsed = input.safeParse(given)
    if (!parsed.success) throw invalid(`The request is malformed: ${z.prettifyError(parsed.error)}`)
    const ctx = await actionContext('effects')
    assertOwner(ctx)
    const { operation, selection } = parsed.data
    const { run, done } = OPERATIONS[operation]
    const chosen = 'ids' in selection ? selection : selectionOf(selection.search, ctx.timeZone)
    const { changed, hasMore } = await changeAll(ctx, run, chosen)
    revalidatePath('/admin/effects', 'layout')
    const what = changed === 1 ? '1 effect' : `${new Intl.NumberFormat(ctx.locale).format(changed)} effects`
    return {
      message:
        changed === 0
          ? 'Nothing to do: their state has changed meanwhile.'
          : `${what} ${done}.${hasMore ? MORE[operation] : ''}`,
      value: changed,
    }
  })
}

function selectionOf(search: EffectSearch & { state: EffectState }, timeZone: string): EffectSelection {
  return { ...effectFilter(search, timeZone), states: [search.state] }
}

/** A request is given this long; what is left is for the next one. */
const PATIENCE_MS = 10_000

/** One transaction takes ten thousand; the next ones follow while there is time. */
async function changeAll(ctx: RequestContext, run: typeof retryEffects, selection: EffectSelection) {
  const { db } = await getRuntime()
  const provenance = { actor: ctx.actor.id, source: ctx.source, requestId: ctx.requestId }
  const deadline = performance.now() + PATIENCE_MS
  // What is replayed would be chosen again.
  const isRepeatable = !('ids' in selection) && run !== replayEffects
  let total = 0
  for (;;) {
    const { changed, hasMore } = await run({ db, provenance }, selection)
    total += changed
    if (!hasMore || !isRepeatable || performance.now() > deadline) return { changed: total, hasMore }
  }
}
