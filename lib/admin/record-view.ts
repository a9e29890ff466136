import { isMalformedValue } from '@/lib/db/postgres-errors'
import { encodeRecordId } from '@/lib/db/record-id'
import { notFound } from '@/lib/errors'
import { isOversize, type LoggedValue, recordHistory } from '@/lib/history'
import type { StoredRow, Texts } from '@/lib/storage'
import type { RequestContext } from './context'
import { columnType, elementColumn, limitsOf } from './fields/column-type'
import type { FormatContext } from './fields/field'
import { lifetimeOf } from './lifetime'
import { labelsFor, relatedPreview } from './list'
import { atQuery, listHrefOf, recordHref } from './menu'
import { absence } from './operations/absence'
import { linkedIds } from './operations/links'
import { assertAllowed, assertRecordAllowed, isAllowed, isRecordAllowed, rowCondition } from './policy'
import { titleOf, toRecord } from './record'
import { viewResource } from './resource-view'
import type { Field, RecordValues, Resource } from './tree'
import type { FieldView, LifetimeView, ManyToManyView, RecordView } from './view'

/**
 * One record as its page shows it: what this person may read, ready to be edited where they may.
 * @param options.isActivity whether this keeps an ephemeral record alive: opening it does, a refresh of the open page
 *   does not. Default true
 * @throws AdminError `not_found` (also for an id of the wrong type), `expired`, `forbidden`
 */
export async function loadRecordView(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  { isActivity = true }: { isActivity?: boolean } = {},
): Promise<RecordView> {
  const row = await openRecord(ctx, resource, id, isActivity)
  const record = toRecord(resource, row.texts)
  const [canUpdate, canDelete, canCreate] = await Promise.all([
    isRecordAllowed(ctx, resource, 'update', record),
    isRecordAllowed(ctx, resource, 'delete', record),
    isAllowed(ctx, resource, 'create'),
  ])
  const access = (field: Field) => {
    const given = field.update(ctx, record)
    return given === 'editable' && !canUpdate ? 'readonly' : given
  }
  const [groups, manyToMany, related] = await Promise.all([
    viewGroups(ctx, resource, row.texts, access, record),
    viewLinks(ctx, resource, row.texts, canUpdate),
    viewRelated(ctx, resource, row),
  ])
  return {
    resource: await viewResource(ctx, resource),
    id: row.id,
    title: titleOf(resource, row.texts, row.id),
    version: row.version,
    groups,
    texts: textsShown(groups, row.texts),
    manyToMany,
    related,
    can: { update: canUpdate, delete: canDelete, create: canCreate },
    notices: await erasedNotices(ctx, resource, row.id),
    dropped: await droppedValues(ctx, resource, row.id),
    keepsVersions: resource.storage.versions !== undefined,
    lifetime: lifetimeOf(ctx, resource, row),
  }
}

/**
 * The form of a new record.
 * @param given texts by field to start with: a related list's "New" names what it belongs to
 * @throws AdminError `forbidden`
 */
export async function newRecordView(ctx: RequestContext, resource: Resource, given: Texts = {}): Promise<RecordView> {
  await assertAllowed(ctx, resource, 'create')
  const texts: Texts = {}
  for (const [name, field] of resource.fields) texts[name] = given[name] ?? field.default?.(ctx) ?? null
  const groups = await viewGroups(ctx, resource, texts, (field) => field.create(ctx))
  return {
    resource: await viewResource(ctx, resource),
    title: `New ${resource.singular.toLowerCase()}`,
    version: '',
    keepsVersions: resource.storage.versions !== undefined,
    groups,
    texts: textsShown(groups, texts),
    manyToMany: await viewLinks(ctx, resource, undefined, true),
    related: [],
    can: { update: true, delete: false, create: true },
    notices: [],
  }
}

/** Reads the record, and notes that somebody did. */
async function openRecord(ctx: RequestContext, resource: Resource, id: string, isActivity: boolean) {
  const row = await loadReadable(ctx, resource, id)
  const { expiry } = resource.storage
  if (!expiry || !isActivity || !(await expiry.touch(ctx.db, row))) return row
  return loadReadable(ctx, resource, id)
}

/** The record, where this person may open it. */
export async function loadReadable(ctx: RequestContext, resource: Resource, id: string): Promise<StoredRow> {
  const where = await rowCondition(ctx, resource, 'read', 't')
  const row = await resource.storage.load(ctx.db, id, { where }).catch((error: unknown) => {
    if (isMalformedValue(error)) return undefined
    throw error
  })
  if (!row) throw resource.storage.expiry ? await absence(ctx, resource, id) : notFound(`${resource.singular} ${id}`)
  await assertRecordAllowed(ctx, resource, 'read', toRecord(resource, row.texts))
  if (resource.past) await assertPresentAllowed(ctx, resource.past.present, row.id)
  return row
}

