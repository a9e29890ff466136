import { AdminError } from '@/lib/errors'
import { type Storage, type StoredRow, tableStorage } from '@/lib/storage'
import type { OperationContext } from '../context'
import { isAllowed } from '../policy'
import type { ManyToMany, Resource } from '../tree'

/** Whose records a logged table's rows are: a resource's own, or links between the records of two. */
export type UndoSubject =
  | { resource: Resource; link?: undefined; storage: Storage }
  | { resource: Resource; link: ManyToMany; storage: Storage }

/**
 * The subject of 'schema.table' for this person. A link belongs to the records on both of its sides, and goes by the
 * side they may change, as it would in that side's form.
 * @throws AdminError `conflict` where the table is not part of their admin
 */
export async function subjectOf(ctx: OperationContext, relation: string): Promise<UndoSubject> {
  const resource = ctx.admin.byRelation.get(relation)
  if (resource) return { resource, storage: resource.storage }
  let closed: UndoSubject | undefined
  for (const owner of ctx.admin.resources.values()) {
    const link = owner.manyToMany.find(({ join }) => join.relation === relation)
    if (!link) continue
    const side = { resource: owner, link, storage: tableStorage(link.join, { keyFields: link.join.primaryKey }) }
    if (await isAllowed(ctx, owner, 'update')) return side
    closed ??= side
  }
  if (closed) return closed
  throw new AdminError('conflict', `${relation} is not part of this admin, so its changes cannot be undone here.`)
}

/** The columns, by their database names, that an undo can write through this subject. */
export function columnsOf({ resource, link }: UndoSubject): ReadonlySet<string> {
  return new Set(
    link ? link.join.columns.map(({ name }) => name) : [...resource.fields.values()].map(({ column }) => column.name),
  )
}

/** The records of these ids that are there under a condition, by id; one query where the storage can. */
export async function loadRows(
  ctx: OperationContext,
  storage: Storage,
  ids: readonly string[],
  options: Parameters<Storage['load']>[2],
): Promise<Map<string, StoredRow>> {
  if (storage.sets) return storage.sets.loadAll(ctx.tx, ids, options)
  const rows = new Map<string, StoredRow>()
  for (const id of ids) {
    const row = await storage.load(ctx.tx, id, options)
    if (row) rows.set(id, row)
  }
  return rows
}
