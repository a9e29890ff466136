import { sql } from 'drizzle-orm'
import type { ForeignKeyShape } from '@/lib/db/table-shape'
import type { Catalogue, CatalogueEntry } from './catalogue'
import type { ManyToMany, Reference, RelatedList } from './tree'
import { fieldLabel, inWords } from './words'

/** The resource key a relation is administered under, where it is. */
export type ResourceOf = (relation: string) => string | undefined

const targetOf = (key: ForeignKeyShape) => `${key.target.schema}.${key.target.table}`

/** To-one associations: each foreign key whose target is a resource. */
export function referencesOf(entry: CatalogueEntry, catalogue: Catalogue, resourceOf: ResourceOf): Reference[] {
  return entry.shape.foreignKeys.flatMap((key) => {
    const target = catalogue.byRelation.get(targetOf(key))
    const resource = resourceOf(targetOf(key))
    if (!target || !resource) return []
    return [
      { resource, fields: key.fields, targetFields: fieldsNamed(target, key.target.columns), onDelete: key.onDelete },
    ]
  })
}

/** To-many associations: each foreign key of another resource that points here; a join table's too where it is listed. */
export function relatedListsOf(entry: CatalogueEntry, catalogue: Catalogue, resourceOf: ResourceOf): RelatedList[] {
  const inbound = catalogue.inbound.get(entry.shape.relation) ?? []
  return inbound.flatMap(({ entry: other, foreignKey }) => {
    const resource = resourceOf(other.shape.relation)
    if (!resource) return []
    const isOnly = inbound.filter(({ entry: third }) => third === other).length === 1
    const noun = inWords(other.exportName)
    const field = foreignKey.fields[0] ?? ''
    return [
      {
        name: isOnly ? other.exportName : `${other.exportName}.${field}`,
        label: isOnly ? noun : `${noun} (${fieldLabel(field, true).toLowerCase()})`,
        resource,
        fields: foreignKey.fields,
        ownFields: fieldsNamed(entry, foreignKey.target.columns),
        onDelete: foreignKey.onDelete,
      },
    ]
  })
}

/** Many-to-many associations: join tables of which one side is this relation and the other a resource. */
export function manyToManyOf(entry: CatalogueEntry, catalogue: Catalogue, resourceOf: ResourceOf): ManyToMany[] {
  const inbound = (catalogue.inbound.get(entry.shape.relation) ?? []).filter(({ entry: other }) => other.isJoin)
  return inbound.flatMap(({ entry: join, foreignKey: own }) => {
    // A join resource listed in the config is edited as a related list instead.
    if (resourceOf(join.shape.relation)) return []
    const other = join.shape.foreignKeys.find((key) => key !== own)
    const target = other && catalogue.byRelation.get(targetOf(other))
    const resource = other && resourceOf(targetOf(other))
    if (!other || !target || !resource) return []
    const columns = (fields: readonly string[]) =>
      fields.map((field) => join.shape.columns.find((column) => column.field === field)!)
    return [
      {
        name: target.exportName,
        label: inWords(target.exportName),
        resource,
        join: join.shape,
        ownColumns: columns(own.fields),
        ownFields: fieldsNamed(entry, own.target.columns),
        otherColumns: columns(other.fields),
        otherFields: fieldsNamed(target, other.target.columns),
        joinSource: () => sql`${sql.identifier(join.shape.schema)}.${sql.identifier(join.shape.name)}`,
      },
    ]
  })
}

function fieldsNamed(entry: CatalogueEntry, columns: readonly string[]): string[] {
  return columns.map((name) => entry.shape.columns.find((column) => column.name === name)?.field ?? name)
}
