import type { StoredRow, Texts } from '@/lib/storage'
import type { OperationContext } from '../context'
import { assertAllowed } from '../policy'
import { toRecord } from '../record'
import type { RecordValues, Resource } from '../tree'
import { castCreate, requireValues } from './cast'
import type { Draft } from './draft'
import { evictBeyondLimit } from './expire'
import { type Attempt, withAllThatIsWrong } from './foresee'
import { changedLinks, type LinkChange, type Links, saveLinks } from './links'
import { inTransaction, type Road } from './road'

export interface CreateInput {
  /** What a person sent: Postgres texts by field. Fields they may not set are ignored. */
  values?: Texts
  /** What application code gives: values by field, as Drizzle types them. Not bound by a form's rules. */
  typed?: RecordValues
  /** Texts as the change log holds them: a record that comes back, whole, with its key. Not bound by a form's rules. */
  exact?: Texts
  /** The other side's ids of each many-to-many association. */
  links?: Links
}

/**
 * Creates one record in a transaction of its own.
 * @returns the record as stored
 * @throws AdminError `forbidden`, `invalid` with messages by field, `hook_rejected`, `conflict`
 */
export async function createRecord(road: Road, resource: Resource, input: CreateInput): Promise<StoredRow> {
  const attempt: Attempt = {}
  const row = await inTransaction(road, resource, (ctx) => createInside(ctx, resource, input, attempt)).catch(
    async (error: unknown) => {
      throw input.values ? await withAllThatIsWrong(error, road.ctx, resource, attempt) : error
    },
  )
  // In a transaction of its own: what goes now is the site's doing, not the creator's.
  await evictBeyondLimit(road.ctx, resource)
  return row
}

/**
 * The same within a transaction that is already open.
 * @param attempt is told what it comes to
 */
export async function createInside(
  ctx: OperationContext,
  resource: Resource,
  input: CreateInput,
  attempt?: Attempt,
): Promise<StoredRow> {
  const { draft, links } = await prepareCreate(ctx, resource, input, attempt)
  const row = await insert(ctx, resource, draft)
  await finishCreate(ctx, resource, row, links)
  return row
}

/** A record about to be created: everything before the statement has been said. */
export interface PreparedCreate {
  draft: Draft
  links: LinkChange[]
}

/** All that comes before the statement: policy, casting, validation, before hooks. */
export async function prepareCreate(
  ctx: OperationContext,
  resource: Resource,
  input: CreateInput,
  attempt: Attempt = {},
): Promise<PreparedCreate> {
  await assertAllowed(ctx, resource, 'create')
  const draft = await castCreate(ctx, resource, input.values ?? {})
  attempt.draft = draft
  Object.assign(draft.values, input.typed)
  for (const [name, text] of Object.entries(input.exact ?? {})) draft.give(name, text)
  applyDefaults(resource, draft, 'defaultFn')
  const loaded = (await resource.lifetime?.onCreate(ctx, draft.values)) ?? {}
  for (const [name, value] of Object.entries(loaded)) draft.values[name] ??= value
  await resource.validate.create(ctx, draft)
  draft.assertValid()
  await resource.hooks.beforeInsert(ctx, draft)
  await resource.hooks.beforeSave(ctx, draft)
  requireValues(resource, draft, 'create')
  draft.assertValid()
  return { draft, links: await changedLinks(ctx, resource, undefined, input.links) }
}

/** All that comes after it. */
export async function finishCreate(
  ctx: OperationContext,
  resource: Resource,
  row: StoredRow,
  links: readonly LinkChange[],
): Promise<void> {
  await saveLinks(ctx, row, links)
  const record = toRecord(resource, row.texts)
  await resource.hooks.afterSave(ctx, record)
  await resource.hooks.afterInsert(ctx, record)
}

async function insert(ctx: OperationContext, resource: Resource, draft: Draft): Promise<StoredRow> {
  if (!resource.overrides.insert) return resource.storage.insert(ctx.tx, draft.texts())
  const id = await resource.overrides.insert(ctx, draft)
  return reload(ctx, resource, id)
}

/** Reads back what a statement of the deployer's own wrote. */
export async function reload(ctx: OperationContext, resource: Resource, id: string): Promise<StoredRow> {
  const row = await resource.storage.load(ctx.tx, String(id))
  if (!row) throw new Error(`An override of ${resource.key} answered the id “${id}”, which does not exist.`)
  return row
}

/** Drizzle's `$defaultFn` and `$onUpdateFn`, which application code expects to run wherever a record is written. */
export function applyDefaults(resource: Resource, draft: Draft, which: 'defaultFn' | 'onUpdateFn'): void {
  for (const [name, { column }] of resource.fields) {
    const give = column.column[which]
    if (give && draft.values[name] === undefined) draft.values[name] = give()
  }
}
