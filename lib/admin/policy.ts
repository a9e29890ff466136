import { and, is, SQL, sql } from 'drizzle-orm'
import { rebase } from '@/lib/db/rebase'
import { type AdminError, forbidden } from '@/lib/errors'
import type { Operation, RequestContext } from './context'
import type { RecordValues, Resource } from './tree'

const VERBS: Record<string, (resource: Resource) => string> = {
  list: ({ plural }) => `see ${plural.toLowerCase()}`,
  read: ({ singular }) => `open this ${singular.toLowerCase()}`,
  create: ({ plural }) => `create ${plural.toLowerCase()}`,
  update: ({ singular }) => `change this ${singular.toLowerCase()}`,
  delete: ({ singular }) => `delete this ${singular.toLowerCase()}`,
}

/** The sentence a person reads when the policy said no. */
export function refusal(resource: Resource, operation: Operation): AdminError {
  const verb = VERBS[operation]?.(resource) ?? 'do this'
  return forbidden(`Your role does not allow you to ${verb}. Ask an administrator if you need it.`)
}

/** Whether the person may do it at all, before any record is known: what menus and buttons ask. */
export async function isAllowed(ctx: RequestContext, resource: Resource, operation: Operation): Promise<boolean> {
  if (isDisabled(ctx, resource, operation)) return false
  return (await resource.authorize(ctx, operation)) !== false
}

/** @throws AdminError `forbidden` where the person may not do it at all */
export async function assertAllowed(ctx: RequestContext, resource: Resource, operation: Operation): Promise<void> {
  if (!(await isAllowed(ctx, resource, operation))) throw refusal(resource, operation)
}

/**
 * Which rows the person may do it with: the resource's scope and, where the policy answered in SQL, that condition,
 * both asked of the FROM item called `alias`. Undefined means all rows.
 * @throws AdminError `forbidden` where the answer is no
 */
export async function rowCondition(
  ctx: RequestContext,
  resource: Resource,
  operation: Operation,
  alias: string,
): Promise<SQL | undefined> {
  if (isDisabled(ctx, resource, operation)) throw refusal(resource, operation)
  const answer = await resource.authorize(ctx, operation)
  if (answer === false) throw refusal(resource, operation)
  const conditions = [resource.scope(ctx), is(answer, SQL) ? answer : undefined]
  // In parentheses of their own: a condition of the config may hold an OR, which must not loosen what it is joined with.
  const over = (rows: string) =>
    and(...conditions.map((condition) => condition && sql`(${rebase(condition, resource.relation, rows)})`))
  const asked = over(alias)
  // What a record was is shown only to those who may see what it is.
  return asked && resource.past
    ? and(
        asked,
        resource.past.holdsNow(alias, (rows) => over(rows) ?? asked),
      )
    : asked
}

/**
 * Asks again once the record is known. A condition the policy answers here was already part of the query that found
 * the record, so it counts as yes.
 * @throws AdminError `forbidden`
 */
export async function assertRecordAllowed(
  ctx: RequestContext,
  resource: Resource,
  operation: Operation,
  record: RecordValues,
): Promise<void> {
  if ((await resource.authorize(ctx, operation, record)) === false) throw refusal(resource, operation)
}

/** Whether the policy lets the person do it with this record; `assertRecordAllowed` as a question. */
export async function isRecordAllowed(
  ctx: RequestContext,
  resource: Resource,
  operation: Operation,
  record: RecordValues,
): Promise<boolean> {
  return !isDisabled(ctx, resource, operation) && (await resource.authorize(ctx, operation, record)) !== false
}

function isDisabled(ctx: RequestContext, resource: Resource, operation: Operation): boolean {
  return (
    (operation === 'create' || operation === 'update' || operation === 'delete') &&
    resource.disabled(ctx).has(operation)
  )
}
