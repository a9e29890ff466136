import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import { asOfSource, asOfTable, changedRecords } from './as-of'
import type { LoggedValues } from './change'
import { readForeignKeys } from './constraints'
import { historyBounds, type Moment, resolveMoment, sortable } from './moment'
import { factsOf, idOf, presentRows, tableOf } from './present-rows'
import { tooMany, UNDO_LIMIT } from './undo-cascade'
import { settle } from './undo-conflicts'
import { finish, type UndoPlan } from './undo-plan'
import type { FoldedStep } from './undo-step'

/** What to take back: one record, several, or the rows for which a condition over `t` (the table's columns) holds, then or now. */
export type RestoreScope = { recordIds: readonly string[] } | { where: SQL }

/**
 * What must change for records to be as they were at a moment: those changed since are set back, those deleted since come
 * back, those that began since go. Later changes are no conflict: they are what is to be taken back.
 * @throws AdminError 'invalid' for a moment that is none or lies before the history; 'too_large' above 10,000 records
 */
export async function restorePlan(
  db: Executor,
  table: { schema: string; name: string },
  scope: RestoreScope,
  at: string,
): Promise<UndoPlan> {
  const moment = await resolveMoment(db, at)
  const relation = `${table.schema}.${table.name}`
  const { visibleFrom } = await historyBounds(db, relation)
  if (visibleFrom === null) throw new AdminError('invalid', `Changes of ${relation} are not recorded.`)
  if (sortable(moment.at) < sortable(visibleFrom)) {
    throw new AdminError('invalid', `The history of ${relation} can be seen from ${visibleFrom} on, not before.`)
  }
  const tables = await factsOf(db, [relation])
  const facts = tables.get(relation)!
  const changed = await changedIn(db, table, scope, moment)
  if (changed.length > UNDO_LIMIT) throw tooMany()
  const present = await presentRows(
    db,
    facts,
    changed.map(({ recordId }) => recordId),
  )
  const steps = changed.flatMap(({ recordId, state, born }) => {
    const now = present.get(recordId)
    if (born && !now) return []
    const kind = born ? 'remove' : now ? 'set' : 'restore'
    const target = born ? {} : state
    const folded: FoldedStep = { relation, recordId, kind, target, expected: now ?? {}, unknown: [], changes: [] }
    return settle(folded, facts, now)
  })
  return finish(db, steps, tables, await readForeignKeys(db))
}

interface ChangedRecord {
  recordId: string
  /** Columns that differ from now, as they were. */
  state: LoggedValues
  /** It began only after the moment. */
  born: boolean
}

async function changedIn(
  db: Executor,
  table: { schema: string; name: string },
  scope: RestoreScope,
  moment: Moment,
): Promise<ChangedRecord[]> {
  const asOf = await asOfTable(db, table)
  const ids = 'recordIds' in scope ? scope.recordIds : await idsWhere(db, asOf, scope.where, moment)
  const rows = await db.execute<{ recordId: string; state: LoggedValues | null; born: boolean }>(
    changedRecords(asOf, moment, ids),
  )
  return rows.map(({ recordId, state, born }) => ({ recordId, state: state ?? {}, born }))
}

/** Records for which the condition held then, or holds now. */
async function idsWhere(
  db: Executor,
  table: Awaited<ReturnType<typeof asOfTable>>,
  where: SQL,
  moment: Moment,
): Promise<string[]> {
  const facts = (await factsOf(db, [table.relation])).get(table.relation)!
  const rows = await db.execute<{ id: string }>(sql`
    select t."kontor.id" as id from ${asOfSource(table, moment)} as t where t."kontor.past" and ${where}
    union select ${sql.raw(idOf(facts, 't'))} from ${tableOf(table)} as t where ${where}
      and ${sql.raw(idOf(facts, 't'))} in (select c.record_id from kontor.changes as c where c.relation = ${table.relation} and c.at > ${moment.at}::timestamptz)
    limit ${UNDO_LIMIT + 1}`)
  if (rows.length > UNDO_LIMIT) throw tooMany()
  return rows.map(({ id }) => id)
}
