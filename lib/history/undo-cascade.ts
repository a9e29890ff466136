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
 * Adds what the deletion of a record took with it: the rows that foreign keys deleted or emptied in the same transaction,
 * and theirs in turn. Without them the record would come back alone.
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

async function cascadedFrom(db: Executor, parents: readonly Change[], keys: readonly ForeignKey[]): Promise<Change[]> {
  const relations = new Set(parents.map(({ relation }) => relation))
  const affected = keys.filter(({ parent, onDelete }) => relations.has(parent) && 'cnd'.includes(onDelete))
  if (affected.length === 0) return []
  const candidates = await selectChanges(
    db,
    sql`select ${changeColumns('c')} from kontor.changes as c
      where c.tx = any(${arrayOf([...new Set(parents.map(({ tx }) => tx))])}::xid8[])
        and c.relation = any(${arrayOf([...new Set(affected.map(({ relation }) => relation))])}) and c.op in ('delete', 'update')
      order by c.id limit ${UNDO_LIMIT + 1}`,
  )
  if (candidates.length > UNDO_LIMIT) throw tooMany()
  return affected.flatMap((key) => {
    const gone = new Set(
      parents
        .filter(({ relation }) => relation === key.parent)
        .map((parent) => `${parent.tx} ${valuesOf(parent, key.parentColumns)}`),
    )
    return candidates.filter(
      (change) =>
        change.relation === key.relation &&
        (change.op === 'delete') === (key.onDelete === 'c') &&
        (change.op === 'delete' || key.columns.some((column) => change.changed.includes(column))) &&
        gone.has(`${change.tx} ${valuesOf(change, key.columns)}`),
    )
  })
}

const valuesOf = ({ before }: Change, columns: readonly string[]) =>
  JSON.stringify(columns.map((column) => before?.[column] ?? null))
