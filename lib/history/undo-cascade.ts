import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import { type Change, changeColumns, selectChanges } from './change'
import type { ForeignKey } from './constraints'
import { arrayOf } from './filters'

/** Most changes one undo takes; more go in chunks. */
export const UNDO_LIMIT = 10_000

export const tooMany = () =>
  new AdminError('too_large', `More than ${UNDO_LIMIT.toLocaleString('en')} changes: undo them in parts.`)

/**
 * Adds what went with a deleted record: rows that foreign keys deleted or emptied, those that pointed at it and that the
 * same transaction deleted first, as one has to where keys forbid more, and theirs in turn. Without them the record would
 * come back alone.
 */
export async function withCascades(
  db: Executor,
  changes: readonly Change[],
  keys: readonly ForeignKey[],
): Promise<Change[]> {
  const all = new Map(changes.map((change) => [change.id, change]))
  let parents = changes.filter(({ op }) => op === 'delete')
  while (parents.length > 0) {
    const found = await cascadedFrom(db, parents, keys)
    const fresh = found.filter(({ id }) => !all.has(id))
    for (const change of fresh) all.set(change.id, change)
    if (all.size > UNDO_LIMIT) throw tooMany()
    parents = fresh.filter(({ op }) => op === 'delete')
  }
  return [...all.values()]
}

/** What went with these records, key by key. @throws AdminError 'too_large' above the limit */
async function cascadedFrom(db: Executor, parents: readonly Change[], keys: readonly ForeignKey[]): Promise<Change[]> {
  const found: Change[] = []
  for (const key of keys) {
    const gone = parents.flatMap(({ relation, tx, before }) => {
      const values = key.parentColumns.map((column) => before?.[column])
      return relation === key.parent && values.every((value) => typeof value === 'string') ? [[tx, ...values]] : []
    })
    if (gone.length === 0) continue
    const sides = [sql`c.tx::text`, ...key.columns.map((column) => sql`c.before ->> ${column}::text`)]
    const arrays = sides.map((_, at) => arrayOf(gone.map((values) => values[at]!)))
    const emptied = 'nd'.includes(key.onDelete)
      ? sql` or c.op = 'update' and c.changed && ${arrayOf(key.columns)}`
      : sql``
    const own = await selectChanges(
      db,
      sql`select ${changeColumns('c')} from kontor.changes as c
        where c.tx = any(${arrayOf([...new Set(gone.map(([tx]) => tx!))])}::xid8[]) and c.relation = ${key.relation} and (c.op = 'delete'${emptied})
          and (${sql.join(sides, sql`, `)}) in (select * from unnest(${sql.join(arrays, sql`, `)}))
        order by c.id limit ${UNDO_LIMIT + 1}`,
    )
    if (own.length > UNDO_LIMIT) throw tooMany()
    found.push(...own)
  }
  return found
}
