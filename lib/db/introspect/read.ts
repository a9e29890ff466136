import type postgres from 'postgres'
import { groupBy } from '../group-by'
import {
  type ColumnRow,
  type ConstraintRow,
  type RelationRow,
  readColumns,
  readConstraints,
  readIndexes,
  readRelations,
  readTypes,
  spellTypes,
  type TypeRow,
} from './catalogue'
import type { ColumnModel, DatabaseModel, EnumModel, ReferentialAction, RelationModel, TypeModel } from './model'

export interface ReadOptions {
  /** Only these Postgres schemas. Default all but the system's own. */
  schemas?: readonly string[]
}

/**
 * Reads what tables and views a database has, in one read-only transaction of one moment: nothing in it is touched.
 * What the role may not read is left out and noted.
 */
export async function readDatabase(sql: postgres.Sql, { schemas = [] }: ReadOptions = {}): Promise<DatabaseModel> {
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    await tx`select set_config('search_path', '', true)`
    const [database] = await tx`select current_database() as name`
    const found = await readRelations(tx, schemas)
    const readable = found.filter(({ isReadable }) => isReadable)
    const oids = readable.map(({ oid }) => oid)
    const columns = byRelation(await readColumns(tx, oids))
    const types = await readTypes(tx)
    const stripped = [...columns.values()].flat().map((column) => strip(column, types))
    const spellings = await spellTypes(
      tx,
      stripped.flatMap(({ scalar, modifier, domain }) => [
        [scalar, modifier] as const,
        ...(domain ? [[domain.oid, -1] as const] : []),
      ]),
    )
    const context: Context = {
      relations: new Map(readable.map((row) => [row.oid, row])),
      columns,
      types,
      spellings,
      constraints: byRelation(await readConstraints(tx, oids)),
      indexes: byRelation(await readIndexes(tx, oids)),
      notes: found.filter(({ isReadable }) => !isReadable).map((row) => `${nameOf(row)} may not be read by this role.`),
    }
    const relations = readable.flatMap((row) => toRelation(row, context) ?? [])
    return { name: database?.name, enums: enumsIn(relations), relations, notes: context.notes }
  })
}

interface Context {
  relations: Map<number, RelationRow>
  columns: Map<number, ColumnRow[]>
  types: Map<number, TypeRow>
  spellings: Map<string, string>
  constraints: Map<number, ConstraintRow[]>
  indexes: Map<number, Awaited<ReturnType<typeof readIndexes>>[number][]>
  notes: string[]
}

const KINDS = { r: 'table', p: 'table', f: 'table', v: 'view', m: 'materialized view' } as const

const ACTIONS: Record<string, ReferentialAction> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function toRelation(row: RelationRow, context: Context): RelationModel | undefined {
  const columns = context.columns.get(row.oid) ?? []
  if (columns.length === 0) {
    context.notes.push(`${nameOf(row)} has no columns.`)
    return undefined
  }
  const names = columnNames(row.oid, context)
  // A constraint over a column the role may not read says nothing about the ones it may.
  const constraints = (context.constraints.get(row.oid) ?? []).filter(({ columns: numbers }) =>
    (numbers ?? []).every((number) => number <= 0 || names.has(number)),
  )
  const ofKind = (kind: ConstraintRow['kind']) => constraints.filter((constraint) => constraint.kind === kind)
  const toKey = ({ name, columns: numbers }: ConstraintRow) => ({ name, columns: named(numbers, names) })
  return {
    schema: row.schema,
    name: row.name,
    kind: KINDS[row.kind],
    comment: row.comment,
    columns: columns.map((column) => toColumn(column, context)),
    primaryKey: ofKind('p').map(toKey)[0],
    uniques: ofKind('u').map((unique) => ({ ...toKey(unique), nullsNotDistinct: unique.nullsNotDistinct })),
    foreignKeys: ofKind('f').flatMap((key) => {
      const target = context.relations.get(key.target)
      const targetNames = columnNames(key.target, context)
      if (!target || !(key.targetColumns ?? []).every((number) => targetNames.has(number))) {
        context.notes.push(`${nameOf(row)}: what the foreign key ${key.name} points at is not among the tables.`)
        return []
      }
      return [
        {
          ...toKey(key),
          target: { schema: target.schema, name: target.name, columns: named(key.targetColumns, targetNames) },
          onDelete: ACTIONS[key.onDelete] ?? 'no action',
          onUpdate: ACTIONS[key.onUpdate] ?? 'no action',
        },
      ]
    }),
    checks: ofKind('c').flatMap(({ name, expression }) => (expression ? [{ name, expression }] : [])),
    indexes: (context.indexes.get(row.oid) ?? [])
      .filter(({ parts }) => parts.every(({ column }) => column <= 0 || names.has(column)))
      .map(({ parts, name, isUnique, method, where }) => ({
        ...{ name, isUnique, method, where },
        parts: parts.map(({ column, operatorClass, ...part }) => ({
          ...part,
          column: names.get(column),
          operatorClass: operatorClass ?? undefined,
        })),
      })),
  }
}

