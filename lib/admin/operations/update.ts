import { isMalformedValue } from '@/lib/db/postgres-errors'
import { notFound } from '@/lib/errors'
import type { StoredRow, Texts } from '@/lib/storage'
import type { OperationContext } from '../context'
import { assertRecordAllowed, rowCondition } from '../policy'
import { toRecord } from '../record'
import type { RecordValues, Resource } from '../tree'
import { absence } from './absence'
import { assertNewest, castUpdate, requireValues } from './cast'
import { applyDefaults, reload } from './create'
import { Draft } from './draft'
import { type Attempt, withAllThatIsWrong } from './foresee'
import { explainHeldKey } from './held-key'
import { changedLinks, type LinkChange, type Links, saveLinks } from './links'
import { inTransaction, type Road } from './road'

export interface UpdateInput {
  /** What a person sent: Postgres texts by field. */
  values?: Texts
  /** The texts the person had been shown: only fields that differ from them are written. */
  shown?: Texts
  /** The version the person had been shown. Only append-only records, whose versions are written whole, need it. */
  version?: string
  /** What application code gives: values by field, as Drizzle types them. */
  typed?: RecordValues
  /** Texts as the change log holds them: what an undo sets back. Not bound by a form's rules. */
  exact?: Texts
  links?: Links
}

export interface Updated {
  row: StoredRow
  /** False where nothing differed, so nothing was written and no hook ran. */
  isChanged: boolean
  /** Labels of fields somebody else changed meanwhile and this save left as they are. */
  merged: string[]
}

/**
 * Changes one record in a transaction of its own.
 * @throws AdminError `not_found`, `forbidden`, `invalid`, `hook_rejected`, `stale_record` with the conflicting fields
 */
export function updateRecord(road: Road, resource: Resource, id: string, input: UpdateInput): Promise<Updated> {
  const attempt: Attempt = { id }
  return inTransaction(road, resource, (ctx) => updateInside(ctx, resource, id, input, { attempt })).catch(
    async (error: unknown) => {
      const { ctx } = road
      const told = await explainHeldKey(error, ctx, resource, attempt)
      throw input.values ? await withAllThatIsWrong(told, ctx, resource, attempt) : told
    },
  )
}

/**
 * The same within a transaction that is already open.
 * @param given.locked the record where the caller has loaded it for this very write
 * @param given.attempt is told what it comes to
 */
export async function updateInside(
  ctx: OperationContext,
  resource: Resource,
  id: string,
  input: UpdateInput,
  given: { locked?: StoredRow; attempt?: Attempt } = {},
): Promise<Updated> {
  const row = given.locked ?? (await loadForWrite(ctx, resource, id, 'update'))
  const { prepared, merged } = await prepareUpdate(ctx, resource, row, input, given.attempt)
  if (!prepared) return { row, isChanged: false, merged }
  const written = await write(ctx, resource, row, prepared)
  await finishUpdate(ctx, resource, written, prepared)
  return { row: written, isChanged: true, merged }
}

/** A record about to be changed: everything before the statement has been said. */
export interface PreparedUpdate {
  draft: Draft
  record: RecordValues
  links: LinkChange[]
}

/** All that comes before the statement: casting, validation, before hooks. Nothing is prepared where nothing differs. */
export async function prepareUpdate(
  ctx: OperationContext,
  resource: Resource,
  row: StoredRow,
  input: UpdateInput,
  attempt: Attempt = {},
): Promise<{ prepared?: PreparedUpdate; merged: string[] }> {
  const record = toRecord(resource, row.texts)
  if (resource.storage.versions) assertNewest(resource, row, input)
  const draft = input.values
    ? await castUpdate(ctx, resource, row, { values: input.values, shown: input.shown })
    : new Draft(resource, row.texts)
  attempt.draft = draft
  Object.assign(draft.values, input.typed)
  for (const [name, text] of Object.entries(input.exact ?? {})) draft.give(name, text)
  const links = await changedLinks(ctx, resource, row, input.links)
  const merged = mergedLabels(resource, row, input)
  const isRefused = Object.keys(draft.errors).length > 0
  if (!isRefused && Object.keys(draft.texts()).length === 0 && links.length === 0) return { merged }

  applyDefaults(resource, draft, 'onUpdateFn')
  await resource.validate.update(ctx, draft, record)
  draft.assertValid()
  await resource.hooks.beforeUpdate(ctx, draft, record)
  await resource.hooks.beforeSave(ctx, draft)
  requireValues(resource, draft, 'update')
  draft.assertValid()
  return { prepared: { draft, record, links }, merged }
}

/** All that comes after it. */
export async function finishUpdate(
  ctx: OperationContext,
  resource: Resource,
  written: StoredRow,
  { links }: PreparedUpdate,
): Promise<void> {
  await saveLinks(ctx, written, links)
  const after = toRecord(resource, written.texts)
  await resource.hooks.afterSave(ctx, after)
  await resource.hooks.afterUpdate(ctx, after)
}

/**
 * The record under the person's own scope and policy, locked until the transaction ends.
 * @throws AdminError `not_found` (also for an id of the wrong type), `forbidden`
 */
export async function loadForWrite(
  ctx: OperationContext,
  resource: Resource,
  id: string,
  operation: 'update' | 'delete',
): Promise<StoredRow> {
  const where = await rowCondition(ctx, resource, operation, 't')
  const row = await resource.storage.load(ctx.tx, id, { where, lock: true }).catch((error: unknown) => {
    if (isMalformedValue(error)) throw notFound(`${resource.singular} ${id}`)
    throw error
  })
  if (!row) throw await absence(ctx, resource, id)
  await assertRecordAllowed(ctx, resource, operation, toRecord(resource, row.texts))
  return row
}

async function write(
  ctx: OperationContext,
  resource: Resource,
  row: StoredRow,
  { draft, record }: PreparedUpdate,
): Promise<StoredRow> {
  if (!resource.overrides.update) return resource.storage.update(ctx.tx, row, draft.texts())
  return reload(ctx, resource, await resource.overrides.update(ctx, draft, record))
}

function mergedLabels(resource: Resource, row: StoredRow, { shown, values }: UpdateInput): string[] {
  if (!shown || !values) return []
  return [...resource.fields.values()]
    .filter(({ name }) => !resource.storage.managed.has(name) && name in shown)
    .filter(({ name }) => shown[name] !== row.texts[name] && values[name] === shown[name])
    .map(({ label }) => label)
}
