/** 'ORDER_DETAILS', 'Order Details' and 'order-details' are 'orderDetails', 'CustomerID' is 'customerId', '2fa' is '_2fa'. */
export function camelCase(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .map((word) => word.toLowerCase())
  const [first = '', ...rest] = words
  const joined = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^\p{N}/u.test(joined) ? `_${joined}` : joined
}

/** Names already given, and how to find one more: the wish, the wish with the suffix, then numbered. */
export class Names {
  private readonly taken: Set<string>

  constructor(reserved: Iterable<string> = []) {
    this.taken = new Set(reserved)
  }

  /** The first of `wishes` that is free, else the last of them with a number. */
  take(...wishes: readonly string[]): string {
    const last = wishes.at(-1) ?? 'name'
    let name = wishes.find((wish) => wish !== '' && !this.taken.has(wish))
    for (let number = 2; name === undefined; number++) {
      const numbered = `${last}${number}`
      if (!this.taken.has(numbered)) name = numbered
    }
    this.taken.add(name)
    return name
  }
}

/** What a table object has of its own, and `then`, which would make it look like a promise. */
export const RESERVED_PROPERTIES = [
  ...['_', 'enableRLS', 'getSQL', 'shouldOmitSQLParens', '$inferSelect', '$inferInsert', 'then', 'toString', 'valueOf'],
  ...['constructor', 'prototype', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString'],
]

/** Drizzle's builders that the written files import, so that a table called `text` does not hide one. */
export const BUILDERS = [
  ...['bigint', 'bit', 'boolean', 'char', 'check', 'cidr', 'date', 'doublePrecision', 'foreignKey', 'index', 'inet'],
  ...['integer', 'interval', 'json', 'jsonb', 'line', 'macaddr', 'macaddr8', 'numeric', 'pgEnum', 'pgMaterializedView'],
  ...[
    'pgSchema',
    'pgTable',
    'pgView',
    'point',
    'primaryKey',
    'real',
    'smallint',
    'text',
    'time',
    'timestamp',
    'unique',
  ],
  ...['uniqueIndex', 'uuid', 'varchar'],
] as const

/** What no export may be called: JavaScript's words, and whatever the written files import or use. */
export const RESERVED_EXPORTS = [
  ...BUILDERS,
  ...['bytea', 'pgType', 'sql', 'relations', 'table', 'one', 'many', 'schema', 'arguments', 'eval', 'undefined'],
  ...['await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'default', 'delete', 'do', 'else'],
  ...['enum', 'export', 'extends', 'false', 'finally', 'for', 'function', 'if', 'implements', 'import', 'in'],
  ...['instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected', 'public', 'return', 'static'],
  ...['super', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with', 'yield'],
]

/** Names the written files give to things: by 'schema.table', and within it by column. */
export interface GivenNames {
  /** The Postgres schema's object in drizzle/types.ts; undefined for public, which has none. */
  schemas: Map<string, string>
  enums: Map<string, string>
  relations: Map<string, string>
  columns: Map<string, Map<string, string>>
  /** The file under drizzle/tables for each Postgres schema. */
  files: Map<string, string>
}

interface Named {
  schema: string
  name: string
}

/** Names for everything in a database, each unique where it stands, the plainest first. */
export function nameEverything(
  relations: readonly (Named & { columns: readonly { name: string }[] })[],
  enums: readonly Named[],
): GivenNames {
  const exports = new Names(RESERVED_EXPORTS)
  const files = new Names(['types'])
  const given: GivenNames = {
    schemas: new Map(),
    enums: new Map(),
    relations: new Map(),
    columns: new Map(),
    files: new Map(),
  }
  for (const relation of relations) {
    const key = keyOf(relation)
    const plain = camelCase(relation.name)
    given.relations.set(
      key,
      exports.take(plain, plain && camelCase(`${relation.schema} ${relation.name}`), `${plain || 'unnamed'}Table`),
    )
    const columns = new Names(RESERVED_PROPERTIES)
    given.columns.set(
      key,
      new Map(
        relation.columns.map(({ name }) => [name, columns.take(camelCase(name), `${camelCase(name) || 'the'}Column`)]),
      ),
    )
  }
  for (const type of enums) {
    const plain = camelCase(type.name)
    given.enums.set(keyOf(type), exports.take(plain, `${plain}Enum`, camelCase(`${type.schema} ${type.name} enum`)))
  }
  for (const schema of new Set([...relations, ...enums].map((item) => item.schema))) {
    if (schema !== 'public') given.schemas.set(schema, exports.take(`${camelCase(schema)}Schema`))
    const file = camelCase(schema).replace(/\p{Lu}/gu, (letter) => `-${letter.toLowerCase()}`)
    given.files.set(schema, files.take(file.replace(/[^a-z0-9_-]/g, '') || 'tables'))
  }
  return given
}

/** 'schema.name': unambiguous enough as a key within one run, since both parts are as the database has them. */
export function keyOf({ schema, name }: Named): string {
  return JSON.stringify([schema, name])
}
