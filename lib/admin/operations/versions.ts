import { isMalformedValue } from '@/lib/db/postgres-errors'
import { AdminError, notFound } from '@/lib/errors'
import type { StoredRow, VersionRow, Versions } from '@/lib/storage'
import type { OperationContext, RequestContext } from '../context'
import { assertAllowed, assertRecordAllowed, isAllowed, rowCondition } from '../policy'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import { Draft } from './draft'
import { inTransaction, type Road } from './road'
import { type Updated, updateInside } from './update'

/**
 * The versions of an entry that this person may see, newest first. An entry that was deleted has versions too.
 * @param options.before a version's number: only older ones
 * @throws AdminError `not_found`, `forbidden`, `invalid` where the resource keeps no versions
 */
export async function listVersions(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  options: { before?: number; limit?: number } = {},
): Promise<VersionRow[]> {
  const versions = versionsOf(resource)
  await loadLastVersion(ctx, resource, id)
  const { limit = 50 } = options
  const seen: VersionRow[] = []
  // Until there are enough that the person may see.
  for (let before = options.before; ; ) {
    const found = await versions.list(ctx.db, id, { before, limit })
    for (const row of found) if (await wasReadable(ctx, resource, row)) seen.push(masked(ctx, resource, row))
    before = found.at(-1)?.number
    if (found.length < limit || seen.length >= limit) return seen.slice(0, limit)
  }
}

/**
 * One version as it was written, for reading.
 * @returns with the numbers of the versions before and after it, where there are any
 * @throws AdminError `not_found` (also for a number there never was), `forbidden`
 */
export async function loadVersion(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  number: number,
): Promise<VersionRow & { previous?: number; next?: number }> {
  const versions = versionsOf(resource)
  await loadLastVersion(ctx, resource, id)
  const row =
    Number.isInteger(number) && number > 0 && number < 2 ** 31 ? await versions.load(ctx.db, id, { number }) : undefined
  if (!row || !(await wasReadable(ctx, resource, row)))
    throw notFound(`Version ${number} of ${resource.singular} ${id}`)
  return {
    ...masked(ctx, resource, row),
    previous: row.number > 1 ? row.number - 1 : undefined,
    next: row.number < row.newest ? row.number + 1 : undefined,
  }
}

/**
 * The newest version of an entry that this person may see; of a deleted one its tombstone.
 * @throws AdminError `not_found`, `forbidden`
 */
export async function loadLastVersion(ctx: RequestContext, resource: Resource, id: string): Promise<VersionRow> {
  const row = await newest(ctx, resource, id)
  if (!row) throw notFound(`${resource.singular} ${id}`)
  await assertRecordAllowed(ctx, resource, 'read', toRecord(resource, row.texts))
  return masked(ctx, resource, row)
}

/**
 * Brings a deleted entry back as it last was, under its own key, as a further version: a creation in the eyes of the
 * policy and the hooks, which may change what is written.
 * @throws AdminError `not_found`, `conflict` where it is not deleted, `forbidden`, `invalid`, `hook_rejected`
 */
export function undeleteRecord(road: Road, resource: Resource, id: string): Promise<StoredRow> {
  const versions = versionsOf(resource)
  return inTransaction(road, resource, async (ctx) => {
    await assertAllowed(ctx, resource, 'create')
    const last = await newest(ctx, resource, id)
    if (!last) throw notFound(`${resource.singular} ${id}`)
    if (!last.isDeleted)
      throw new AdminError('conflict', `${resource.singular} ${id} is not deleted: there is nothing to bring back.`)
    const draft = new Draft(resource, last.texts)
    for (const [name, { kind }] of resource.fields)
      if (kind.isEditable && !resource.storage.managed.has(name)) draft.give(name, last.texts[name] ?? null)
    await resource.validate.create(ctx, draft)
    draft.assertValid()
    await resource.hooks.beforeInsert(ctx, draft)
    await resource.hooks.beforeSave(ctx, draft)
    draft.assertValid()
    const row = await versions.undelete(ctx.tx, id, draft.texts())
    const record = toRecord(resource, row.texts)
    await resource.hooks.afterSave(ctx, record)
    await resource.hooks.afterInsert(ctx, record)
    return row
  })
}

/**
 * Makes an old version's values the newest ones, as a save of the person: fields they may not change stay as they are.
 * @throws AdminError as `updateRecord` and `loadVersion` do
 */
export async function restoreVersion(road: Road, resource: Resource, id: string, number: number): Promise<Updated> {
  const version = await loadVersion(road.ctx, resource, id, number)
  const isKept = (name: string) => resource.fields.get(name)?.kind.isEditable && !resource.storage.managed.has(name)
  const values = Object.fromEntries(Object.entries(version.texts).filter(([name]) => isKept(name)))
  return inTransaction(road, resource, (ctx) => updateInside(ctx, resource, id, { values }))
}

function versionsOf(resource: Resource): Versions {
  if (resource.storage.versions) return resource.storage.versions
  throw new AdminError('invalid', `${resource.plural} keep no versions.`)
}

/** The newest version under the person's scope and policy, a tombstone too. */
async function newest(ctx: RequestContext | OperationContext, resource: Resource, id: string) {
  const where = await rowCondition(ctx, resource, 'read', 't')
  return versionsOf(resource)
    .load('tx' in ctx ? ctx.tx : ctx.db, id, { where })
    .then((row) => (row && row.number === row.newest ? row : undefined))
    .catch((error: unknown) => {
      if (isMalformedValue(error)) return undefined
      throw error
    })
}

/** Without the values the person may not read. */
function masked(ctx: RequestContext, resource: Resource, row: VersionRow): VersionRow {
  const texts = Object.entries(row.texts).filter(([name]) => resource.fields.get(name)?.read(ctx))
  return { ...row, texts: Object.fromEntries(texts) }
}

/** What the entry was then has to be open to the person too. */
async function wasReadable(ctx: RequestContext, resource: Resource, row: VersionRow): Promise<boolean> {
  if (!(await isAllowed(ctx, resource, 'read'))) return false
  if ((await resource.authorize(ctx, 'read', toRecord(resource, row.texts))) === false) return false
  const where = await rowCondition(ctx, resource, 'read', 't')
  return !where || (await versionsOf(resource).load(ctx.db, row.id, { number: row.number, where })) !== undefined
}
