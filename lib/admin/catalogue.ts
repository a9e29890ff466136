import { is } from 'drizzle-orm'
import { PgMaterializedView, PgTable, PgView } from 'drizzle-orm/pg-core'
import { describeRelation, type ForeignKeyShape, type Relation, type TableShape } from '@/lib/db/table-shape'

/** A relation of the Drizzle module, with the name it is exported under. */
export interface CatalogueEntry {
  exportName: string
  relation: Relation
  shape: TableShape
  /** Of an append-only table: the table of all versions. `shape` has its columns, and is the companion in all else. */
  versions?: TableShape
  /** Of an append-only table: its companion, which carries the key, what is unique and what refers where. */
  current?: TableShape
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

/** The table of all versions of append-only records, and the one of the newest. */
export interface AppendOnlyPair {
  versions: string
  current: Relation
}

/**
 * Reads a Drizzle module (`import * as schema`) and further relations that a config names. Cost: one pass.
 * @param pairs append-only tables by 'schema.table': each stands there once, with what its companion says about it
 */
export function readCatalogue(
  schema: Record<string, unknown>,
  further: readonly Relation[] = [],
  pairs: readonly AppendOnlyPair[] = [],
): Catalogue {
  const byRelation = new Map<string, CatalogueEntry>()
  const add = (exportName: string, relation: Relation) => {
    const shape = describeRelation(relation)
    if (!byRelation.has(shape.relation))
      byRelation.set(shape.relation, { exportName, relation, shape, isJoin: isJoinTable(shape) })
  }
  for (const [name, value] of Object.entries(schema)) if (isRelation(value)) add(name, value)
  for (const relation of further) add(describeRelation(relation).name, relation)
  for (const pair of pairs) join(pair, byRelation)

  const entries = [...new Set(byRelation.values())]
  const inbound = new Map<string, { entry: CatalogueEntry; foreignKey: ForeignKeyShape }[]>()
  for (const entry of entries) {
    for (const foreignKey of entry.shape.foreignKeys) {
      const named = `${foreignKey.target.schema}.${foreignKey.target.table}`
      const target = byRelation.get(named)?.shape.relation ?? named
      const list = inbound.get(target) ?? []
      list.push({ entry, foreignKey })
      inbound.set(target, list)
    }
  }
  return { entries, byRelation, inbound }
}

/**
 * One entry for both tables, found under either name. The columns are those the resource was declared with; it is the
 * companion that is read, locked, referred to and logged.
 */
function join({ versions, current }: AppendOnlyPair, byRelation: Map<string, CatalogueEntry>): void {
  const entry = byRelation.get(versions)
  if (!entry) return
  const companion = describeRelation(current)
  const joined: CatalogueEntry = {
    ...entry,
    versions: entry.shape,
    current: companion,
    shape: { ...companion, columns: entry.shape.columns },
    isJoin: false,
  }
  byRelation.set(versions, joined)
  byRelation.set(companion.relation, joined)
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
