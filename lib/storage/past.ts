import { and, type SQL, sql } from 'drizzle-orm'
import { AdminError } from '@/lib/errors'
import type { Requirement } from '@/lib/history'
import { ALIAS, keyCondition, type RowReader } from './row-reader'
import type { Storage } from './storage'

/** Rows of a table as they were at a moment, with the table's own column names. */
export interface PastRows {
  /**
   * @param needing what the statement asks of them: columns it does not name may be missing. Default: all are there
   * @param required what its WHERE asks of every row: rows that cannot meet it may be missing
   */
  source(needing?: SQL, required?: readonly Requirement[]): SQL
  /** The given records only. */
  among(ids: readonly string[]): SQL
}

/** What a storage was at a moment: read like the storage itself, and never written. */
export function pastStorage(
  { kind, managed, logged }: Pick<Storage, 'kind' | 'managed' | 'logged'>,
  rows: RowReader,
  past: PastRows,
): Storage {
  const refuse = async () => {
    throw new AdminError('read_only', 'This is an earlier moment: nothing can be changed in it.')
  }
  return {
    kind,
    managed,
    logged,
    source: past.source,
    among: past.among,
    version: () => undefined,
    async load(db, id, { where } = {}) {
      const condition = keyCondition(rows.keyColumns, id)
      if (!condition) return undefined
      const found = await db.execute<Record<string, string | null>>(sql`
        select '' as version, ${rows.values} from ${past.among([id])} as ${sql.identifier(ALIAS)} where ${and(condition, where)} limit 1`)
      return found[0] && rows.readRow(found[0])
    },
    insert: refuse,
    update: refuse,
    remove: refuse,
    past: () => {
      throw new Error('A moment in the past has none of its own.')
    },
  }
}