/** What a record was is shown only to those who may see what it is, or was when it went. */
async function assertPresentAllowed(ctx: RequestContext, resource: Resource, id: string): Promise<void> {
  const texts = (await resource.storage.load(ctx.db, id))?.texts ?? (await lastTexts(ctx, resource, id))
  if (texts) await assertRecordAllowed(ctx, resource, 'read', toRecord(resource, texts))
}

async function lastTexts(ctx: RequestContext, resource: Resource, id: string): Promise<Texts | undefined> {
  const { changes } = await recordHistory(ctx.db, resource.shape.relation, id, { filters: { op: 'delete' }, limit: 1 })
  const before = changes[0]?.before
  if (!before) return undefined
  return Object.fromEntries(
    [...resource.fields.values()].map(({ name, column }) => [name, textOf(before[column.name])] as const),
  )
}

const textOf = (value: LoggedValue | undefined) => (value === undefined || isOversize(value) ? null : value)

async function droppedValues(ctx: RequestContext, resource: Resource, id: string): Promise<RecordView['dropped']> {
  const texts = (await resource.past?.droppedValues(ctx.db, id)) ?? {}
  const fields = new Map([...resource.fields.values()].map((field) => [field.column.name, field]))
  return Object.entries(texts).flatMap(([name, text]) => {
    const field = fields.get(name)
    return text === null || field?.read(ctx) === false ? [] : [{ name: field?.label ?? name, text }]
  })
}

/** Says of which fields nobody knows any more what they held: they are empty. */
async function erasedNotices(ctx: RequestContext, resource: Resource, id: string): Promise<string[]> {
  const erased = new Set(await resource.past?.erasedColumns(ctx.db, id))
  const labels = [...resource.fields.values()].flatMap((field) =>
    erased.has(field.column.name) && !field.isSecret && field.read(ctx) ? [field.label] : [],
  )
  if (labels.length === 0) return []
  return [`Erased from the history, so what it held then is not known: ${labels.join(', ')}.`]
}

/**
 * When a record that is open somewhere vanishes; asking is no activity.
 * @throws AdminError `expired`, `not_found`, `forbidden`
 */
export async function loadLifetime(
  ctx: RequestContext,
  resource: Resource,
  id: string,
): Promise<LifetimeView | undefined> {
  return lifetimeOf(ctx, resource, await loadReadable(ctx, resource, id))
}

type Access = (field: Field) => 'editable' | 'readonly' | 'hidden'

/** The form's groups with the fields this person sees. */
export async function viewGroups(
  ctx: RequestContext,
  resource: Resource,
  texts: Texts,
  access: Access,
  record?: RecordValues,
) {
  const groups = resource.form.groups.map(async ({ label, description, fields }) => {
    const seen = fields.filter((field) => field.read(ctx) && access(field) !== 'hidden')
    return {
      label,
      description,
      fields: await Promise.all(seen.map((field) => viewField(ctx, field, texts, access(field), record))),
    }
  })
  return (await Promise.all(groups)).filter(({ fields }) => fields.length > 0)
}

/** Only what the form shows leaves the server. */
export function textsShown(groups: RecordView['groups'], texts: Texts): Texts {
  return Object.fromEntries(groups.flatMap(({ fields }) => fields.map(({ name }) => [name, texts[name] ?? null])))
}

async function viewField(
  ctx: RequestContext,
  field: Field,
  texts: Texts,
  access: ReturnType<Access>,
  record?: RecordValues,
): Promise<FieldView> {
  const text = texts[field.name] ?? null
  const choices = await field.choices?.(ctx, record)
  const reference = await viewReference(ctx, field, text)
  const format: FormatContext = { locale: ctx.locale, timeZone: ctx.timeZone, now: ctx.clock.now() }
  return {
    name: field.name,
    label: field.label,
    kind: field.kind.name,
    element: field.element?.name,
    sqlType: columnType(field.column.sqlType).base,
    access: access === 'editable' ? 'editable' : 'readonly',
    isRequired: field.isAskedFor,
    isNullable: !field.column.notNull,
    help: field.help,
    hint: field.hint,
    placeholder: field.placeholder,
    rows: field.rows,
    width: field.kind.width,
    choices:
      choices?.slice() ??
      enumValuesOf(field)?.map((value) => ({
        value,
        label: (field.element ?? field.kind).format(value, { ...field, choices: undefined }, format),
      })),
    tones: { ...field.tones },
    ...limitsOf(field.column),
    reference,
    downloadUrl: text === null ? undefined : downloadUrlOf(ctx, field, texts),
    display: text === null ? '' : (reference?.label ?? field.kind.format(text, { ...field, choices }, format)),
    timeZone: ctx.timeZone,
    locale: ctx.locale,
  }
}

