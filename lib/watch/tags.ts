import type { Logger } from 'pino'
import type postgres from 'postgres'
import type { Batch, Feed } from './feed'
import { type Codec, concerns, matchesOf } from './plan'
import type { ResolvedWatcher } from './watcher'

export interface TagsParts {
  feed: Feed
  watchers: readonly ResolvedWatcher[]
  /** Reads the rows that a watcher's `when` is asked about. */
  sql: postgres.Sql
  codec: Codec
  log: Logger
  /** Makes the process forget what it cached under these tags. */
  revalidate(tags: readonly string[]): Promise<void>
}

const LONGEST_WAIT_MS = 10_000
/** Batches whose `when` is still to be asked; beyond, tags are revalidated unasked. */
const MOST_ASKED = 20

/**
 * Revalidates cache tags as the watchers' `revalidate` and `when` say, soon after the commit: what changes meanwhile goes together, and
 * what fails is tried until it succeeds. After a gap all tags are.
 * @returns stops it
 */
export async function followTags(parts: TagsParts): Promise<() => void> {
  const { feed, watchers, sql, codec, log, revalidate } = parts
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

  const add = ({ revalidate: tags }: ResolvedWatcher) => {
    for (const tag of tags) due.add(tag)
    if (!isRunning && !isStopped) void run()
  }

  /** Whether the watcher's `when` lets any of the changes pass. Where it cannot be asked: better once too often. */
  const passes = async (watcher: ResolvedWatcher, { changes }: Batch) => {
    let hasFailed = false
    const failed = (_: ResolvedWatcher, error: unknown) => {
      hasFailed = true
      log.error({ err: error, watcher: watcher.name }, 'a condition of a watcher failed')
    }
    try {
      const matches = await matchesOf(sql, codec, changes, [watcher], failed)
      return matches.length > 0 || hasFailed
    } catch (error) {
      log.warn({ err: error, watcher: watcher.name }, 'the rows of changes could not be read')
      return true
    }
  }

  let asked = 0
  const take = (batch: Batch) => {
    for (const watcher of tagging) {
      if (!touches(batch, watcher)) continue
      if (!watcher.when || isMuch(batch, watcher) || asked >= MOST_ASKED) {
        add(watcher)
        continue
      }
      asked++
      void passes(watcher, batch).then((isTouched) => {
        asked--
        if (isTouched) add(watcher)
      })
    }
  }
  const choosy = tagging.filter(({ trigger, when }) => trigger.length > 0 || when).map(({ shape }) => shape.relation)
  const stop = await feed.subscribe(take, { each: () => choosy })
  return () => {
    isStopped = true
    stop()
  }
}

/** What cannot be told change by change. */
const isMuch = ({ isGap, many }: Batch, { shape }: ResolvedWatcher) =>
  isGap || many.some(({ relation }) => relation === shape.relation)

const touches = (batch: Batch, watcher: ResolvedWatcher) =>
  isMuch(batch, watcher) || batch.changes.some((change) => concerns(watcher, change))
