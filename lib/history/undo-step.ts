import { groupBy } from '@/lib/db/group-by'
import type { Change, LoggedValue, LoggedValues } from './change'

/** A column of the record no longer holds what the undone changes left in it. */
export interface UndoConflict {
  column: string
  /** What the changes to undo left there. */
  expected: LoggedValue
  /** What is there now. */
  now: LoggedValue
  /** Later changes of this column, or earlier ones between those to undo; empty where nothing logged explains it. */
  changeIds: string[]
}

/** A record as the log names it. */
export interface RecordName {
  relation: string
  recordId: string
}

/** Why a step cannot simply be taken. */
export interface UndoBlocker {
  kind:
    | 'already' // the record is as the undo would make it
    | 'gone' // the record to set back or remove has been deleted since
    | 'exists' // a record of that key has come into being since
    | 'parent_gone' // what it points at is neither there nor restored along with it
    | 'children' // other records point at the one to remove
    | 'unique_taken' // another record has the value that may occur once
    | 'column_gone' // the column has been dropped
    | 'column_required' // no value is known (redacted, erased, or added since), or none that fits, and the column must have one
    | 'unfit' // the column's type cannot hold the value any more
    | 'too_large' // the value was too large for the log
    | 'no_key' // the table has no primary key: nothing says which row it was
    | 'no_table' // the table is gone
    | 'rekeyed' // the table has another primary key since: the id names another row, or none
    | 'erased' // its key was erased from the log: nobody knows any more which record it was
    | 'mark' // TRUNCATE of too many rows left only a mark
  /** The columns meant, by their database names. */
  columns?: string[]
  /** Other records meant: the parent, the children (some of them), the one that has the value. */
  records?: RecordName[]
  /** Whether there are more of them than `records` names. */
  hasMore?: boolean
  /** Leaving these columns out, when the person says so, lets the rest go on. */
  canSkip: boolean
}

/** One operation that takes a record back. Values are Postgres text per database column. */
export interface UndoStep {
  relation: string
  recordId: string
  /** restore: insert it again with its key; remove: delete it; set: give columns their earlier values. */
  kind: 'restore' | 'remove' | 'set'
  /** What to write; empty for remove, and where only unknown columns changed. Generated columns are left out. */
  values: Record<string, string | null>
  /** The present values of the same columns (of all of them for remove); empty for restore. */
  now: LoggedValues
  /** Columns whose earlier value nobody knows (redacted): they stay as they are. */
  unknown: string[]
  /** Ids of the changes this step undoes, oldest first. Empty for a restore to a moment. */
  undoes: string[]
  conflicts: UndoConflict[]
  blockers: UndoBlocker[]
  /** Steps of one turn do not depend on each other; those of a later turn may need those of an earlier one. From 0. */
  turn: number
}

/** What goes into the transaction's setting `kontor.undoes` before steps are taken: the log then names what they undid. */
export function undoesOf(steps: readonly Pick<UndoStep, 'relation' | 'recordId' | 'undoes'>[]): string {
  const said: Record<string, Record<string, string>> = {}
  for (const { relation, recordId, undoes } of steps) {
    const records = said[relation] ?? {}
    records[recordId] = undoes.join(',')
    said[relation] = records
  }
  return JSON.stringify(said)
}

/** A step before the present was looked at. */
export interface FoldedStep {
  relation: string
  recordId: string
  kind: UndoStep['kind']
  /** The values to go back to. */
  target: LoggedValues
  /** The values the undone changes left. */
  expected: LoggedValues
  unknown: string[]
  changes: Change[]
}

export const recordKey = ({ relation, recordId }: { relation: string; recordId: string }) => `${relation}\0${recordId}`

/**
 * Folds the changes of each record into the one step that takes it from after the last to before the first. Records that
 * came and went within the changes need none.
 */
export function foldChanges(changes: readonly Change[]): FoldedStep[] {
  const known = changes.filter(({ op, recordId }) => recordId !== null && op !== 'truncate')
  const records = groupBy(known, ({ relation, recordId }) => recordKey({ relation, recordId: recordId ?? '' }))
  return [...records.values()].flatMap((list) => foldRecord(list.sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)))))
}

function foldRecord(logged: Change[]): FoldedStep[] {
  const changes = inTurn(logged)
  const [first, last] = [changes[0]!, changes.at(-1)!]
  const existedBefore = first.op !== 'insert'
  const existsAfter = last.op !== 'delete'
  if (!existedBefore && !existsAfter) return []
  // The oldest value of each column wins, the newest of what was left there.
  const target: LoggedValues = Object.assign({}, ...changes.toReversed().map(({ before }) => before ?? {}))
  const expected: LoggedValues = Object.assign({}, ...changes.map(({ after }) => after ?? {}))
  const unknown = [...new Set(changes.flatMap(({ changed }) => changed))].filter(
    (column) => !(column in target) && !(column in expected),
  )
  const kind = existedBefore ? (existsAfter ? 'set' : 'restore') : 'remove'
  return [
    {
      relation: first.relation,
      recordId: first.recordId!,
      kind,
      target: kind === 'remove' ? {} : target,
      expected: kind === 'restore' ? {} : expected,
      unknown,
      changes: logged,
    },
  ]
}

/**
 * The changes of a record in an order in which it is there once at most. A deferrable key lets rows change keys within one
 * statement, and where they are logged one by one, one comes to a key before the other has left it: the deletion then is of
 * another row than the one just inserted, and comes first.
 */
function inTurn(changes: readonly Change[]): Change[] {
  const ordered: Change[] = []
  for (const change of changes) {
    const previous = ordered.at(-1)
    if (
      change.op === 'delete' &&
      previous?.op === 'insert' &&
      previous.tx === change.tx &&
      isOtherRow(previous, change)
    ) {
      ordered.splice(-1, 0, change)
    } else ordered.push(change)
  }
  return ordered
}

/** Whether the row deleted is none that the insertion can have left. */
const isOtherRow = ({ after }: Change, { before }: Change): boolean =>
  Object.entries(after ?? {}).some(([column, value]) => before && column in before && !sameValue(value, before[column]))

export const sameValue = (a: LoggedValue | undefined, b: LoggedValue | undefined): boolean => {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    return a.size === b.size && a.sha256 === b.sha256
  }
  return (a ?? null) === (b ?? null)
}
