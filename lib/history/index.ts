export { type AsOfOptions, asOfRecords, asOfSource, holdsNow, idsToday, unfittingColumns } from './as-of'
export { type AsOfTable, asOfTable } from './as-of-table'
export {
  type Change,
  isErasedId,
  isOversize,
  type LoggedValue,
  type LoggedValues,
  type Operation,
  type Oversize,
} from './change'
export { type ChangeCounts, changeCounts } from './change-counts'
export { changedIds, changedRecords } from './changed-since'
export type { HistoryFilters } from './filters'
export { countUnfit, knownToFit } from './key-fit'
export { type HistoryBounds, historyBounds, type Moment, recordedSince, resolveMoment, sortable } from './moment'
export {
  changesById,
  changesOfRequest,
  changesOfTransaction,
  type HistoryPage,
  type HistoryPaging,
  lastDeletions,
  recordHistory,
} from './record-history'
export { hadOtherKey } from './rekeyed'
export { columnsNamed, type Requirement } from './requirement'
export { restorePlan } from './restore-plan'
export type { RestoreLinks, RestoreScope } from './restore-scope'
export { addPartitions, markCrashedTables, sealChanges, sealedUpTo } from './seals'
export { type ActivityEntry, type ActivityPage, siteHistory } from './site-history'
export type { Reaction, TrackedTable } from './tracked-table'
export {
  type Drift,
  type InstallReport,
  installTriggers,
  printTriggers,
  triggerState,
  uninstallTriggers,
} from './triggers'
export { type UndoChunk, undoChunk, withNeeded } from './undo-chunk'
export { undoneBy } from './undo-links'
export { countChanges, isBeyondLimit, type UndoPlan, undoPlan } from './undo-plan'
export type { UndoSelector } from './undo-selector'
export { type RecordName, recordKey, type UndoBlocker, type UndoConflict, type UndoStep, undoesOf } from './undo-step'
export { arisenSince, planPart, presentSnapshot } from './undo-whole'
export { roleOverLog } from './upkeep'
