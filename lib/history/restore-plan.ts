import type { Executor } from '@/lib/db/client'
import { AdminError } from '@/lib/errors'
import type { LoggedValues } from './change'
import { readForeignKeys } from './constraints'
import { historyBounds, type Moment, resolveMoment, sortable } from './moment'
import { factsOf, presentRows } from './present-rows'
import { hadOtherKey } from './rekeyed'
import { takenAlong } from './restore-cascade'
import { type ChangedRecord, changedIn, changedLinks, type RestoreScope, tooManyRecords } from './restore-scope'
import type { TableFacts } from './table-facts'
import { UNDO_LIMIT } from './undo-cascade'
import { settle } from './undo-conflicts'
import { finish, type UndoPlan } from './undo-plan'
import { type FoldedStep, recordKey, type UndoStep } from './undo-step'

/**
 * What must change for records to be as they were at a moment: those changed since are set back, those deleted since come
 * back with what their deletion took along, those that began since go. Later changes are no conflict: they are what is to be taken back.
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
  const relations = new Set(scopes.flatMap((scope) => [scope, ...(scope.links ?? [])].map(relationOf)))
  for (const relation of relations) await assertVisible(db, relation, moment)
  const tables = await factsOf(db, relations)
  for (const facts of tables.values()) {
    if (await hadOtherKey(db, facts, moment)) {
      throw new AdminError(
        'invalid',
        `${facts.relation} has another primary key since: records of then cannot be told.`,
      )
    }
  }
  const steps = new Map<string, UndoStep[]>()
  const add = async (relation: string, changed: readonly ChangedRecord[]) => {
    const facts = tables.get(relation)!
    const fresh = changed.filter(({ recordId }) => !isLeft(relation, recordId))
    const ids = fresh.map(({ recordId }) => recordId)
    const present = await presentRows(db, facts, ids, options.lock)
    // A link between two records of the same list is found from both.
    for (const record of fresh) {
      steps.set(recordKey({ relation, recordId: record.recordId }), stepOf(record, facts, present.get(record.recordId)))
    }
    if (steps.size > UNDO_LIMIT) throw tooManyRecords()
  }
  const isLeft = (relation: string, recordId: string) =>
    options.without?.has(recordKey({ relation, recordId })) ?? false
  for (const scope of scopes) {
    const relation = relationOf(scope)
    await add(relation, await changedIn(db, scope, moment))
    for (const links of scope.links ?? []) {
      const changed = await changedLinks(db, scope, links, moment, (recordId) => isLeft(relation, recordId))
      await add(relationOf(links), changed)
    }
  }
  const own = [...steps.values()].flat()
  const keys = await readForeignKeys(db)
  const along = await takenAlong(db, own, moment, keys, options)
  if (own.length + along.steps.length > UNDO_LIMIT) throw tooManyRecords()
  return finish(db, [...own, ...along.steps], new Map([...tables, ...along.tables]), keys)
}

const relationOf = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`

async function assertVisible(db: Executor, relation: string, moment: Moment): Promise<void> {
  const { visibleFrom } = await historyBounds(db, relation)
  if (visibleFrom === null) throw new AdminError('invalid', `Changes of ${relation} are not recorded.`)
  if (sortable(moment.at) < sortable(visibleFrom)) {
    throw new AdminError('invalid', `The history of ${relation} can be seen from ${visibleFrom} on, not before.`)
  }
}

function stepOf(
  { recordId, state, born, erased }: ChangedRecord,
  facts: TableFacts,
  now: LoggedValues | undefined,
): UndoStep[] {
  if (born && !now) return []
  const { relation } = facts
  const kind = born ? 'remove' : now ? 'set' : 'restore'
  const target = born ? {} : state
  // In a record that is there what nobody knows stays as it is.
  const unknown = kind === 'restore' ? erased : []
  const folded: FoldedStep = { relation, recordId, kind, target, expected: now ?? {}, unknown, changes: [] }
  return settle(folded, facts, now)
}
