import { and, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { postgresErrorOf } from '@/lib/db/postgres-errors'
import { column } from '@/lib/db/rebase'
import { ENTRY_FIELD, VERSION_FIELDS } from '@/lib/db/storage-columns'
import type { ColumnShape, TableShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import { pastStorage } from './past'
import { ALIAS, commaSeparated, keyCondition, type RowReaderOptions, rowReader } from './row-reader'
import type { QualifiedName, Storage, StoredRow, Texts } from './storage'
import { gone } from './table'
import type { VersionRow, Versions } from './versions'

export interface AppendOnlyStorageOptions {
  /** The companion that holds the newest versions; its columns are those of `shape`. */
  current: QualifiedName
  read?: RowReaderOptions['read']
}

const DEFAULT_LIMIT = 50

/**
 * Every update inserts a further version of an entry, every delete a tombstone; triggers keep the newest versions in a
 * companion table, which is what is read, locked and referred to. See 0070_append_only.sql.
 * @param shape of the table of all versions
 */
export function appendOnlyStorage(
  shape: TableShape,
  { current, read }: AppendOnlyStorageOptions,
): Storage & { versions: Versions } {
  const all = sql`${sql.identifier(shape.schema)}.${sql.identifier(shape.name)}`
  const managed = new Set(VERSION_FIELDS)
  const version = (alias: string) => sql`${column(alias, 'entry_version')}::text`
  const options = { keyFields: [ENTRY_FIELD], read, version, managed }
  const rows = rowReader({ ...shape, ...current }, options)
  const copied = rows.columns.filter(({ isGenerated, field }) => !isGenerated && !managed.has(field))
  const isEntry = (id: string, alias = ALIAS) => keyCondition(rows.keyColumns, id, alias) ?? sql`false`

  const storage: Storage & { versions: Versions } = {
    kind: 'appendOnly',
    managed,
    logged: {
      ...current,
      ignored: shape.columns.filter(({ field }) => managed.has(field)).map(({ name }) => name),
    },
    setup: { kind: 'appendOnly', versions: { schema: shape.schema, name: shape.name }, current },
    source: () => rows.table,
    version,
    load: rows.load,
    past: (given) => pastStorage(storage, rows, given),

    async insert(db, texts) {
      const id = texts[ENTRY_FIELD]
      if (id === undefined || id === null) return append(db, rows.columnsOf(texts), texts)
      const newest = await storage.versions.load(db, id)
      if (newest && !newest.isDeleted) throw taken(id)
      // Brought back under its key; the number keeps two who do so at once from both succeeding.
      return append(db, rows.columnsOf(texts), texts, newest?.newest).catch(asTaken(id))
    },

    async update(db, row, texts) {
      const written = rows.columnsOf(texts)
      if (written.length === 0) return row
      if (texts[ENTRY_FIELD] !== undefined && texts[ENTRY_FIELD] !== row.id)
        throw new AdminError('invalid', 'The key of an entry never changes: its versions are kept under it.', {
          fields: { [ENTRY_FIELD]: ['The key of an entry never changes.'] },
        })
      const source = sql`from ${rows.table} as ${sql.identifier(ALIAS)} where ${isEntry(row.id)}`
      return rows.reload(db, await appendFrom(db, source, texts))
    },

    async remove(db, row) {
      const source = sql`from ${rows.table} as ${sql.identifier(ALIAS)} where ${isEntry(row.id)}`
      if (!(await appendFrom(db, source, {}, sql`true`))) throw gone(row.id)
    },

    versions: {
      async list(db, id, { before, limit = DEFAULT_LIMIT } = {}) {
        const older = before === undefined ? undefined : sql`${column(ALIAS, 'entry_version')} < ${before}`
        return selectVersions(db, and(isEntry(id), older), limit)
      },
      async load(db, id, { number, where } = {}) {
        const isIt = number === undefined ? undefined : sql`${column(ALIAS, 'entry_version')} = ${number}`
        return (await selectVersions(db, and(isEntry(id), isIt, where), 1))[0]
      },
      sourceAt: (
        moment,
      ) => sql`(select v.* from ${all} as v where v.version_at <= ${moment}::timestamptz and not v.deleted
        and not exists (select from ${all} as n where n.entry_id = v.entry_id and n.entry_version = v.entry_version + 1 and n.version_at <= ${moment}::timestamptz))`,
      async undelete(db, id, texts) {
        const source = sql`from ${all} as ${sql.identifier(ALIAS)} where ${isEntry(id)} and ${column(ALIAS, 'deleted')}
          and not exists (select from ${all} as n where n.entry_id = ${column(ALIAS, 'entry_id')} and n.entry_version > ${column(ALIAS, 'entry_version')})`
        return rows.reload(db, await appendFrom(db, source, texts).catch(asTaken(id)))
      },
    },
  }
  return storage

  /** Somebody else wrote the same next version of an entry that no lock could hold, since it was not there. */
  function asTaken(id: string) {
    return (error: unknown): never => {
      const found = postgresErrorOf(error)
      const isVersion = found?.code === '23505' && `${found.schema_name}.${found.table_name}` === shape.relation
      throw isVersion ? taken(id) : error
    }
  }

  /** Inserts a version of the given fields. */
  async function append(db: Executor, columns: readonly ColumnShape[], texts: Texts, newest?: number) {
    const number = texts[ENTRY_FIELD] ? [sql`${(newest ?? 0) + 1}`] : []
    const names = [...columns.map(({ name }) => sql.identifier(name)), ...number.map(() => sql`entry_version`)]
    const values = [...columns.map(({ field }) => sql`${texts[field]}`), ...number]
    const row = values.length ? sql`(${commaSeparated(names)}) values (${commaSeparated(values)})` : sql`default values`
    const found = await db.execute<{ k0: string }>(sql`insert into ${all} ${row} returning entry_id::text as k0`)
    return rows.reload(db, found[0])
  }

  /**
   * Inserts a further version of the row that `source` finds. Values not given are copied by the database, so that
   * those no page loads whole stay exact.
   */
  async function appendFrom(db: Executor, source: SQL, texts: Texts, deleted: SQL = sql`false`) {
    const values = copied.map(({ field, name }) =>
      field in texts && field !== ENTRY_FIELD ? sql`${texts[field]}` : column(ALIAS, name),
    )
    const names = copied.map(({ name }) => sql.identifier(name))
    const found = await db.execute<{ k0: string }>(sql`
      insert into ${all} (${commaSeparated(names)}, entry_version, deleted)
      select ${commaSeparated(values)}, ${column(ALIAS, 'entry_version')} + 1, ${deleted} ${source} returning entry_id::text as k0`)
    return found[0]
  }

  async function selectVersions(db: Executor, where: SQL | undefined, limit: number): Promise<VersionRow[]> {
    const found = await db.execute<Record<string, string | null>>(sql`
      select ${rows.selection}, (select max(n.entry_version) from ${all} as n where n.entry_id = ${column(ALIAS, 'entry_id')})::text as newest
      from ${all} as ${sql.identifier(ALIAS)} where ${where} order by ${column(ALIAS, 'entry_version')} desc limit ${limit}`)
    return found.map((row) => toVersion(rows.readRow(row), Number(row.newest)))
  }
}

function toVersion(row: StoredRow, newest: number): VersionRow {
  const { entryVersion, deleted, versionAt, versionBy, versionSource, versionReason } = row.texts
  return {
    ...row,
    number: Number(entryVersion),
    isDeleted: deleted === 'true',
    at: versionAt ?? '',
    by: versionBy ?? '',
    source: versionSource ?? '',
    reason: versionReason ?? null,
    newest,
  }
}

function taken(id: string): AdminError {
  const message = `Taken by another entry (${id}). Choose another.`
  return new AdminError('invalid', message, { fields: { [ENTRY_FIELD]: [message] } })
}
