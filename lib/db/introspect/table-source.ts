import { columnSource } from './column-source'
import type { ForeignKeyModel, IndexModel, RelationModel } from './model'
import { type GivenNames, keyOf } from './names'
import { docComment, type Imports, quote, sqlTemplate } from './source-text'

const PG = 'drizzle-orm/pg-core'

export interface FileContext {
  imports: Imports
  names: GivenNames
  /** The Postgres schema whose file this is. */
  schema: string
  /** Tables whose foreign keys lead back to themselves through others: TypeScript cannot infer such a circle. */
  circles: ReadonlySet<RelationModel>
}

/** One table's or view's declaration. */
export function relationSource(relation: RelationModel, context: FileContext): string {
  const comment = relation.comment ? `${docComment(relation.comment)}\n` : ''
  const name = context.names.relations.get(keyOf(relation)) ?? ''
  const rules = relation.kind === 'table' ? rulesOf(relation, context) : []
  const returns = context.circles.has(relation)
    ? `: ${context.imports.use('type PgTableExtraConfigValue', PG).replace('type ', '')}[]`
    : ''
  const extra = rules.length > 0 ? `, (table)${returns} => [\n${rules.map((rule) => `  ${rule},`).join('\n')}\n]` : ''
  const end = relation.kind === 'table' ? '' : '.existing()'
  return `${comment}export const ${name} = ${builderOf(relation, context)}(${quote(relation.name)}, {\n${columnsOf(
    relation,
    context,
  )}\n}${extra})${end}\n`
}

function builderOf({ kind, schema }: RelationModel, { names, imports }: FileContext): string {
  const object = names.schemas.get(schema)
  if (object) {
    const method = { table: 'table', view: 'view', 'materialized view': 'materializedView' }[kind]
    return `${imports.use(object, '../types')}.${method}`
  }
  return imports.use({ table: 'pgTable', view: 'pgView', 'materialized view': 'pgMaterializedView' }[kind], PG)
}

function columnsOf(relation: RelationModel, { names, imports }: FileContext): string {
  const properties = names.columns.get(keyOf(relation))
  const isOnly = (columns: readonly string[] | undefined, name: string) => columns?.length === 1 && columns[0] === name
  return relation.columns
    .map((column) => {
      const source = columnSource(column, {
        imports,
        names,
        isPrimaryKey: isOnly(relation.primaryKey?.columns, column.name),
        unique: relation.uniques.find(({ columns }) => isOnly(columns, column.name)),
      })
      const domain = column.type.domain ? `  ${docComment(`Domain ${column.type.domain}.`)}\n` : ''
      return `${domain}  ${properties?.get(column.name)}: ${source},`
    })
    .join('\n')
}

/** What stands after the columns: composite keys and uniques, foreign keys, indexes, checks. */
function rulesOf(relation: RelationModel, context: FileContext): string[] {
  const { imports } = context
  const own = (columns: readonly string[]) => columns.map((column) => `table.${property(relation, column, context)}`)
  const key = relation.primaryKey
  // A second unique over one and the same column cannot stand on the column itself.
  const onColumns = new Set<string>()
  const uniques = relation.uniques.filter(({ columns }) => {
    const [only = ''] = columns
    if (columns.length !== 1 || onColumns.has(only)) return true
    onColumns.add(only)
    return false
  })
  return [
    ...(key && key.columns.length > 1
      ? [`${imports.use('primaryKey', PG)}({ name: ${quote(key.name)}, columns: [${own(key.columns).join(', ')}] })`]
      : []),
    ...uniques.map(
      ({ name, columns, nullsNotDistinct }) =>
        `${imports.use('unique', PG)}(${quote(name)}).on(${own(columns).join(', ')})${nullsNotDistinct ? '.nullsNotDistinct()' : ''}`,
    ),
    ...relation.foreignKeys.map((foreignKey) =>
      foreignKeySource(foreignKey, own(foreignKey.columns), relation, context),
    ),
    ...relation.indexes.map((index) => indexSource(index, relation, context)),
    ...relation.checks.map(({ name, expression }) => {
      imports.use('sql', 'drizzle-orm')
      return `${imports.use('check', PG)}(${quote(name)}, ${sqlTemplate(expression)})`
    }),
  ]
}

function foreignKeySource(
  { name, target, onDelete, onUpdate }: ForeignKeyModel,
  own: readonly string[],
  relation: RelationModel,
  context: FileContext,
): string {
  const isSelf = keyOf(target) === keyOf(relation)
  const there = isSelf ? 'table' : targetName(target, context)
  const foreign = target.columns.map((column) => `${there}.${property(target, column, context)}`)
  const actions = [
    onDelete === 'no action' ? '' : `.onDelete(${quote(onDelete)})`,
    onUpdate === 'no action' ? '' : `.onUpdate(${quote(onUpdate)})`,
  ]
  const foreignKey = context.imports.use('foreignKey', PG)
  const columns = `columns: [${own.join(', ')}], foreignColumns: [${foreign.join(', ')}]`
  return `${foreignKey}({ name: ${quote(name)}, ${columns} })${actions.join('')}`
}

function targetName(target: { schema: string; name: string }, { imports, names, schema }: FileContext): string {
  const name = names.relations.get(keyOf(target)) ?? ''
  return target.schema === schema ? name : imports.use(name, `./${names.files.get(target.schema)}`)
}

function indexSource(
  { name, isUnique, method, parts, where }: IndexModel,
  relation: RelationModel,
  context: FileContext,
) {
  const columns = parts.map(({ column, expression, operatorClass, isDescending, nullsFirst }) => {
    if (column === undefined) {
      context.imports.use('sql', 'drizzle-orm')
      const order = isDescending ? ' desc' : ''
      return sqlTemplate(`${expression}${operatorClass ? ` ${operatorClass}` : ''}${order}`)
    }
    const order = `${isDescending ? '.desc()' : ''}${nullsFirst === isDescending ? '' : nullsFirst ? '.nullsFirst()' : '.nullsLast()'}`
    const operators = operatorClass ? `.op(${quote(operatorClass)})` : ''
    return `table.${property(relation, column, context)}${order}${operators}`
  })
  if (where) context.imports.use('sql', 'drizzle-orm')
  const builder = context.imports.use(isUnique ? 'uniqueIndex' : 'index', PG)
  const on = method === 'btree' ? `.on(${columns.join(', ')})` : `.using(${quote(method)}, ${columns.join(', ')})`
  return `${builder}(${quote(name)})${on}${where ? `.where(${sqlTemplate(where)})` : ''}`
}

function property(relation: { schema: string; name: string }, column: string, { names }: FileContext): string {
  return names.columns.get(keyOf(relation))?.get(column) ?? ''
}
