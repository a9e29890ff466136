'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { createRecord, deleteRecords as deleteAll, titleOf, updateRecord } from '@/lib/admin'
import { listHrefOf, recordHref } from '@/lib/admin/menu'
import type { ActionResult } from '@/lib/admin/view'
import { actionContext } from '../context'
import { answer } from '../report'
import { parse, resourceOf } from './action-input'
import { undoOf } from './history/recording'

const texts = z.record(z.string().max(200), z.string().nullable())

const saveInput = z.object({
  resource: z.string().max(300),
  id: z.string().max(4000).optional(),
  shown: texts.default({}),
  version: z.string().max(100).optional(),
  reason: z.string().max(1000).optional(),
  values: texts,
  manyToMany: z.record(z.string(), z.array(z.string()).max(10_000)).optional(),
  next: z.enum(['list', 'continue', 'another']).default('list'),
})

const deleteInput = z.object({
  resource: z.string().max(300),
  ids: z.array(z.string().max(4000)).min(1).max(1000),
})

/** Creates a record, or changes the one `id` names; where to go afterwards is part of the answer. */
export async function saveRecord(
  input: unknown,
): Promise<ActionResult<{ id: string; href: string; undo?: { request: string } }>> {
  return answer(async () => {
    const { resource: key, id, values, shown, version, manyToMany, next, ...given } = parse(saveInput, input)
    const ctx = await actionContext('form')
    const resource = await resourceOf(ctx, key)
    const noun = resource.singular
    const links = manyToMany
    const road = { ctx, reason: given.reason?.trim() || undefined }
    const saved =
      id === undefined ? undefined : await updateRecord(road, resource, id, { values, shown, version, links })
    const row = saved?.row ?? (await createRecord(road, resource, { values, links }))
    const title = titleOf(resource, row.texts, row.id)
    const href = {
      list: listHrefOf(resource),
      continue: recordHref(resource, row.id),
      another: `${listHrefOf(resource)}/new`,
    }[next]
    revalidatePath('/admin', 'layout')
    const undo = saved?.isChanged !== false ? await undoOf(ctx, resource) : undefined
    const merged = saved?.merged.length ? ` Kept what somebody else changed meanwhile: ${saved.merged.join(', ')}.` : ''
    const verb = saved ? (saved.isChanged ? 'saved' : 'had nothing to change') : 'created'
    return { message: `${noun} “${title}” ${verb}.${merged}`, value: { id: row.id, href, undo } }
  })
}

/** Deletes the records, all or none. */
export async function deleteRecords(
  input: unknown,
): Promise<ActionResult<{ href: string; undo?: { request: string } }>> {
  return answer(async () => {
    const { resource: key, ids } = parse(deleteInput, input)
    const ctx = await actionContext('form')
    const resource = await resourceOf(ctx, key)
    const rows = await deleteAll({ ctx }, resource, ids)
    revalidatePath('/admin', 'layout')
    const [first] = rows
    const what =
      rows.length === 1 && first
        ? `${resource.singular} “${titleOf(resource, first.texts, first.id)}”`
        : `${rows.length} ${resource.plural.toLowerCase()}`
    return {
      message: `${what} deleted.`,
      value: { href: listHrefOf(resource), undo: await undoOf(ctx, resource) },
    }
  })
}