async function viewReference(ctx: RequestContext, field: Field, text: string | null): Promise<FieldView['reference']> {
  const target = field.reference && ctx.admin.resources.get(field.reference.resource)
  if (!target || !(await isAllowed(ctx, target, 'list'))) return undefined
  const label =
    text === null ? undefined : (await labelsFor(ctx, target, [text], field.reference?.targetFields)).get(text)
  return {
    optionsUrl: optionsUrlOf(field, ctx),
    href: text !== null && label && isKeyed(target, field) ? recordHref(target, text) : undefined,
    label: label ?? text ?? undefined,
    newHref: (await isAllowed(ctx, target, 'create')) ? `${listHrefOf(target)}/new` : undefined,
    targetLabel: target.singular,
  }
}

/** Whether the field holds the target's record id itself (and not another unique column of it). */
function isKeyed(target: Resource, field: Field): boolean {
  return target.keyFields.length === 1 && target.keyFields[0]?.name === field.reference?.targetFields[0]
}

/** The values a type declares, of a column or of an array's elements. */
const enumValuesOf = ({ column }: Field) => column.enumValues ?? elementColumn(column)?.enumValues

/** Where a record's bytes can be had. */
function downloadUrlOf(ctx: RequestContext, field: Field, texts: Texts): string | undefined {
  const owner = field.kind.name === 'bytea' ? ownerOf(field, ctx) : undefined
  if (!owner || owner.keyFields.length === 0) return undefined
  const id = encodeRecordId(owner.keyFields.map(({ name }) => texts[name] ?? ''))
  const query = owner.past ? `?${atQuery(owner)}` : ''
  return `/api/bytes/${owner.section}/${owner.slug}/${encodeURIComponent(id)}/${encodeURIComponent(field.name)}${query}`
}

function ownerOf(field: Field, ctx: RequestContext): Resource | undefined {
  return [...ctx.admin.resources.values()].find((resource) => resource.fields.get(field.name) === field)
}

function optionsUrlOf(field: Field, ctx: RequestContext): string {
  const owner = ownerOf(field, ctx)
  return `/api/options/${owner?.section}/${owner?.slug}/${field.name}`
}

async function viewLinks(
  ctx: RequestContext,
  resource: Resource,
  own: Texts | undefined,
  isEditable: boolean,
): Promise<ManyToManyView[]> {
  const views = resource.manyToMany.map(async (association) => {
    const target = ctx.admin.resources.get(association.resource)
    if (!target || !(await isAllowed(ctx, target, 'list'))) return []
    const ids = own ? await linkedIds(ctx.db, association, own) : []
    const labels = await labelsFor(ctx, target, ids, association.otherFields)
    return [
      {
        name: association.name,
        label: association.label,
        optionsUrl: `/api/options/${resource.section}/${resource.slug}/${association.name}`,
        // What the person may not see stays linked, and unseen.
        selected: ids.flatMap((id) => (labels.has(id) ? [{ id, label: labels.get(id)! }] : [])),
        isEditable,
      },
    ]
  })
  return (await Promise.all(views)).flat()
}

async function viewRelated(ctx: RequestContext, resource: Resource, row: StoredRow): Promise<RecordView['related']> {
  const views = resource.related.map(async (related) => {
    const target = ctx.admin.resources.get(related.resource)
    // A resource out of the menu is still reached from what it belongs to: an order's lines.
    if (!target || !(await isAllowed(ctx, target, 'list'))) return []
    const preview = await relatedPreview(ctx, target, related, row.texts)
    const query = related.fields.map(
      (field, at) => `f.${field}=${encodeURIComponent(`eq:${row.texts[related.ownFields[at] ?? ''] ?? ''}`)}`,
    )
    const given = related.fields.map(
      (field, at) => `v.${field}=${encodeURIComponent(row.texts[related.ownFields[at] ?? ''] ?? '')}`,
    )
    const canCreate = await isAllowed(ctx, target, 'create')
    return [
      {
        name: related.name,
        label: related.label,
        href: `${listHrefOf(target)}?${[...(target.past ? [atQuery(target)] : []), ...query].join('&')}`,
        newHref: canCreate ? `${listHrefOf(target)}/new?${given.join('&')}` : undefined,
        ...preview,
      },
    ]
  })
  return (await Promise.all(views)).flat()
}
