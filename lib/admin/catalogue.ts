import { is } from 'drizzle-orm'
import { PgMaterializedView, PgTable, PgView } from 'drizzle-orm/pg-core'
import { describeRelation, type ForeignKeyShape, type Relation, type TableShape } from '@/lib/db/table-shape'

/** A relation of the Drizzle module, with the name it is exported under. */
export interface CatalogueEntry {
  exportName: string
  relation: Relation
  shape: TableShape
  /** Nothing but two foreign keys: it only joins, so it is no resource of its own. */
  isJoin: boolean
}

/** Every table and view a config knows, and who points at whom. */
export interface Catalogue {
  entries: readonly CatalogueEntry[]
  /** By 'schema.table'. */
  byRelation: ReadonlyMap<string, CatalogueEntry>
  /** Foreign keys that point at 'schema.table', with the table they stand on. */
  inbound: ReadonlyMap<string, readonly { entry: CatalogueEntry; foreignKey: ForeignKeyShape }[]>
}

/** Reads a Drizzle module (`import * as schema`) and further relations that a config names. Cost: one pass. */
export function readCatalogue(schema: Record<string, unknown>, further: readonly Relation[] = []): Catalogue {
  const byRelation = new Map<string, CatalogueEntry>()
  const add = (exportName: string, relation: Relation) => {
    const shape = describeRelation(relation)
    if (!byRelation.has(shape.relation))
      byRelation.set(shape.relation, { exportName, relation, shape, isJoin: isJoinTable(shape) })
  }
  for (const [name, value] of Object.entries(schema)) if (isRelation(value)) add(name, value)
  for (const relation of further) add(describeRelation(relation).name, relation)

  const inbound = new Map<string, { entry: CatalogueEntry; foreignKey: ForeignKeyShape }[]>()
  for (const entry of byRelation.values()) {
    for (const foreignKey of entry.shape.foreignKeys) {
      const target = `${foreignKey.target.schema}.${foreignKey.target.table}`
      const list = inbound.get(target) ?? []
      list.push({ entry, foreignKey })
      inbound.set(target, list)
    }
  }
  return { entries: [...byRelation.values()], byRelation, inbound }
}

/** Whether a value of a Drizzle module is something a resource can stand on. */
export function isRelation(value: unknown): value is Relation {
  return is(value, PgTable) || is(value, PgView) || is(value, PgMaterializedView)
}

/** Two foreign keys that together are the primary key, and no further column that a person would have to fill in. */
function isJoinTable(shape: TableShape): boolean {
  if (shape.foreignKeys.length !== 2) return false
  const linking = new Set(shape.foreignKeys.flatMap(({ fields }) => fields))
  const isKeyed = shape.primaryKey.length > 0 && shape.primaryKey.every((field) => linking.has(field))
  const rest = shape.columns.filter(({ field }) => !linking.has(field))
  return (
    isKeyed &&
    shape.primaryKey.length === linking.size &&
    rest.every(({ hasDefault, isGenerated }) => hasDefault || isGenerated)
  )
}
