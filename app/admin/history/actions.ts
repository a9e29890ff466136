'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import type { UndoAnswer, UndoJobAnswer, UndoRefusal, UndoRequest } from '@/lib/admin/history/undo-view'
import { listHrefOf } from '@/lib/admin/menu'
import { isLargeUndo, undoChanges } from '@/lib/admin/operations/undo'
import { requestUndo } from '@/lib/admin/operations/undo-job'
import { invalid } from '@/lib/errors'
import { actionContext } from '../../context'
import { reportError } from '../../report'

const id = z.string().regex(/^\d{1,18}$/)
/** Chooses what to undo in one of three ways. */
const input = z.object({
  ids: z.array(id).min(1).max(10_000).optional(),
  tx: z.union([id, z.array(id).min(1).max(1000)]).optional(),
  request: z.string().min(1).max(200).optional(),
  overrule: z.boolean().optional(),
  leaveOut: z.boolean().optional(),
  given: z.record(z.string().max(3000), z.string().max(1_000_000)).optional(),
})

/** The record whose page is open where the undo is asked for. */
const openRecord = z.object({ resource: z.string().max(300), id: z.string().max(4000) }).optional()

/**
 * Undoes changes: by their ids, or all of a transaction or request. Later changes to the same values refuse it, with a
 * comparison.
 * @param from the record whose page is open
 */
export async function undo(given: unknown, from?: unknown): Promise<UndoAnswer> {
  try {
    const asked = parse(given)
    const open = openRecord.safeParse(from).data
    const ctx = await actionContext('undo')
    const { undone, removed, isRemoval } = await undoChanges({ ctx }, asked)
    revalidatePath('/admin', 'layout')
    const own = removed.find(({ resource, id }) => resource === open?.resource && id === open.id)
    const created = own ?? (isRemoval && removed.length === 1 ? removed[0] : undefined)
    const resource = own && ctx.admin.resources.get(own.resource)
    const changes = undone === 1 ? 'Undone.' : `${undone.toLocaleString(ctx.locale)} changes undone.`
    return {
      ok: true,
      message: created ? `Creation of “${created.title}” undone.` : changes,
      value: {
        undone,
        request: ctx.requestId,
        undo: created && { request: ctx.requestId },
        listHref: resource && listHrefOf(resource),
      },
    }
  } catch (error) {
    const { code, message, details } = await reportError(error)
    return { ok: false, code, message, refusal: details.undo as UndoRefusal | undefined }
  }
}

/** Whether an undo goes in the background: what is asked before it depends on that. Where nobody can say, it is tried. */
export async function goesInBackground(given: unknown): Promise<boolean> {
  try {
    return await isLargeUndo(await actionContext('undo'), parse(given))
  } catch (error) {
    await reportError(error)
    return false
  }
}

/** The same in the background, for more than one transaction takes: the job's page asks where something is in the way. */
export async function undoInBackground(given: unknown): Promise<UndoJobAnswer> {
  try {
    const asked = parse(given)
    const job = await requestUndo({ ctx: await actionContext('undo') }, asked)
    return { ok: true, message: 'It is looked through, then undone in the background.', job }
  } catch (error) {
    const { message } = await reportError(error)
    return { ok: false, message }
  }
}

function parse(given: unknown): UndoRequest {
  const { success, data } = input.safeParse(given)
  if (success && [data.ids, data.tx, data.request].filter(Boolean).length === 1) return data
  throw invalid('The request is malformed: name changes, a transaction or a request.')
}
