import { encodeRecordId } from '@/lib/db/record-id'
import { AdminError } from '@/lib/errors'
import { isOversize, type UndoStep } from '@/lib/history'
import type { OperationContext } from '../context'
import { rowCondition } from '../policy'
import type { ManyToMany, Resource } from '../tree'
import { loadRows } from './undo-subject'

/**
 * Ids of those links whose other side is there and hidden from the person. No form shows them such a link, so neither
 * does it come nor go by an undo of theirs. What is not there yet may come back along with it.
 */
export async function unseenLinks(
  ctx: OperationContext,
  link: ManyToMany,
  steps: readonly UndoStep[],
): Promise<ReadonlySet<string>> {
  const other = ctx.admin.resources.get(link.resource)
  const isByKey = other?.keyFields.map(({ name }) => name).join() === link.otherFields.join()
  if (!other || !isByKey) return new Set()
  const others = new Map(steps.map((step) => [step.recordId, encodeRecordId(otherKey(link, step))] as const))
  const ids = [...new Set(others.values())]
  const where = await visible(ctx, other)
  if (where === 'all') return new Set()
  const present = await loadRows(ctx, other.storage, ids, {})
  const seen = where === 'none' ? new Map() : await loadRows(ctx, other.storage, ids, { where })
  return new Set([...others].flatMap(([link, id]) => (present.has(id) && !seen.has(id) ? [link] : [])))
}

/** The condition on what they may see of the other side. */
async function visible(ctx: OperationContext, other: Resource) {
  try {
    return (await rowCondition(ctx, other, 'list', 't')) ?? 'all'
  } catch (error) {
    if (error instanceof AdminError && error.code === 'forbidden') return 'none'
    throw error
  }
}

const otherKey = ({ otherColumns }: ManyToMany, { values, now }: UndoStep): string[] =>
  otherColumns.map(({ name }) => {
    const value = values[name] ?? now[name]
    return value === undefined || value === null || isOversize(value) ? '' : value
  })
