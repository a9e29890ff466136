import { sql } from 'drizzle-orm'
import { AdminError } from '@/lib/errors'
import { keyCondition, type StoredRow, type Texts } from '@/lib/storage'
import type { OperationContext } from '../context'
import { rowCondition } from '../policy'
import { toRecord } from '../record'
import type { Field, Resource } from '../tree'
import { Draft } from './draft'

export interface Conflict {
  field: string
  label: string
  /** What the person had before them, what stands there now, and what they want. */
  shown: string | null
  now: string | null
  yours: string | null
}

/**
 * What a person sent, as a changeset for a new record. Values for fields they may not set are ignored; empty values
 * leave the database's default in place. Errors are collected, not thrown.
 */
export async function castCreate(ctx: OperationContext, resource: Resource, input: Texts): Promise<Draft> {
  const draft = new Draft(resource, undefined)
  for (const [name, text] of Object.entries(input)) {
    const field = knownField(resource, name)
    if (field.create(ctx) !== 'editable' || !field.read(ctx) || text === null) continue
    await castField(ctx, draft, field, text)
  }
  return draft
}

/**
 * What a person sent, as a changeset against the locked record: only fields whose text differs from what they had
 * been shown, and that they may change on this record.
 * @throws AdminError `stale_record` where a field they change was changed by somebody else since; changes to other
 *   fields merge
 */
export async function castUpdate(
  ctx: OperationContext,
  resource: Resource,
  row: StoredRow,
  input: { values: Texts; shown?: Texts },
): Promise<Draft> {
  const draft = new Draft(resource, row.texts)
  const record = toRecord(resource, row.texts)
  const conflicts: Conflict[] = []
  for (const [name, text] of Object.entries(input.values)) {
    const field = knownField(resource, name)
    const shown = input.shown && name in input.shown ? (input.shown[name] ?? null) : undefined
    const now = row.texts[name] ?? null
    if (text === shown || text === now) continue
    if (field.update(ctx, record) !== 'editable' || !field.read(ctx)) continue
    if (shown !== undefined && shown !== now)
      conflicts.push({ field: name, label: field.label, shown, now, yours: text })
    else await castField(ctx, draft, field, text)
  }
  if (conflicts.length > 0) throw stale(resource, conflicts)
  return draft
}

/**
 * A version of an append-only record is written whole and by one person, so a save from an older one does not merge.
 * @throws AdminError `stale_record` with what differs by now
 */
export function assertNewest(
  resource: Resource,
  row: StoredRow,
  { version, shown = {}, values = {} }: { version?: string; shown?: Texts; values?: Texts },
): void {
  const differing = [...resource.fields.values()].filter(
    ({ name }) => name in shown && !resource.storage.managed.has(name) && shown[name] !== row.texts[name],
  )
  if ((version === undefined || version === row.version) && differing.length === 0) return
  const conflicts = differing.map(({ name, label }) => ({
    field: name,
    label,
    shown: shown[name] ?? null,
    now: row.texts[name] ?? null,
    // A field the person left alone stands in their version as it was shown.
    yours: (name in values ? values[name] : shown[name]) ?? null,
  }))
  if (conflicts.length > 0) throw stale(resource, conflicts, row.version)
  const message = `Somebody else saved a newer version of this ${resource.singular.toLowerCase()}. What you see here is the same in it. Save again to add yours.`
  throw new AdminError('stale_record', message, {
    fields: { '': [message] },
    conflicts,
    version: row.version,
    resource: resource.key,
  })
}

function stale(resource: Resource, conflicts: readonly Conflict[], version?: string): AdminError {
  const names = conflicts.map(({ label }) => label).join(', ')
  const message = `Somebody else changed ${names} while you were editing. Choose which value stays, then save again.`
  const fields = Object.fromEntries(
    conflicts.map(({ field }) => [field, ['Changed by somebody else since you opened this page.']]),
  )
  return new AdminError('stale_record', message, { fields, conflicts, version, resource: resource.key })
}

function knownField(resource: Resource, name: string): Field {
  const field = resource.fields.get(name)
  if (field) return field
  throw new AdminError('invalid', `${resource.plural} have no field “${name}”.`, {
    fields: { '': [`There is no field “${name}”.`] },
  })
}

async function castField(ctx: OperationContext, draft: Draft, field: Field, text: string | null): Promise<void> {
  if (text === null) return draft.give(field.name, null)
  const choices = await field.choices?.(ctx)
  const format = { locale: ctx.locale, timeZone: ctx.timeZone, now: ctx.clock.now() }
  const parsed = field.kind.parse(text, { ...field, choices }, format)
  if (!parsed.ok) return draft.addError(field.name, parsed.message)
  if (field.reference && parsed.text !== null && !(await mayPointAt(ctx, field, parsed.text))) {
    const target = ctx.admin.resources.get(field.reference.resource)
    return draft.addError(
      field.name,
      `There is no such ${target?.singular.toLowerCase() ?? 'record'}, or you may not see it. Choose one from the list.`,
    )
  }
  draft.give(field.name, parsed.text)
}

/** A picker offers only what the person may see; a request made by hand may not point elsewhere either. */
async function mayPointAt(ctx: OperationContext, field: Field, text: string): Promise<boolean> {
  const target = field.reference && ctx.admin.resources.get(field.reference.resource)
  const columns = target?.shape.columns.filter(({ field: name }) => field.reference?.targetFields.includes(name)) ?? []
  const isPointed = keyCondition(columns, text)
  if (!target || !isPointed) return true
  const mine = await rowCondition(ctx, target, 'list', 't')
  const rows = await ctx.tx.execute(
    sql`select 1 from ${target.storage.source()} as "t" where ${isPointed} ${mine ? sql`and ${mine}` : sql``} limit 1`,
  )
  return rows.length > 0
}

/** Messages for what is still missing once hooks have had their say. */
export function requireValues(resource: Resource, draft: Draft, operation: 'create' | 'update'): void {
  for (const [name, field] of resource.fields) {
    const isAbsent = !(name in draft.values) || draft.values[name] === undefined
    if (isAbsent ? operation === 'update' || !field.isRequired : draft.values[name] !== null || !field.column.notNull)
      continue
    if (!draft.errors[name]) draft.addError(name, `${field.label} is needed.`)
  }
}
