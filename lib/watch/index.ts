export { type FeedChange, isOversize, type LoggedJson, type ManyChanged, type Oversize, textOf } from './change'
export { type Batch, createFeed, type Feed, type FeedListener, type FeedParts, type FeedState } from './feed'
export { createHub, type FindViewers, type Hub, type HubState, type Sight, type Viewer } from './hub'
export type { Message, MessageOf, Selection, WatcherReference } from './message'
export type { Codec } from './plan'
export { type Company, companyOf, forgetPresence, notePresence, type OpenPage, type Present } from './presence'
export {
  createWatchers,
  type MessageHandler,
  type SubscribeOptions,
  type Subscription,
  type WatcherDetails,
  type Watchers,
} from './subscriptions'
export { followTags } from './tags'
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
