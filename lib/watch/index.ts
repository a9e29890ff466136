export { type FeedChange, isOversize, type LoggedJson, type ManyChanged, type Oversize, textOf } from './change'
export { type Batch, createFeed, type Feed, type FeedListener, type FeedParts, type FeedState } from './feed'
