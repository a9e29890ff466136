import { sql } from 'drizzle-orm'
import { OWNER_ROLE } from '@/lib/auth'
import { encodeRecordId } from '@/lib/db/record-id'
import type { TableShape } from '@/lib/db/table-shape'
import { AdminError, forbidden, notFound } from '@/lib/errors'
import {
  type Change,
  changesById,
  changesOfRequest,
  changesOfTransaction,
  isOversize,
  type LoggedValues,
} from '@/lib/history'
import { type Texts, tableStorage } from '@/lib/storage'
import type { OperationContext } from '../context'
import type { UndoConflict, UndoRequest } from '../history/undo-view'
import { isAllowed } from '../policy'
import { titleOf, toRecord } from '../record'
import type { Field, ManyToMany, Resource } from '../tree'
import { createInside } from './create'
import { deleteInside } from './delete'
import { inTransaction, type Road } from './road'
import { loadForWrite, updateInside } from './update'

/** More than this is not undone in one transaction. */
const MOST = 10_000

/**
 * Undoes changes, newest first, in one transaction: all or none. Each is undone by the same road as a person's own
 * change, so it is authorised, validated, hooked and logged (with what it undid), and an undo can never do what the
 * person may not do now.
 * @throws AdminError `conflict` with `undoConflicts` where values were changed again since (unless `overrule`),
 *   `not_found`, `forbidden`, and whatever the operations themselves refuse
 */
export async function undoChanges(road: Road, request: UndoRequest): Promise<{ undone: number }> {
  const changes = await changesAsked(road, request)
  const first = changes.map(({ relation }) => road.ctx.admin.byRelation.get(relation)).find(Boolean)
  const resource = first ?? [...road.ctx.admin.resources.values()][0]
  if (!resource) throw notFound('The record')
  return inTransaction({ ...road, ctx: { ...road.ctx, source: 'undo' } }, resource, async (ctx) => {
    const conflicts: UndoConflict[] = []
    let undone = 0
    for (const change of parentsFirst(ctx, changes)) {
      // Sent together: the connection runs them in this order.
      const marked = ctx.tx.execute(sql`select set_config('kontor.undoes', ${change.id}, true)`)
      const [isUndone] = await Promise.all([undoOne(ctx, change, conflicts, request.overrule ?? false), marked])
      if (isUndone) undone++
    }
    if (conflicts.length > 0 && !request.overrule) throw changedSince(conflicts)
    if (undone === 0)
      throw new AdminError('conflict', 'There is nothing to undo: everything is already as it was before.')
    return { undone }
  })
}

/** The changes asked for, newest first. */
async function changesAsked({ ctx }: Road, { ids, tx, request }: UndoRequest): Promise<Change[]> {
  const found: Change[] = ids ? await changesById(ctx.db, ids) : []
  const read = tx ? changesOfTransaction : changesOfRequest
  let cursor: string | null = null
  while (!ids) {
    const page: Awaited<ReturnType<typeof read>> = await read(ctx.db, tx ?? request ?? '', { limit: 1000, cursor })
    found.push(...page.changes)
    if (found.length > MOST)
      throw new AdminError(
        'too_large',
        `More than ${MOST.toLocaleString('en')} changes cannot be undone in one step. Choose fewer.`,
      )
    cursor = page.next
    if (!cursor) break
  }
  if (found.length === 0 || (ids && found.length < new Set(ids).size)) throw notFound('The change')
  return found.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1))
}

/**
 * Newest first, save that a deleted record comes back before those that point at it: a cascade logs parents and
 * children in no order one could rely on.
 */
function parentsFirst(ctx: OperationContext, changes: readonly Change[]): Change[] {
  const restored = new Map(
    changes.filter(({ op }) => op === 'delete').map((change) => [`${change.relation} ${change.recordId}`, change]),
  )
  const ordered = new Set<Change>()
  const visit = (change: Change, path: ReadonlySet<Change>) => {
    if (ordered.has(change) || path.has(change)) return
    for (const parent of change.op === 'delete' ? parentKeys(ctx, change) : []) {
      const earlier = restored.get(parent)
      if (earlier) visit(earlier, new Set([...path, change]))
    }
    ordered.add(change)
  }
  for (const change of changes) visit(change, new Set())
  return [...ordered]
}

