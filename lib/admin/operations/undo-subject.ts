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
 * The subject of 'schema.table'. A link belongs to the records on both of its sides: this is the first the config names.
 * @throws AdminError `conflict` where the table is not part of their admin
 */
export function subjectOf(ctx: OperationContext, relation: string): UndoSubject {
  const [first] = sidesOf(ctx, relation)
  if (first) return first
  throw new AdminError('conflict', `${relation} is not part of this admin, so its changes cannot be undone here.`)
}

/** The same as this person may change it: a link by the side whose records they may, as in that side's form. */
export async function subjectFor(ctx: OperationContext, relation: string): Promise<UndoSubject> {
  for (const side of sidesOf(ctx, relation))
    if (side.link && (await isAllowed(ctx, side.resource, 'update'))) return side
  return subjectOf(ctx, relation)
}

function sidesOf(ctx: OperationContext, relation: string): UndoSubject[] {
  const resource = ctx.admin.byRelation.get(relation)
  if (resource) return [{ resource, storage: resource.storage }]
  return [...ctx.admin.resources.values()].flatMap((owner) => {
    const link = owner.manyToMany.find(({ join }) => join.relation === relation)
    if (!link) return []
    return [{ resource: owner, link, storage: tableStorage(link.join, { keyFields: link.join.primaryKey }) }]
  })
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
