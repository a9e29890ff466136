import { and, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { column } from '@/lib/db/rebase'
import { decodeRecordId, encodeRecordId } from '@/lib/db/record-id'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import type { Storage, StoredRow, Texts } from './storage'

const ALIAS = 't'

export interface TableStorageOptions {
  /** Fields that identify a record; the table's primary key unless said otherwise. */
  keyFields: readonly string[]
  /** How a column is read for a record's page. Default: its Postgres text. */
  read?: (column: ColumnShape, reference: SQL) => SQL
}

/** Records in an ordinary table or view. A version is the row's `xmin`: selected, since RETURNING fails on partitions. */
export function tableStorage(shape: TableShape, options: TableStorageOptions): Storage {
  const table = sql`${sql.identifier(shape.schema)}.${sql.identifier(shape.name)}`
  const byField = new Map(shape.columns.map((entry) => [entry.field, entry]))
  const keyColumns = options.keyFields.map((field) => {
    const found = byField.get(field)
    if (!found) throw new Error(`${shape.relation} has no column for the key field ${field}.`)
    return found
  })
  const read = options.read ?? ((_column: ColumnShape, reference: SQL) => sql`${reference}::text`)
  const selection = sql.join(
    shape.columns.map((entry, at) => sql`${read(entry, column(ALIAS, entry.name))} as ${sql.identifier(`c${at}`)}`),
    sql`, `,
  )
  const version = shape.kind === 'table' ? sql`${sql.identifier(ALIAS)}.xmin::text` : undefined
  const keyTexts = (alias: string) =>
    sql.join(
      keyColumns.map((entry, at) => sql`${column(alias, entry.name)}::text as ${sql.identifier(`k${at}`)}`),
      sql`, `,
    )

  const storage: Storage = {
    kind: 'table',
    source: () => table,
    version: (alias) => (shape.kind === 'table' ? sql`${sql.identifier(alias)}.xmin::text` : undefined),

    async load(db, id, { where, lock } = {}) {
      const condition = keyCondition(keyColumns, id)
      if (!condition) return undefined
      const rows = await db.execute<Record<string, string | null>>(sql`
        select ${version ?? sql`''`} as version, ${selection}
        from ${table} as ${sql.identifier(ALIAS)}
        where ${and(condition, where)}
        limit 1 ${lock && shape.kind === 'table' ? sql`for update of ${sql.identifier(ALIAS)}` : sql``}`)
      const row = rows[0]
      if (!row) return undefined
      const texts = Object.fromEntries(shape.columns.map((entry, at) => [entry.field, row[`c${at}`] ?? null]))
      return {
        id: encodeRecordId(keyColumns.map((entry) => texts[entry.field] ?? '')),
        version: row.version ?? '',
        texts,
      }
    },

    async insert(db, texts) {
      const names = written(texts)
      const values = names.length
        ? sql`(${sql.join(
            names.map((entry) => sql.identifier(entry.name)),
            sql`, `,
          )}) ${overriding(names)} values (${sql.join(
            names.map((entry) => sql`${texts[entry.field]}`),
            sql`, `,
          )})`
        : sql`default values`
      const rows = await db.execute<Record<string, string>>(
        sql`insert into ${table} as ${sql.identifier(ALIAS)} ${values} returning ${keyTexts(ALIAS)}`,
      )
      return reload(db, rows[0])
    },

    async update(db, row, texts) {
      const names = written(texts)
      const condition = keyCondition(keyColumns, row.id)
      if (!condition) throw gone(row.id)
      if (names.length === 0) return row
      const rows = await db.execute<Record<string, string>>(sql`
        update ${table} as ${sql.identifier(ALIAS)}
        set ${sql.join(
          names.map((entry) => sql`${sql.identifier(entry.name)} = ${texts[entry.field]}`),
          sql`, `,
        )}
        where ${condition} returning ${keyTexts(ALIAS)}`)
      return reload(db, rows[0])
    },

    async remove(db, row) {
      const condition = keyCondition(keyColumns, row.id)
      const rows = condition
        ? await db.execute(sql`delete from ${table} as ${sql.identifier(ALIAS)} where ${condition} returning 1`)
        : []
      if (rows.length === 0) throw gone(row.id)
    },
  }
  return storage

  function written(texts: Texts): ColumnShape[] {
    return Object.keys(texts).map((field) => {
      const found = byField.get(field)
      if (!found) throw new AdminError('invalid', `There is no field “${field}”.`)
      return found
    })
  }

  async function reload(db: Executor, keys: Record<string, string> | undefined): Promise<StoredRow> {
    if (!keys)
      throw new AdminError('conflict', 'The database did not keep the record: a trigger or rule turned it away.')
    const id = encodeRecordId(keyColumns.map((_, at) => keys[`k${at}`] ?? ''))
    const row = await storage.load(db, id)
    if (!row)
      throw new AdminError('conflict', 'The record was written but cannot be read back: row-level security hides it.')
    return row
  }
}

/** A deleted record comes back with the key the database once gave it. */
const overriding = (names: readonly ColumnShape[]): SQL =>
  names.some(({ identity }) => identity === 'always') ? sql`overriding system value` : sql``

/**
 * `key = id`, each part read with the column's own type, or undefined where `id` has the wrong number of parts.
 * An id of the wrong type ('abc' for a number) raises Postgres's own error, which callers read as "not found".
 */
export function keyCondition(keyColumns: readonly ColumnShape[], id: string, alias = ALIAS): SQL | undefined {
  if (keyColumns.length === 0) return undefined
  const parts = decodeRecordId(id, keyColumns.length)
  return parts && and(...keyColumns.map((entry, at) => sql`${column(alias, entry.name)} = ${parts[at]}`))
}

const gone = (id: string) => new AdminError('not_found', `The record ${id} no longer exists.`)
