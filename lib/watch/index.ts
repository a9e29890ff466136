export { type FeedChange, isOversize, type LoggedJson, type ManyChanged, type Oversize, textOf } from './change'
export { type Batch, createFeed, type Feed, type FeedListener, type FeedParts, type FeedState } from './feed'
export {
  type AnyWatcher,
  isWatcher,
  loggedOp,
  type ResolvedWatcher,
  type WatchedOp,
  type WatchedRows,
  type Watcher,
  type WatchOptions,
  watcher,
} from './watcher'
