'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { parse, recordInput, resourceOf } from '@/app/admin/action-input'
import { undoOf } from '@/app/admin/history/recording'
import { actionContext } from '@/app/context'
import { answer } from '@/app/report'
import { restoreVersion, titleOf, undeleteRecord } from '@/lib/admin'
import { recordHref } from '@/lib/admin/menu'
import type { ActionResult } from '@/lib/admin/view'

type Restored = ActionResult<{ href: string; undo?: { request: string } }>

/** Brings a deleted entry back as a further version. */
export async function undelete(input: unknown): Promise<Restored> {
  return answer(async () => {
    const { resource: key, id } = parse(recordInput, input)
    const ctx = await actionContext('undelete')
    const resource = await resourceOf(ctx, key)
    const row = await undeleteRecord({ ctx }, resource, id)
    revalidatePath('/admin', 'layout')
    const undo = await undoOf(ctx, resource)
    const message = `${resource.singular} “${titleOf(resource, row.texts, row.id)}” is back.`
    return { message, value: { href: recordHref(resource, row.id), undo } }
  })
}

const versionInput = recordInput.extend({ version: z.number().int().positive() })

/** Writes an old version's values as the newest one. */
export async function restore(input: unknown): Promise<Restored> {
  return answer(async () => {
    const { resource: key, id, version } = parse(versionInput, input)
    const ctx = await actionContext('restore')
    const resource = await resourceOf(ctx, key)
    const { row, isChanged } = await restoreVersion({ ctx }, resource, id, version)
    revalidatePath('/admin', 'layout')
    const title = titleOf(resource, row.texts, row.id)
    return {
      message: isChanged
        ? `“${title}” is as in version ${version} again.`
        : `“${title}” already is as in version ${version}.`,
      value: {
        href: recordHref(resource, row.id),
        undo: isChanged ? await undoOf(ctx, resource) : undefined,
      },
    }
  })
}
