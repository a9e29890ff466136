import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import { pastStorage } from './past'
import { ALIAS, commaSeparated, keyCondition, type RowReader, rowReader } from './row-reader'
import { rowSets } from './row-sets'
import type { Storage, StoredRow, Texts } from './storage'

export interface TableStorageOptions {
  /** Fields that identify a record; the table's primary key unless said otherwise. */
  keyFields: readonly string[]
  /** How a column is read for a record's page. Default: its Postgres text. */
  read?: (column: ColumnShape, reference: SQL) => SQL
}

/** Records in an ordinary table or view. A version is the row's `xmin`: selected, since RETURNING fails on partitions. */
export function tableStorage(shape: TableShape, options: TableStorageOptions): Storage {
  const version = (alias: string) => (shape.kind === 'table' ? sql`${sql.identifier(alias)}.xmin::text` : undefined)
  const rows = rowReader(shape, { ...options, version })
  const storage: Storage = {
    kind: 'table',
    managed: new Set(),
    logged: { schema: shape.schema, name: shape.name, ignored: [] },
    source: () => rows.table,
    version,
    load: rows.load,
    insert: (db, texts) => insertRow(db, rows, texts),
    update: (db, row, texts) => updateRow(db, rows, row, texts),
    remove: (db, row) => removeRow(db, rows, row),
    sets: shape.kind === 'table' && rows.keyColumns.length > 0 ? rowSets(rows) : undefined,
    past: (given) => pastStorage(storage, rows, given),
  }
  return storage
}

/** A deleted record comes back with the key the database once gave it. */
const overriding = (written: readonly ColumnShape[]): SQL =>
  written.some(({ identity }) => identity === 'always') ? sql`overriding system value` : sql``

/** INSERT of the given fields. */
export async function insertRow(db: Executor, rows: RowReader, texts: Texts): Promise<StoredRow> {
  const written = rows.columnsOf(texts)
  const values = written.length
    ? sql`(${names(written)}) ${overriding(written)} values (${commaSeparated(written.map((entry) => sql`${texts[entry.field]}`))})`
    : sql`default values`
  const found = await db.execute<Record<string, string>>(
    sql`insert into ${rows.table} as ${sql.identifier(ALIAS)} ${values} returning ${rows.keyTexts}`,
  )
  return rows.reload(db, found[0])
}

/** UPDATE of the given fields, and of what `further` assigns. */
export async function updateRow(
  db: Executor,
  rows: RowReader,
  row: StoredRow,
  texts: Texts,
  further: readonly SQL[] = [],
): Promise<StoredRow> {
  const written = rows.columnsOf(texts)
  const condition = keyCondition(rows.keyColumns, row.id)
  if (!condition) throw gone(row.id)
  if (written.length === 0) return row
  const assignments = written.map((entry) => sql`${sql.identifier(entry.name)} = ${texts[entry.field]}`)
  const found = await db.execute<Record<string, string>>(sql`
    update ${rows.table} as ${sql.identifier(ALIAS)} set ${commaSeparated([...assignments, ...further])}
    where ${condition} returning ${rows.keyTexts}`)
  return rows.reload(db, found[0])
}

export async function removeRow(db: Executor, rows: RowReader, row: StoredRow): Promise<void> {
  const condition = keyCondition(rows.keyColumns, row.id)
  const found = condition
    ? await db.execute(sql`delete from ${rows.table} as ${sql.identifier(ALIAS)} where ${condition} returning 1`)
    : []
  if (found.length === 0) throw gone(row.id)
}

export const gone = (id: string) => new AdminError('not_found', `The record ${id} no longer exists.`)

const names = (columns: readonly ColumnShape[]) => commaSeparated(columns.map(({ name }) => sql.identifier(name)))
