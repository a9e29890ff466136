import { createHash } from 'node:crypto'
import { is, SQL, sql } from 'drizzle-orm'
import type { KeysetKey } from '@/lib/db/keyset'
import { column, rebase } from '@/lib/db/rebase'
import type { RequestContext } from '../context'
import type { Field, ListColumn, Resource } from '../tree'

/** A key of the order as the address writes it: 'title', '-views'. */
export interface SortState {
  name: string
  descending: boolean
}

/** What a name in `sort=` stands for: a column of the list, or a field the resource sorts by unless told otherwise. */
type Sortable = { label: string; by: Field | SQL }

/** What this person may sort by, by the name the address uses. */
export function sortables(ctx: RequestContext, resource: Resource): Map<string, Sortable> {
  const found = new Map<string, Sortable>()
  for (const { field } of resource.list.sort)
    if (field.read(ctx)) found.set(field.name, { label: field.label, by: field })
  for (const entry of visibleColumns(ctx, resource)) {
    if (entry.sort && (is(entry.sort, SQL) || entry.sort.read(ctx))) {
      found.set(entry.name, { label: entry.label, by: entry.sort })
    }
  }
  return found
}

/** The columns this person may read. */
export function visibleColumns(ctx: RequestContext, resource: Resource): ListColumn[] {
  return resource.list.columns.filter(({ field }) => !field || field.read(ctx))
}

/** The order of a list whose address names none. A computed column's name is used where it shows the field. */
export function defaultSort(ctx: RequestContext, resource: Resource): SortState[] {
  const names = sortables(ctx, resource)
  return resource.list.sort
    .filter(({ field }) => names.has(field.name))
    .map(({ field, descending }) => ({ name: field.name, descending }))
}

/** The whole order of a list: its sort, then the primary key, so that no two rows are alike. */
export interface Order {
  keys: KeysetKey[]
  /** Fields among the keys whose texts a row carries anyway. */
  fields: (Field | undefined)[]
  /** Names the order: a cursor of another one is not read. */
  signature: string
  /** False where there is no key to end with: then only numbered pages exist. */
  isTotal: boolean
}

/**
 * The tie-breaking key goes the way of the last sort key, so that an index on (views, id), or on (views) and the key,
 * serves `-views` and `views` alike.
 */
export function orderOf(ctx: RequestContext, resource: Resource, sort: readonly SortState[], alias: string): Order {
  const names = sortables(ctx, resource)
  const keys: KeysetKey[] = []
  const fields: (Field | undefined)[] = []
  const add = (by: Field | SQL, descending: boolean) => {
    if (is(by, SQL)) {
      keys.push({ expression: sql`(${rebase(by, resource.relation, alias)})`, descending, isNullable: true })
      fields.push(undefined)
    } else if (!fields.includes(by)) {
      keys.push({ expression: column(alias, by.column.name), descending, isNullable: isNullable(resource, by) })
      fields.push(by)
    }
  }
  for (const { name, descending } of sort) {
    const sortable = names.get(name)
    if (sortable) add(sortable.by, descending)
  }
  const last = keys.at(-1)?.descending ?? true
  for (const field of tieBreakers(resource)) add(field, last)
  const spelled = sort.map(({ name, descending }) => `${descending ? '-' : ''}${name}`).join(',')
  const signature = createHash('sha256')
    .update(`${resource.key} ${spelled} ${keys.length}`)
    .digest('base64url')
    .slice(0, 8)
  return { keys, fields, signature, isTotal: resource.keyFields.length > 0 }
}

/** Without a key every column that can be compared has a say: rows alike in all of them look alike too. */
function tieBreakers(resource: Resource): readonly Field[] {
  if (resource.keyFields.length > 0) return resource.keyFields
  return [...resource.fields.values()].filter(({ kind }) => kind.isSortable)
}

function isNullable(resource: Resource, field: Field): boolean {
  return !field.column.notNull && !resource.shape.primaryKey.includes(field.name)
}
