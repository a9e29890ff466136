import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import { type AsOfTable, asOfSource, asOfTable, changedRecords, isChangedSince } from './as-of'
import type { LoggedValues } from './change'
import { readForeignKeys } from './constraints'
import { historyBounds, type Moment, resolveMoment, sortable } from './moment'
import { factsOf, idOf, presentRows, tableOf } from './present-rows'
import type { TableFacts } from './table-facts'
import { UNDO_LIMIT } from './undo-cascade'
import { settle } from './undo-conflicts'
import { finish, type UndoPlan } from './undo-plan'
import { type FoldedStep, recordKey, type UndoStep } from './undo-step'

/** Which rows of a table to take back: by id, or those for which a condition over `t` (the table's columns) held then or holds now. */
export type RestoreScope = { schema: string; name: string } & (
  | { recordIds: readonly string[] }
  | { past: SQL; present: SQL }
)

/**
 * What must change for records to be as they were at a moment: those changed since are set back, those deleted since come
 * back, those that began since go. Later changes are no conflict: they are what is to be taken back.
 * @param options.lock holds the records until the transaction ends. Default: a plan only to look at
 * @param options.without records (by `recordKey`) that stay as they are
 * @throws AdminError 'invalid' for a moment that is none or lies before the history; 'too_large' above 10,000 records
 */
export async function restorePlan(
  db: Executor,
  scopes: readonly RestoreScope[],
  at: string,
  options: { lock?: boolean; without?: ReadonlySet<string> } = {},
): Promise<UndoPlan> {
  const moment = await resolveMoment(db, at)
  const relations = scopes.map(relationOf)
  for (const relation of relations) await assertVisible(db, relation, moment)
  const tables = await factsOf(db, relations)
  const steps: UndoStep[] = []
  let count = 0
  for (const scope of scopes) {
    const relation = relationOf(scope)
    const facts = tables.get(relation)!
    const isLeft = ({ recordId }: ChangedRecord) => options.without?.has(recordKey({ relation, recordId }))
    const changed = (await changedIn(db, scope, moment)).filter((record) => !isLeft(record))
    count += changed.length
    if (count > UNDO_LIMIT) throw tooManyRecords()
    const ids = changed.map(({ recordId }) => recordId)
    const present = await presentRows(db, facts, ids, options.lock)
    for (const record of changed) steps.push(...stepOf(record, facts, present.get(record.recordId)))
  }
  return finish(db, steps, tables, await readForeignKeys(db))
}

const tooManyRecords = () =>
  new AdminError(
    'too_large',
    `More than ${UNDO_LIMIT.toLocaleString('en')} records changed since: narrow the list and restore it in parts.`,
  )

const relationOf = ({ schema, name }: RestoreScope) => `${schema}.${name}`

async function assertVisible(db: Executor, relation: string, moment: Moment): Promise<void> {
  const { visibleFrom } = await historyBounds(db, relation)
  if (visibleFrom === null) throw new AdminError('invalid', `Changes of ${relation} are not recorded.`)
  if (sortable(moment.at) < sortable(visibleFrom)) {
    throw new AdminError('invalid', `The history of ${relation} can be seen from ${visibleFrom} on, not before.`)
  }
}

function stepOf(
  { recordId, state, born }: ChangedRecord,
  facts: TableFacts,
  now: LoggedValues | undefined,
): UndoStep[] {
  if (born && !now) return []
  const { relation } = facts
  const kind = born ? 'remove' : now ? 'set' : 'restore'
  const target = born ? {} : state
  const folded: FoldedStep = { relation, recordId, kind, target, expected: now ?? {}, unknown: [], changes: [] }
  return settle(folded, facts, now)
}

interface ChangedRecord {
  recordId: string
  /** Columns that differ from now, as they were. */
  state: LoggedValues
  /** It began only after the moment. */
  born: boolean
}

async function changedIn(db: Executor, scope: RestoreScope, moment: Moment): Promise<ChangedRecord[]> {
  const table = await asOfTable(db, scope)
  const ids = 'recordIds' in scope ? scope.recordIds : await idsWhere(db, table, scope, moment)
  const rows = await db.execute<{ recordId: string; state: LoggedValues | null; born: boolean }>(
    changedRecords(table, moment, ids),
  )
  return rows.map(({ recordId, state, born }) => ({ recordId, state: state ?? {}, born }))
}

/** Changed records for which the condition held then, or holds now. */
async function idsWhere(
  db: Executor,
  table: AsOfTable,
  { past, present }: { past: SQL; present: SQL },
  moment: Moment,
): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select t."kontor.id" as id from ${asOfSource(table, moment)} as t where t."kontor.past" and ${past}
    union select ${sql.raw(idOf(table, 't'))} from ${tableOf(table)} as t where ${present} and ${isChangedSince(table, moment, 't')}
    limit ${UNDO_LIMIT + 1}`)
  if (rows.length > UNDO_LIMIT) throw tooManyRecords()
  return rows.map(({ id }) => id)
}