/** The records a deleted one pointed at, as 'schema.table id'. */
function parentKeys(ctx: OperationContext, { relation, before }: Change): string[] {
  const shape = shapeOf(ctx, relation)
  return (shape?.foreignKeys ?? []).flatMap(({ fields, target }) => {
    const parent = `${target.schema}.${target.table}`
    const key = shapeOf(ctx, parent)
    const parts = key?.primaryKey.map((field) => {
      const name = key.columns.find((column) => column.field === field)?.name ?? ''
      const own = shape?.columns.find((column) => column.field === fields[target.columns.indexOf(name)])
      return own && before?.[own.name]
    })
    return parts?.every((part) => typeof part === 'string') ? [`${parent} ${encodeRecordId(parts as string[])}`] : []
  })
}

function shapeOf(ctx: OperationContext, relation: string): TableShape | undefined {
  const resource = ctx.admin.byRelation.get(relation)
  if (resource) return resource.shape
  return [...ctx.admin.resources.values()]
    .flatMap(({ manyToMany }) => manyToMany)
    .find(({ join }) => join.relation === relation)?.join
}

function changedSince(conflicts: readonly UndoConflict[]): AdminError {
  const records = new Set(conflicts.map(({ record }) => record)).size
  const what = records === 1 ? `${conflicts[0]?.record} was` : `${records} records were`
  return new AdminError('conflict', `${what} changed again since. Undoing would overwrite that.`, {
    undoConflicts: conflicts.slice(0, 50),
  })
}

/** @returns false where it is already as it was before the change */
async function undoOne(
  ctx: OperationContext,
  change: Change,
  conflicts: UndoConflict[],
  overrule: boolean,
): Promise<boolean> {
  if (change.op === 'truncate' || change.recordId === null) {
    throw new AdminError('conflict', `A change of ${change.relation} left no values behind, so it cannot be undone.`)
  }
  const resource = ctx.admin.byRelation.get(change.relation)
  if (!resource) return undoLink(ctx, change)
  if (change.op === 'insert') return removeAgain(ctx, resource, change)
  if (change.op === 'delete') return restore(ctx, resource, change, conflicts, overrule)
  return setBack(ctx, resource, change, conflicts)
}

async function removeAgain(ctx: OperationContext, resource: Resource, change: Change): Promise<boolean> {
  const isThere = await resource.storage.load(ctx.tx, change.recordId ?? '')
  if (!isThere) return false
  await deleteInside(ctx, resource, change.recordId ?? '')
  return true
}

async function restore(
  ctx: OperationContext,
  resource: Resource,
  change: Change,
  conflicts: UndoConflict[],
  overrule: boolean,
): Promise<boolean> {
  if (await resource.storage.load(ctx.tx, change.recordId ?? '')) return false
  const { texts, gone } = readable(ctx, resource, change.before ?? {})
  for (const name of gone)
    conflicts.push({
      record: `${resource.singular} ${change.recordId}`,
      label: name,
      expected: null,
      now: 'The column no longer exists',
      wanted: String(change.before?.[name]),
    })
  if (gone.length > 0 && !overrule) return false
  await createInside(ctx, resource, { exact: texts })
  return true
}

async function setBack(
  ctx: OperationContext,
  resource: Resource,
  change: Change,
  conflicts: UndoConflict[],
): Promise<boolean> {
  const id = keyAfter(resource, change)
  const row = await loadForWrite(ctx, resource, id, 'update')
  const record = toRecord(resource, row.texts)
  const { texts: before, gone } = readable(ctx, resource, change.before ?? {})
  const { texts: after } = readable(ctx, resource, change.after ?? {})
  const title = titleOf(resource, row.texts, row.id)
  for (const name of gone)
    throw new AdminError(
      'conflict',
      `The column “${name}” of ${title} no longer exists, so its change cannot be undone.`,
    )
  const exact: Texts = {}
  for (const [name, wanted] of Object.entries(before)) {
    const field = resource.fields.get(name)!
    const now = await exactText(ctx, resource, field, row.id, row.texts)
    if (now === wanted) continue
    assertMayChange(ctx, resource, field, record)
    if (now !== after[name])
      conflicts.push({ record: title, label: field.label, expected: after[name] ?? null, now, wanted })
    exact[name] = wanted
  }
  if (Object.keys(exact).length === 0) return false
  await updateInside(ctx, resource, row.id, { exact }, row)
  return true
}

