import { postgresErrorOf } from '@/lib/db/postgres-errors'
import { AdminError } from '@/lib/errors'
import type { RequestContext } from '../context'
import { orderOf } from './order'
import { isTextual } from './pattern'
import type { ListState } from './state'
import { tableFacts } from './table-facts'

/** Whether the database stopped a statement because its time was over. */
export const isTimeout = (error: unknown): boolean => postgresErrorOf(error)?.code === '57014'

/**
 * What to tell a person whose list took too long: which part of the address no index serves, as the catalogue has it.
 */
export async function explainTimeout(ctx: RequestContext, state: ListState, cause: unknown): Promise<AdminError> {
  if (state.resource.past) {
    return new AdminError(
      'timeout',
      'So much has changed since this moment that putting the list together took too long. Choose a later moment, or narrow the list.',
      {},
      { cause },
    )
  }
  const parts = await suspects(ctx, state).catch(() => [])
  const what = parts.length > 0 ? new Intl.ListFormat(ctx.locale).format(parts) : 'its filters and its order'
  return new AdminError(
    'timeout',
    `The list took too long and was stopped by the database. Change ${what}, or narrow the list first.`,
    { suspects: parts },
    { cause },
  )
}

async function suspects(ctx: RequestContext, state: ListState): Promise<string[]> {
  const { resource, search, filters, sort } = state
  const facts = await tableFacts(ctx.db, resource.shape)
  const isServed = (name: string | undefined) => name !== undefined && facts.leading.has(name)
  const [first] = orderOf(ctx, resource, sort, 't').fields
  const parts: string[] = []
  if (!isServed(first?.column.name)) parts.push(`the order by ${first?.label ?? sort[0]?.name ?? 'nothing'}`)
  for (const { filter, operator } of filters) {
    const { name } = filter.field.column
    const isRange = operator === 'eq' || operator === 'in' || operator === 'gte' || operator === 'lte'
    const isIndexed = isRange ? isServed(name) : isTextual(filter.field) && facts.trigrams.has(name)
    if (!isIndexed) parts.push(`the filter on ${filter.label}`)
  }
  if (search) parts.push(`the search for “${search}”`)
  return parts
}