function toColumn(row: ColumnRow, context: Context): ColumnModel {
  const { scalar, modifier, dimensions, domain, isNotNull, domainDefault } = strip(row, context.types)
  const type = context.types.get(scalar)
  const spell = (oid: number, mod: number) => context.spellings.get(`${oid} ${mod}`) ?? 'text'
  const typeModel: TypeModel = {
    sql: spell(scalar, modifier),
    dimensions,
    enum: type?.kind === 'e' && type.labels ? { schema: type.schema, name: type.name, labels: type.labels } : undefined,
    domain: domain && spell(domain.oid, -1),
  }
  const expression = row.expression ?? undefined
  return {
    name: row.name,
    type: typeModel,
    notNull: row.notNull || isNotNull,
    identity: row.identity === 'a' ? 'always' : row.identity === 'd' ? 'byDefault' : undefined,
    generated: row.generated ? expression : undefined,
    default: row.generated ? undefined : (expression ?? domainDefault ?? undefined),
  }
}

/** Takes domains and arrays off a column's type, down to the scalar that values are made of. */
function strip(column: ColumnRow, types: Map<number, TypeRow>) {
  let scalar = column.type
  let { modifier, dimensions } = column
  let domain: TypeRow | undefined
  let isNotNull = false
  let domainDefault: string | null = null
  for (let type = types.get(scalar); type; type = types.get(scalar)) {
    if (type.kind === 'd') {
      domain ??= type
      // Within an array a domain's rules are the elements', not the column's.
      if (dimensions === 0) {
        isNotNull ||= type.notNull
        domainDefault ??= type.default
      }
      scalar = type.base
      modifier = type.modifier
      dimensions ||= type.dimensions
    } else if (type.element !== 0) {
      scalar = type.element
      dimensions = Math.max(1, dimensions)
    } else break
  }
  return { scalar, modifier, dimensions: isArray(column, types) ? dimensions : 0, domain, isNotNull, domainDefault }
}

function isArray(column: ColumnRow, types: Map<number, TypeRow>): boolean {
  let type = types.get(column.type)
  while (type?.kind === 'd') type = types.get(type.base)
  return type !== undefined && type.element !== 0
}

function columnNames(relation: number, { columns }: Context): Map<number, string> {
  return new Map((columns.get(relation) ?? []).map(({ number, name }) => [number, name]))
}

function named(numbers: readonly number[] | null, names: Map<number, string>): string[] {
  return (numbers ?? []).flatMap((number) => names.get(number) ?? [])
}

function nameOf({ schema, name }: RelationRow): string {
  return `${schema}.${name}`
}

const byRelation = <T extends { relation: number }>(rows: readonly T[]) => groupBy(rows, ({ relation }) => relation)

/** The enums that columns are of, each once. */
function enumsIn(relations: readonly RelationModel[]): EnumModel[] {
  const found = new Map<string, EnumModel>()
  for (const { columns } of relations) {
    for (const { type } of columns) if (type.enum) found.set(`${type.enum.schema}.${type.enum.name}`, type.enum)
  }
  return [...found.values()].sort((a, b) => a.schema.localeCompare(b.schema) || a.name.localeCompare(b.name))
}