/** The value as the log writes it; what a record's page does not load whole is read for itself. */
async function exactText(
  ctx: OperationContext,
  resource: Resource,
  field: Field,
  id: string,
  texts: Texts,
): Promise<string | null> {
  if (field.kind.isEditable || !field.kind.select) return texts[field.name] ?? null
  const whole = tableStorage(resource.shape, { keyFields: resource.keyFields.map(({ name }) => name) })
  return (await whole.load(ctx.tx, id))?.texts[field.name] ?? null
}

/**
 * The logged values by field, without what the database computes itself.
 * @throws AdminError where the person may not read a field, or its value was too large for the log
 */
function readable(ctx: OperationContext, resource: Resource, values: LoggedValues): { texts: Texts; gone: string[] } {
  const texts: Texts = {}
  const gone: string[] = []
  for (const [name, value] of Object.entries(values)) {
    const field = [...resource.fields.values()].find(({ column }) => column.name === name)
    // A column nobody filled is not missed.
    if (!field && value === null) continue
    if (!field) gone.push(name)
    else if (field.column.isGenerated) continue
    else if (!field.read(ctx)) throw forbidden(`The change touches ${field.label}, which you may not see.`)
    else if (isOversize(value))
      throw new AdminError('conflict', `${field.label} was too large for the log, so its earlier value is not known.`)
    else texts[field.name] = value
  }
  return { texts, gone }
}

/** A field that is closed to this person while owners may change it is a right, not a matter of the form. */
function assertMayChange(
  ctx: OperationContext,
  resource: Resource,
  field: Field,
  record: Record<string, unknown>,
): void {
  const asOwner = { ...ctx, actor: { ...ctx.actor, role: OWNER_ROLE }, user: { ...ctx.user, role: OWNER_ROLE } }
  if (field.update(ctx, record) !== 'editable' && field.update(asOwner, record) === 'editable') {
    throw forbidden(`You may not change ${field.label} of this ${resource.singular.toLowerCase()}.`)
  }
}

/** The record's id since the change: an update may have changed the key. */
function keyAfter(resource: Resource, change: Change): string {
  const changed = resource.keyFields.some(({ column }) => change.changed.includes(column.name))
  if (!changed) return change.recordId ?? ''
  // The parts that stayed are those of the key before.
  const parts = resource.keyFields.map(({ column }) => change.after?.[column.name])
  if (parts.every((part) => typeof part === 'string')) return encodeRecordId(parts as string[])
  throw new AdminError('conflict', 'Part of the key was changed; the record it became cannot be told from the log.')
}

/** A row of a join table: a link that came or went, changed by whoever may change the record it belongs to. */
async function undoLink(ctx: OperationContext, change: Change): Promise<boolean> {
  const { owner, association } = linkOf(ctx, change)
  if (!(await isAllowed(ctx, owner, 'update')))
    throw forbidden(`You may not change the ${association.label.toLowerCase()} of ${owner.plural.toLowerCase()}.`)
  const storage = tableStorage(association.join, { keyFields: association.join.primaryKey })
  const row = await storage.load(ctx.tx, change.recordId ?? '', { lock: true })
  if (change.op === 'insert') {
    if (!row) return false
    await storage.remove(ctx.tx, row)
    return true
  }
  if (change.op === 'update' || row) return false
  const byName = new Map(association.join.columns.map(({ name, field }) => [name, field]))
  const texts = Object.entries(change.before ?? {}).flatMap(([name, value]) => {
    const field = byName.get(name)
    return field && !isOversize(value) ? [[field, value] as const] : []
  })
  await storage.insert(ctx.tx, Object.fromEntries(texts))
  return true
}

function linkOf(ctx: OperationContext, { relation }: Change): { owner: Resource; association: ManyToMany } {
  for (const owner of ctx.admin.resources.values()) {
    const association = owner.manyToMany.find(({ join }) => join.relation === relation)
    if (association) return { owner, association }
  }
  throw new AdminError('conflict', `${relation} is not part of this admin, so its changes cannot be undone here.`)
}
