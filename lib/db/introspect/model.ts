/*
 * What introspection finds in a database, before it becomes Drizzle source: names as the database has them,
 * expressions as Postgres prints them with every name qualified.
 */

export interface DatabaseModel {
  name: string
  enums: EnumModel[]
  relations: RelationModel[]
  /** What was left out, and why, for the person who asked. */
  notes: string[]
}

export interface EnumModel {
  schema: string
  name: string
  labels: string[]
}

export interface RelationModel {
  schema: string
  name: string
  kind: 'table' | 'view' | 'materialized view'
  comment: string | null
  columns: ColumnModel[]
  primaryKey: KeyModel | undefined
  uniques: (KeyModel & { nullsNotDistinct: boolean })[]
  foreignKeys: ForeignKeyModel[]
  checks: { name: string; expression: string }[]
  indexes: IndexModel[]
}

export interface ColumnModel {
  name: string
  type: TypeModel
  notNull: boolean
  identity?: 'always' | 'byDefault'
  /** The expression a generated column is computed by. */
  generated?: string
  /** The default's expression; a domain's where the column has none of its own. */
  default?: string
}

/** A column's type with domains taken off and arrays counted. */
export interface TypeModel {
  /** As SQL spells it, with modifiers: 'numeric(10,2)', 'shop.citext'. */
  sql: string
  dimensions: number
  enum?: EnumModel
  /** The domain it came from, as SQL spells it. */
  domain?: string
}

export interface KeyModel {
  name: string
  columns: string[]
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface ForeignKeyModel extends KeyModel {
  target: { schema: string; name: string; columns: string[] }
  onDelete: ReferentialAction
  onUpdate: ReferentialAction
}

export interface IndexModel {
  name: string
  isUnique: boolean
  method: string
  parts: IndexPart[]
  where: string | null
}

export interface IndexPart {
  /** Undefined for an expression. */
  column: string | undefined
  expression: string
  /** Undefined where it is the type's own. */
  operatorClass: string | undefined
  isDescending: boolean
  nullsFirst: boolean
}
