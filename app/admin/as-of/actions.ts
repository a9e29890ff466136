'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { findResource } from '@/lib/admin'
import type { UndoRefusal } from '@/lib/admin/history/undo-view'
import { countRestore, type RestoreCounts, restoreRecords } from '@/lib/admin/operations/restore'
import { invalid } from '@/lib/errors'
import { actionContext } from '../../context'
import { reportError } from '../../report'

const input = z.object({
  resource: z.string().max(300),
  at: z.string().max(100),
  what: z.union([
    z.object({ id: z.string().max(4000) }).strict(),
    z.object({ query: z.string().max(20_000) }).strict(),
  ]),
  overrule: z.boolean().optional(),
  leaveOut: z.boolean().optional(),
  given: z.record(z.string().max(3000), z.string().max(1_000_000)).optional(),
})

export type RestoreInput = z.infer<typeof input>

export type RestoreAnswer =
  | { ok: true; counts: RestoreCounts; request: string }
  | { ok: false; code: string; message: string; refusal?: UndoRefusal }

/** Takes a record, or all a list shows, back to a moment. */
export const restore = async (given: unknown): Promise<RestoreAnswer> => {
  const answer = await carryOut(given, restoreRecords)
  if (answer.ok) revalidatePath('/admin', 'layout')
  return answer
}

/** What that would do. */
export const previewRestore = async (given: unknown): Promise<RestoreAnswer> => carryOut(given, countRestore)

async function carryOut(given: unknown, operation: typeof restoreRecords): Promise<RestoreAnswer> {
  try {
    const { success, data } = input.safeParse(given)
    if (!success) throw invalid('The request is malformed: name a record or a list, and a moment.')
    const ctx = await actionContext('restore')
    const [section = '', slug = ''] = data.resource.split('/')
    const resource = await findResource(ctx, section, slug)
    return { ok: true, counts: await operation({ ctx }, resource, data), request: ctx.requestId }
  } catch (error) {
    const { code, message, details } = await reportError(error)
    return { ok: false, code, message, refusal: details.undo as UndoRefusal | undefined }
  }
}
