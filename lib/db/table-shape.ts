import { getTableColumns, getViewSelectedFields, is, SQL } from 'drizzle-orm'
import {
  getMaterializedViewConfig,
  getTableConfig,
  getViewConfig,
  PgColumn,
  type PgMaterializedView,
  PgTable,
  PgView,
} from 'drizzle-orm/pg-core'

/** A Drizzle table, view or materialised view: whatever a resource can stand on. */
export type Relation = PgTable | PgView | PgMaterializedView

export interface ColumnShape {
  /** The Drizzle property: what the config, addresses and forms call it. */
  field: string
  /** The column's own name in the database. */
  name: string
  /** The type as SQL spells it, with its modifiers: `numeric(10, 2)`, `varchar(80)[]`. */
  sqlType: string
  column: PgColumn
  notNull: boolean
  hasDefault: boolean
  /** Computed by the database (`GENERATED ALWAYS AS …`): never written. */
  isGenerated: boolean
  /** 'always' identities are never written, 'byDefault' ones may be. Serials count as 'byDefault'. */
  identity?: 'always' | 'byDefault'
  enumValues?: readonly string[]
}

export interface ForeignKeyShape {
  name: string
  /** Fields on this table, in the order of `target.columns`. */
  fields: string[]
  target: { schema: string; table: string; columns: string[] }
  onDelete?: string
}

export interface UniqueShape {
  name: string
  fields: string[]
}

/** What the Drizzle declaration of a relation says, in one flat value. */
export interface TableShape {
  schema: string
  name: string
  /** `schema.table`, as `kontor.changes.relation` has it. */
  relation: string
  kind: 'table' | 'view'
  columns: ColumnShape[]
  /** Fields of the primary key in order; empty where there is none. */
  primaryKey: string[]
  foreignKeys: ForeignKeyShape[]
  uniques: UniqueShape[]
  checks: string[]
}

const SERIAL = /^(small|big)?serial$/

/** Reads the shape of a Drizzle table or view. Pure; callers keep the result. */
export function describeRelation(relation: Relation): TableShape {
  return is(relation, PgTable) ? describeTable(relation) : describeView(relation)
}

function describeTable(table: PgTable): TableShape {
  const config = getTableConfig(table)
  const schema = config.schema ?? 'public'
  const columns = Object.entries(getTableColumns(table)).map(([field, column]) => describeColumn(field, column))
  const fieldOf = new Map(columns.map((column) => [column.name, column.field]))
  const fields = (list: readonly PgColumn[]) => list.map((column) => fieldOf.get(column.name) ?? column.name)
  const composite = config.primaryKeys[0]
  return {
    schema,
    name: config.name,
    relation: `${schema}.${config.name}`,
    kind: 'table',
    columns,
    primaryKey: composite
      ? fields(composite.columns)
      : columns.filter(({ column }) => column.primary).map(({ field }) => field),
    foreignKeys: config.foreignKeys.map((key) => {
      const { columns: own, foreignTable, foreignColumns } = key.reference()
      const target = getTableConfig(foreignTable)
      return {
        name: key.getName(),
        fields: fields(own),
        target: {
          schema: target.schema ?? 'public',
          table: target.name,
          columns: foreignColumns.map((column) => column.name),
        },
        onDelete: key.onDelete,
      }
    }),
    uniques: [
      ...config.uniqueConstraints.map((unique) => ({
        name: unique.name ?? `${config.name}_${unique.columns.map(({ name }) => name).join('_')}_unique`,
        fields: fields(unique.columns),
      })),
      ...columns
        .filter(({ column }) => column.isUnique)
        .map(({ field, name, column }) => ({
          name: column.uniqueName ?? `${config.name}_${name}_unique`,
          fields: [field],
        })),
      ...config.indexes
        .filter(({ config: index }) => index.unique && index.columns.every((part) => !is(part, SQL)))
        .map(({ config: index }) => ({
          name: index.name ?? '',
          fields: index.columns.map((part) => fieldOf.get((part as { name: string }).name) ?? ''),
        })),
    ],
    checks: config.checks.map(({ name }) => name),
  }
}

function describeView(view: PgView | PgMaterializedView): TableShape {
  const config = is(view, PgView) ? getViewConfig(view) : getMaterializedViewConfig(view)
  const schema = config.schema ?? 'public'
  return {
    schema,
    name: config.name,
    relation: `${schema}.${config.name}`,
    kind: 'view',
    columns: Object.entries(getViewSelectedFields(view)).flatMap(([field, column]) =>
      is(column, PgColumn) ? [describeColumn(field, column)] : [],
    ),
    primaryKey: [],
    foreignKeys: [],
    uniques: [],
    checks: [],
  }
}

function describeColumn(field: string, column: PgColumn): ColumnShape {
  const sqlType = column.getSQLType()
  const identity = column.generatedIdentity?.type ?? (SERIAL.test(sqlType) ? 'byDefault' : undefined)
  return {
    field,
    name: column.name,
    sqlType: sqlType.replace(SERIAL, (_, size: string | undefined) => `${size ?? ''}int`.replace(/^int$/, 'integer')),
    column,
    notNull: column.notNull,
    hasDefault: column.hasDefault,
    isGenerated: column.generated !== undefined,
    identity,
    enumValues: column.enumValues,
  }
}
