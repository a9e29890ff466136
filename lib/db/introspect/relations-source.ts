import type { ForeignKeyModel, RelationModel } from './model'
import { camelCase, type GivenNames, keyOf, Names } from './names'
import { Imports, quote } from './source-text'

interface Link {
  from: RelationModel
  key: ForeignKeyModel
  /** Set where two tables are linked more than once, so that Drizzle knows which link is which. */
  relationName: string | undefined
}

/** drizzle/relations.ts: every foreign key as a to-one association here and a to-many there. Empty without any. */
export function relationsSource(relations: readonly RelationModel[], names: GivenNames): string {
  const imports = new Imports()
  const links = linksOf(relations, names)
  const use = (relation: { schema: string; name: string }) =>
    imports.use(names.relations.get(keyOf(relation)) ?? '', `./tables/${names.files.get(relation.schema)}`)
  const taken = new Names(names.relations.values())
  const declarations = relations.flatMap((relation) => {
    const own = links.filter(({ from }) => from === relation)
    const inbound = links.filter(({ key }) => keyOf(key.target) === keyOf(relation))
    if (own.length + inbound.length === 0) return []
    imports.use('relations', 'drizzle-orm')
    const properties = new Names(names.columns.get(keyOf(relation))?.values())
    const lines = [
      ...own.map((link) => toOne(link, properties, names, use)),
      ...inbound.map((link) => toMany(link, properties, names, use)),
    ]
    const given = [own.length > 0 ? 'one' : '', inbound.length > 0 ? 'many' : ''].filter(Boolean).join(', ')
    const name = taken.take(`${names.relations.get(keyOf(relation))}Relations`)
    return `export const ${name} = relations(${use(relation)}, ({ ${given} }) => ({\n${lines.join('\n')}\n}))\n`
  })
  return declarations.length > 0 ? `${imports}\n\n${declarations.join('\n')}` : ''
}

type Use = (relation: { schema: string; name: string }) => string

function linksOf(relations: readonly RelationModel[], names: GivenNames): Link[] {
  const pair = (a: { schema: string; name: string }, b: { schema: string; name: string }) =>
    [keyOf(a), keyOf(b)].sort().join()
  const counts = new Map<string, number>()
  const all = relations.flatMap((from) => from.foreignKeys.map((key) => ({ from, key })))
  for (const { from, key } of all) counts.set(pair(from, key.target), (counts.get(pair(from, key.target)) ?? 0) + 1)
  return all.map(({ from, key }) => {
    const isAmbiguous = keyOf(from) === keyOf(key.target) || (counts.get(pair(from, key.target)) ?? 0) > 1
    return { from, key, relationName: isAmbiguous ? `${names.relations.get(keyOf(from))}.${key.name}` : undefined }
  })
}

function toOne({ from, key, relationName }: Link, properties: Names, names: GivenNames, use: Use): string {
  const column = camelCase(key.columns[0] ?? '').replace(/Id$/, '')
  const target = names.relations.get(keyOf(key.target)) ?? ''
  const name = properties.take(...(key.columns.length === 1 ? [column] : []), target, `${target}Of`)
  const of = (relation: { schema: string; name: string }, columns: readonly string[]) =>
    columns.map((each) => `${use(relation)}.${names.columns.get(keyOf(relation))?.get(each)}`).join(', ')
  const called = relationName ? `, relationName: ${quote(relationName)}` : ''
  return `  ${name}: one(${use(key.target)}, { fields: [${of(from, key.columns)}], references: [${of(key.target, key.target.columns)}]${called} }),`
}

function toMany({ from, key, relationName }: Link, properties: Names, names: GivenNames, use: Use): string {
  const source = names.relations.get(keyOf(from)) ?? ''
  const by = camelCase(key.columns[0] ?? '').replace(/Id$/, '')
  const name = properties.take(source, `${source}By${by.charAt(0).toUpperCase()}${by.slice(1)}`)
  const called = relationName ? `, { relationName: ${quote(relationName)} }` : ''
  return `  ${name}: many(${use(from)}${called}),`
}
