import { and, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { column } from '@/lib/db/rebase'
import { decodeRecordId, encodeRecordId } from '@/lib/db/record-id'
import type { ColumnShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import { ALIAS, commaSeparated, type RowReader } from './row-reader'
import type { StoredRow, Texts } from './storage'

/**
 * Many records at once: a statement for each set of columns instead of several for each record. What a single write
 * would refuse refuses the whole statement, and constraints are checked against its end, save unique ones.
 */
export interface RowSets {
  /** The records found, by id, under further conditions over `alias` "t"; `lock` as for one. */
  loadAll(
    db: Executor,
    ids: readonly string[],
    options?: { where?: SQL; lock?: boolean },
  ): Promise<Map<string, StoredRow>>
  /** Inserts records whose keys are given. Returns them as stored, in the order given. */
  insertAll(db: Executor, texts: readonly Texts[]): Promise<StoredRow[]>
  /** Updates rows loaded (and locked) before, each once, none of them in its key. Returns them as stored, in the order given. */
  updateAll(db: Executor, writes: readonly { row: StoredRow; texts: Texts }[]): Promise<StoredRow[]>
  /** Deletes rows loaded (and locked) before. */
  removeAll(db: Executor, rows: readonly StoredRow[]): Promise<void>
}

/**
 * Whether a value is cast from its text by name: what is JSON, or may be underneath (a domain), would be read from a
 * document as JSON, not as the text it is. Elsewhere the table's own type reads it, which refuses what is too long
 * where a cast would cut it.
 */
const isCast = ({ sqlType, column: { columnType } }: ColumnShape) =>
  /^jsonb?$/i.test(sqlType) ||
  (columnType === 'PgCustomColumn' && !/^(bpchar|char|varchar|bit|varbit|numeric)\b/i.test(sqlType))

/** Sets of rows of one table; how single ones are read stays the reader's. */
export function rowSets(rows: RowReader): RowSets {
  const { table, keyColumns } = rows
  const t = sql.identifier(ALIAS)
  const isSame = and(...keyColumns.map(({ name }) => sql`${column(ALIAS, name)} = ${column('g', name)}`))

  /** Texts as rows "g" of the table's own type, which reads each as its column would; "v".x has the texts themselves. */
  const given = (list: readonly Texts[]) => sql`json_array_elements(${JSON.stringify(list)}::json) as v(x)
    cross join lateral json_populate_record(null::${table}, v.x) as g`
  const byColumn = (columns: readonly ColumnShape[], texts: Texts): Texts =>
    Object.fromEntries(columns.map(({ field, name }) => [name, texts[field] ?? null]))
  const value = (entry: ColumnShape) =>
    isCast(entry) ? sql`(v.x ->> ${entry.name}::text)::${sql.raw(entry.sqlType)}` : column('g', entry.name)
  const keyOf = (id: string): Texts => {
    const parts = decodeRecordId(id, keyColumns.length) ?? []
    return Object.fromEntries(keyColumns.map(({ name }, at) => [name, parts[at] ?? null]))
  }

  const loadAll: RowSets['loadAll'] = async (db, ids, { where, lock } = {}) => {
    const keys = ids.map(keyOf)
    if (keys.length === 0) return new Map()
    const found = await db.execute<Record<string, string | null>>(sql`
      select ${rows.selection} from ${table} as ${t}
      where ${and(
        sql`(${commaSeparated(keyColumns.map(({ name }) => column(ALIAS, name)))}) in (
        select ${commaSeparated(keyColumns.map(({ name }) => column('g', name)))} from ${given(keys)})`,
        where,
      )} ${lock ? sql`for update of ${t}` : sql``}`)
    return new Map(found.map(rows.readRow).map((row) => [row.id, row]))
  }

  /** What was written, read back in the order of `ids`. */
  async function reload(db: Executor, ids: readonly string[], written: number): Promise<StoredRow[]> {
    if (written < ids.length)
      throw new AdminError('conflict', 'The database did not keep every record: a trigger or rule turned some away.')
    const found = await loadAll(db, ids)
    return ids.map((id) => {
      const row = found.get(id)
      if (row) return row
      throw new AdminError(
        'conflict',
        `The record ${id} was written but cannot be read back: row-level security hides it.`,
      )
    })
  }

  return {
    loadAll,

    async insertAll(db, texts) {
      const ids = texts.map((own) => encodeRecordId(keyColumns.map(({ field }) => own[field] ?? '')))
      let written = 0
      for (const { columns, items } of byColumns(texts, (own) => rows.columnsOf(own))) {
        const isIdentity = columns.some(({ identity }) => identity === 'always')
        const found = await db.execute(sql`
          insert into ${table} (${commaSeparated(columns.map(({ name }) => sql.identifier(name)))})
          ${isIdentity ? sql`overriding system value` : sql``}
          select ${commaSeparated(columns.map(value))} from ${given(items.map((own) => byColumn(columns, own)))} returning 1`)
        written += found.length
      }
      return reload(db, ids, written)
    },

    async updateAll(db, writes) {
      let written = 0
      for (const { columns, items } of byColumns(writes, ({ texts }) => rows.columnsOf(texts))) {
        if (columns.length === 0) {
          written += items.length
          continue
        }
        const assignments = columns.map((entry) => sql`${sql.identifier(entry.name)} = ${value(entry)}`)
        const list = items.map(({ row, texts }) => ({ ...byColumn(columns, texts), ...keyOf(row.id) }))
        const found = await db.execute(sql`
          update ${table} as ${t} set ${commaSeparated(assignments)} from ${given(list)} where ${isSame} returning 1`)
        written += found.length
      }
      return reload(
        db,
        writes.map(({ row }) => row.id),
        written,
      )
    },

    async removeAll(db, gone) {
      const found = await db.execute(sql`
        delete from ${table} as ${t} using ${given(gone.map(({ id }) => keyOf(id)))} where ${isSame} returning 1`)
      if (found.length < gone.length)
        throw new AdminError('conflict', 'The database did not let every record go: a trigger or rule kept some.')
    },
  }
}

/** Items that write the same columns, together. */
function byColumns<Item>(items: readonly Item[], columnsOf: (item: Item) => ColumnShape[]) {
  const groups = new Map<string, { columns: ColumnShape[]; items: Item[] }>()
  for (const item of items) {
    const columns = columnsOf(item)
    const name = columns
      .map(({ field }) => field)
      .sort()
      .join('\0')
    const group = groups.get(name)
    if (group) group.items.push(item)
    else groups.set(name, { columns, items: [item] })
  }
  return groups.values()
}
