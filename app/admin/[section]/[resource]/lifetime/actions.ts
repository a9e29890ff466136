'use server'

import { parse, recordInput, resourceOf } from '@/app/admin/action-input'
import { actionContext } from '@/app/context'
import { answer } from '@/app/report'
import { keepAlive, loadLifetime } from '@/lib/admin'
import type { ActionResult, LifetimeView } from '@/lib/admin/view'

/** Starts the inactivity timeout of an ephemeral record anew. Answers when it vanishes now. */
export async function keepRecordAlive(input: unknown): Promise<ActionResult<LifetimeView | undefined>> {
  return answer(async () => {
    const { resource: key, id } = parse(recordInput, input)
    const ctx = await actionContext('form')
    const resource = await resourceOf(ctx, key)
    await keepAlive({ ctx }, resource, id)
    return { message: `${resource.singular} kept alive.`, value: await loadLifetime(ctx, resource, id) }
  })
}

/** When an open record vanishes by now: somebody else may have used it meanwhile. Asking is no activity. */
export async function readLifetime(input: unknown): Promise<ActionResult<LifetimeView | undefined>> {
  return answer(async () => {
    const { resource: key, id } = parse(recordInput, input)
    const ctx = await actionContext('form')
    return { message: '', value: await loadLifetime(ctx, await resourceOf(ctx, key), id) }
  })
}
