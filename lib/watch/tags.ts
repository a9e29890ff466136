import type { Logger } from 'pino'
import type { Batch, Feed } from './feed'
import { concerns } from './plan'
import type { ResolvedWatcher } from './watcher'

export interface TagsParts {
  feed: Feed
  watchers: readonly ResolvedWatcher[]
  log: Logger
  /** Makes the process forget what it cached under these tags. */
  revalidate(tags: readonly string[]): Promise<void>
}

const LONGEST_WAIT_MS = 10_000

/**
 * Revalidates cache tags as the watchers' `revalidate` says, soon after the commit: what changes meanwhile goes together, and
 * what fails is tried until it succeeds. After a gap all tags are.
 * @returns stops it
 */
export async function followTags({ feed, watchers, log, revalidate }: TagsParts): Promise<() => void> {
  const tagging = watchers.filter(({ revalidate: tags }) => tags.length > 0)
  if (tagging.length === 0) return () => {}
  const due = new Set<string>()
  let isRunning = false
  let isStopped = false

  const run = async () => {
    isRunning = true
    for (let waitMs = 100; due.size > 0 && !isStopped; ) {
      const tags = [...due]
      due.clear()
      try {
        await revalidate(tags)
        waitMs = 100
      } catch (error) {
        log.warn({ err: error, tags }, 'cache tags could not be revalidated; trying again')
        for (const tag of tags) due.add(tag)
        await new Promise((resolve) => setTimeout(resolve, waitMs).unref())
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)
      }
    }
    isRunning = false
  }

  const choosy = tagging.filter(({ trigger }) => trigger.length > 0).map(({ shape }) => shape.relation)
  const take = (batch: Batch) => {
    for (const watcher of tagging) if (touches(batch, watcher)) for (const tag of watcher.revalidate) due.add(tag)
    if (due.size > 0 && !isRunning) void run()
  }
  const stop = await feed.subscribe(take, { each: () => choosy })
  return () => {
    isStopped = true
    stop()
  }
}

const touches = ({ isGap, many, changes }: Batch, watcher: ResolvedWatcher) =>
  isGap ||
  many.some(({ relation }) => relation === watcher.shape.relation) ||
  changes.some((change) => concerns(watcher, change))
