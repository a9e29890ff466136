import { and, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Executor } from '@/lib/db/client'
import { column } from '@/lib/db/rebase'
import { decodeRecordId, encodeRecordId } from '@/lib/db/record-id'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import type { Storage, StoredRow, Texts } from './storage'

/** The alias of a loaded row: what scopes and policies are asked of. */
export const ALIAS = 't'

export interface RowReaderOptions {
  keyFields: readonly string[]
  /** How a column is read. Default: its Postgres text. */
  read?: (column: ColumnShape, reference: SQL) => SQL
  version: (alias: string) => SQL | undefined
  /** Which rows there are at all, over `ALIAS`; asked at each read. Default: all. */
  exists?: () => SQL | undefined
  /** Fields that `columnsOf` passes over. */
  managed?: ReadonlySet<string>
}

/** One table read by key: what all storages have in common. */
export interface RowReader {
  /** `"schema"."name"`. */
  table: SQL
  columns: readonly ColumnShape[]
  keyColumns: readonly ColumnShape[]
  /** The key of `ALIAS` as texts under k0, k1 …: what `reload` takes. */
  keyTexts: SQL
  /** Every column of `ALIAS` as texts. */
  values: SQL
  /** The version and the `values`: what `readRow` takes. */
  selection: SQL
  readRow(row: Record<string, string | null>): StoredRow
  load: Storage['load']
  /**
   * The columns of the given fields, without those the storage keeps.
   * @throws AdminError `invalid` for a field that does not exist
   */
  columnsOf(texts: Texts): ColumnShape[]
  /** The row just written, by the key its RETURNING gave. */
  reload(db: Executor, keys: Record<string, string> | undefined): Promise<StoredRow>
}

export function rowReader(shape: TableShape, options: RowReaderOptions): RowReader {
  const table = sql`${sql.identifier(shape.schema)}.${sql.identifier(shape.name)}`
  const byField = new Map(shape.columns.map((entry) => [entry.field, entry]))
  const keyColumns = options.keyFields.map((field) => {
    const found = byField.get(field)
    if (!found) throw new Error(`${shape.relation} has no column for the key field ${field}.`)
    return found
  })
  const read = options.read ?? ((_column: ColumnShape, reference: SQL) => sql`${reference}::text`)
  const columns = shape.columns.map(
    (entry, at) => sql`${read(entry, column(ALIAS, entry.name))} as ${sql.identifier(`c${at}`)}`,
  )
  const values = compiled(commaSeparated(columns))
  const selection = compiled(sql`${options.version(ALIAS) ?? sql`''`} as version, ${values}`)

  const readRow: RowReader['readRow'] = (row) => {
    const texts = Object.fromEntries(shape.columns.map((entry, at) => [entry.field, row[`c${at}`] ?? null]))
    return {
      id: encodeRecordId(keyColumns.map((entry) => texts[entry.field] ?? '')),
      version: row.version ?? '',
      texts,
    }
  }

  const head = compiled(sql`select ${selection} from ${table} as ${sql.identifier(ALIAS)} where`)
  const isKey = keyColumns.map(({ name }) => compiled(sql`${column(ALIAS, name)} =`))
  const tail = sql.raw('limit 1')
  const lockingTail = shape.kind === 'table' ? compiled(sql`limit 1 for update of ${sql.identifier(ALIAS)}`) : tail

  const load: Storage['load'] = async (db, id, { where, lock } = {}) => {
    const parts = keyColumns.length > 0 ? decodeRecordId(id, keyColumns.length) : undefined
    if (!parts) return undefined
    const exists = options.exists?.()
    const conditions = parts.map((part, at) => sql`${isKey[at]} ${part}`)
    if (exists) conditions.push(exists)
    if (where) conditions.push(sql`(${where})`)
    const rows = await db.execute<Record<string, string | null>>(
      sql`${head} ${conditions.length === 1 ? conditions[0] : sql.join(conditions, AND)} ${lock ? lockingTail : tail}`,
    )
    return rows[0] && readRow(rows[0])
  }

  return {
    table,
    columns: shape.columns,
    keyColumns,
    keyTexts: commaSeparated(
      keyColumns.map((entry, at) => sql`${column(ALIAS, entry.name)}::text as ${sql.identifier(`k${at}`)}`),
    ),
    values,
    selection,
    readRow,
    load,
    columnsOf: (texts) =>
      Object.keys(texts).flatMap((field) => {
        const found = byField.get(field)
        if (!found) throw new AdminError('invalid', `There is no field “${field}”.`)
        return options.managed?.has(field) ? [] : [found]
      }),
    async reload(db, keys) {
      if (!keys)
        throw new AdminError('conflict', 'The database did not keep the record: a trigger or rule turned it away.')
      const row = await load(db, encodeRecordId(keyColumns.map((_, at) => keys[`k${at}`] ?? '')))
      if (!row)
        throw new AdminError('conflict', 'The record was written but cannot be read back: row-level security hides it.')
      return row
    },
  }
}

/**
 * `key = id`, each part read with the column's own type, or undefined where `id` has the wrong number of parts.
 * An id of the wrong type ('abc' for a number) raises Postgres's own error, which callers read as "not found".
 */
export function keyCondition(keyColumns: readonly ColumnShape[], id: string, alias = ALIAS): SQL | undefined {
  if (keyColumns.length === 0) return undefined
  const parts = decodeRecordId(id, keyColumns.length)
  return parts && and(...keyColumns.map((entry, at) => sql`${column(alias, entry.name)} = ${parts[at]}`))
}

const AND = sql.raw(' and ')
const dialect = new PgDialect()

/** The same as one piece of text: putting hundreds of pieces together for each read costs more than the read. */
export function compiled(fragment: SQL): SQL {
  const { sql: text, params } = dialect.sqlToQuery(fragment)
  return params.length > 0 ? fragment : sql.raw(text)
}

export const commaSeparated = (parts: readonly SQLWrapper[]): SQL => sql.join([...parts], sql`, `)
