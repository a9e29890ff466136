import type { DatabaseModel, RelationModel } from './model'
import { keyOf, nameEverything } from './names'
import { relationsSource } from './relations-source'
import { Imports, quote } from './source-text'
import { relationSource } from './table-source'

/**
 * The Drizzle declaration of a database: the text of each file by its path under drizzle/. Not formatted.
 * `schema.ts` exports all of them.
 */
export function drizzleSource(database: DatabaseModel): Map<string, string> {
  const names = nameEverything(database.relations, database.enums)
  const files = new Map<string, string>()
  const circles = circlesIn(database.relations)
  const types = typesSource(database, names)
  if (types) files.set('types.ts', types)
  for (const schema of new Set(database.relations.map((relation) => relation.schema))) {
    const imports = new Imports()
    const tables = database.relations
      .filter((relation) => relation.schema === schema)
      .map((relation) => relationSource(relation, { imports, names, schema, circles }))
    files.set(`tables/${names.files.get(schema)}.ts`, `${imports}\n\n${tables.join('\n')}`)
  }
  const relations = relationsSource(database.relations, names)
  if (relations) files.set('relations.ts', relations)
  const modules = [...files.keys()].map((file) => `export * from ${quote(`./${file.replace(/\.ts$/, '')}`)}\n`)
  files.set('schema.ts', modules.sort().join(''))
  return files
}

/** Postgres schemas and enums, in a file of their own: the tables' files may import each other in a circle. */
function typesSource({ enums }: DatabaseModel, names: ReturnType<typeof nameEverything>): string {
  const imports = new Imports()
  const PG = 'drizzle-orm/pg-core'
  const schemas = [...names.schemas].map(
    ([schema, name]) => `export const ${name} = ${imports.use('pgSchema', PG)}(${quote(schema)})\n`,
  )
  const declarations = enums.map((type) => {
    const object = names.schemas.get(type.schema)
    const builder = object ? `${object}.enum` : imports.use('pgEnum', PG)
    const name = names.enums.get(keyOf(type))
    return `export const ${name} = ${builder}(${quote(type.name)}, [${type.labels.map(quote).join(', ')}])\n`
  })
  const lines = [...schemas, ...declarations]
  return lines.length > 0 ? `${imports}\n\n${lines.join('\n')}` : ''
}

/** Tables from which foreign keys lead to other tables and back. */
function circlesIn(relations: readonly RelationModel[]): Set<RelationModel> {
  const byKey = new Map(relations.map((relation) => [keyOf(relation), relation]))
  const targets = new Map(
    relations.map((relation) => [
      relation,
      relation.foreignKeys.flatMap(({ target }) => byKey.get(keyOf(target)) ?? []).filter((each) => each !== relation),
    ]),
  )
  return new Set(
    relations.filter((relation) => {
      const seen = new Set<RelationModel>()
      const open = [...(targets.get(relation) ?? [])]
      for (let next = open.pop(); next; next = open.pop()) {
        if (next === relation) return true
        if (seen.has(next)) continue
        seen.add(next)
        open.push(...(targets.get(next) ?? []))
      }
      return false
    }),
  )
}
