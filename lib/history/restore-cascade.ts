import type { Executor } from '@/lib/db/client'
import { groupBy } from '@/lib/db/group-by'
import { asOfTable } from './as-of-table'
import type { Change, LoggedValue, LoggedValues } from './change'
import { changedRecords, deletionsSince } from './changed-since'
import type { ForeignKey } from './constraints'
import type { Moment } from './moment'
import { factsOf, presentRows } from './present-rows'
import { changesById } from './record-history'
import { hadOtherKey } from './rekeyed'
import type { TableFacts } from './table-facts'
import { withCascades } from './undo-cascade'
import { settle } from './undo-conflicts'
import { recordKey, type UndoStep } from './undo-step'

/** A record that a deletion took along or emptied since the moment. */
interface Taken {
  facts: TableFacts
  recordId: string
  changes: Change[]
  /** What it was at the moment, as far as it differs from now. */
  past: LoggedValues
  now: LoggedValues | undefined
}

/**
 * What deletions of a plan's records took along since the moment: rows that belonged to them then and are gone come back as
 * they were, and those whose keys were emptied point at them again. Theirs in turn, too.
 * @param steps of the plan; their records are in nobody's way and are not looked at again
 * @param options.without records (by `recordKey`) that stay as they are
 * @throws AdminError 'too_large' above the limit of an undo
 */
export async function takenAlong(
  db: Executor,
  steps: readonly UndoStep[],
  moment: Moment,
  keys: readonly ForeignKey[],
  options: { lock?: boolean; without?: ReadonlySet<string> },
): Promise<{ steps: UndoStep[]; tables: ReadonlyMap<string, TableFacts> }> {
  const staying = steps.filter(({ kind }) => kind !== 'remove')
  const deletions = await deletionsOf(db, staying, moment, keys)
  if (deletions.length === 0) return { steps: [], tables: new Map() }
  const planned = new Set(steps.map(recordKey))
  const own = new Set(deletions.map(({ id }) => id))
  const fresh = (await withCascades(db, deletions, keys)).filter(
    ({ id, relation, recordId }) =>
      recordId !== null &&
      !own.has(id) &&
      !isIn(planned, relation, recordId) &&
      !isIn(options.without, relation, recordId),
  )
  const tables = await factsOf(
    db,
    fresh.map(({ relation }) => relation),
  )
  const taken = await statesOf(db, fresh, tables, moment, options.lock)
  return { steps: belonging(staying, taken, keys), tables }
}

const isIn = (records: ReadonlySet<string> | undefined, relation: string, recordId: string) =>
  records?.has(recordKey({ relation, recordId })) ?? false

/** Deletions since the moment of the records of a plan, of tables that keys point at. */
async function deletionsOf(
  db: Executor,
  steps: readonly UndoStep[],
  moment: Moment,
  keys: readonly ForeignKey[],
): Promise<Change[]> {
  const parents = new Set(keys.map(({ parent }) => parent))
  const found: string[] = []
  for (const [relation, own] of groupBy(steps, (step) => step.relation)) {
    if (!parents.has(relation)) continue
    const table = await tableOf(db, relation)
    const ids = own.map(({ recordId }) => recordId)
    const rows = await db.execute<{ id: string }>(deletionsSince(table, moment, ids))
    found.push(...rows.map(({ id }) => id))
  }
  return changesById(db, found)
}

const tableOf = (db: Executor, relation: string) => {
  const [schema = '', ...name] = relation.split('.')
  return asOfTable(db, { schema, name: name.join('.') })
}

/** Each record as it was at the moment; those that began only then are left out, and those that another key named. */
async function statesOf(
  db: Executor,
  changes: readonly Change[],
  tables: ReadonlyMap<string, TableFacts>,
  moment: Moment,
  isLocked?: boolean,
): Promise<Taken[]> {
  const taken: Taken[] = []
  for (const [relation, own] of groupBy(changes, (change) => change.relation)) {
    const facts = tables.get(relation)
    if (!facts || facts.key.length === 0 || (await hadOtherKey(db, facts, moment))) continue
    const records = groupBy(own, ({ recordId }) => recordId!)
    const ids = [...records.keys()]
    const present = await presentRows(db, facts, ids, isLocked)
    const rows = await db.execute<{ recordId: string; state: LoggedValues | null; born: boolean }>(
      changedRecords(facts, moment, ids),
    )
    for (const { recordId, state, born } of rows) {
      if (born) continue
      taken.push({ facts, recordId, changes: records.get(recordId)!, past: state ?? {}, now: present.get(recordId) })
    }
  }
  return taken
}

/** Steps for what pointed at the records of the plan, or at what comes back with them, at the moment. */
function belonging(staying: readonly UndoStep[], taken: readonly Taken[], keys: readonly ForeignKey[]): UndoStep[] {
  const held = new Set<string>()
  const hold = (relation: string, holds: (column: string) => LoggedValue | undefined) => {
    for (const key of keys) if (key.parent === relation) held.add(pointer(key, key.parentColumns.map(holds)))
  }
  for (const { relation, values, now } of staying) {
    hold(relation, (column) => (column in values ? values[column] : now[column]))
  }
  const steps: UndoStep[] = []
  for (let rest = taken; ; ) {
    const left: Taken[] = []
    for (const one of rest) {
      const valueThen = (column: string) => (column in one.past ? one.past[column] : one.now?.[column])
      const through = keys.filter(
        (key) => key.relation === one.facts.relation && held.has(pointer(key, key.columns.map(valueThen))),
      )
      if (through.length === 0) left.push(one)
      else {
        steps.push(...stepsOf(one, through, valueThen))
        if (!one.now) hold(one.facts.relation, valueThen)
      }
    }
    if (left.length === rest.length) return steps
    rest = left
  }
}

const pointer = ({ name, relation }: ForeignKey, values: readonly (LoggedValue | undefined)[]) =>
  values.every((value) => typeof value === 'string') ? JSON.stringify([relation, name, ...values]) : ''

/** One that is gone comes back whole; of one that was emptied only the key is set back. */
function stepsOf(
  { facts, recordId, changes, past, now }: Taken,
  through: readonly ForeignKey[],
  valueThen: (column: string) => LoggedValue | undefined,
): UndoStep[] {
  const common = { relation: facts.relation, recordId, unknown: [], changes: [] }
  if (!now) return settle({ ...common, kind: 'restore', target: past, expected: {} }, facts, now)
  const emptied = new Set(changes.flatMap(({ op, changed }) => (op === 'update' ? changed : [])))
  const columns = through.flatMap((key) => key.columns.filter((column) => emptied.has(column)))
  const target = Object.fromEntries(columns.map((column) => [column, valueThen(column) ?? null]))
  const left: LoggedValues = Object.assign({}, ...changes.map(({ after }) => after ?? {}))
  const expected = Object.fromEntries(columns.map((column) => [column, left[column] ?? null]))
  return settle({ ...common, kind: 'set', target, expected }, facts, now)
}
