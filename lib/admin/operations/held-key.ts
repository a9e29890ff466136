import { postgresErrorOf } from '@/lib/db/postgres-errors'
import { AdminError } from '@/lib/errors'
import type { RequestContext } from '../context'
import type { Field, Resource } from '../tree'
import type { Draft } from './draft'
import { isHeldBack, isSingle, referring } from './holder-words'
import { whatHoldsKey } from './holders'

/**
 * The field whose value cannot become another because records refer to it, and what to say of that.
 * @param id of the record as it is
 */
export async function heldKey(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  draft: Draft,
): Promise<readonly [Field, string] | undefined> {
  const changed = [...resource.fields.values()].filter(({ name }) => draft.changes(name))
  const row = changed.length > 0 ? await resource.storage.load(ctx.db, id) : undefined
  if (!row) return undefined
  const { blocks, columns } = await whatHoldsKey(ctx, resource, row, new Set(changed.map(({ column }) => column.name)))
  const field = changed.find(({ column }) => columns.includes(column.name))
  const those = isSingle(blocks) ? 'that' : 'those'
  return field && [field, `Cannot change while ${referring(blocks)} to it. Change or delete ${those} first.`]
}

/** What a refused change says where a foreign key held on: at the field it refers to. Else the error as it is. */
export async function explainHeldKey(
  error: unknown,
  ctx: RequestContext,
  resource: Resource,
  { id, draft }: { id?: string; draft?: Draft },
): Promise<unknown> {
  const cause = postgresErrorOf(error)
  if (id === undefined || !draft || !cause || !HELD_CODES.has(cause.code) || !isHeldBack(cause)) return error
  // What refused it is known all the same.
  const found = await heldKey(ctx, resource, id, draft).catch(() => undefined)
  if (!found) return error
  const [{ name, label }, message] = found
  return new AdminError('conflict', `${label}: ${message}`, { fields: { [name]: [message] } }, { cause })
}

/** foreign_key_violation; restrict_violation of PostgreSQL 18 */
const HELD_CODES = new Set(['23503', '23001'])
