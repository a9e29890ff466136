import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type postgres from 'postgres'
import type { FeedChange, ManyChanged } from './change'
import { type Cursor, formatCursor, hasOpenWriters, parseCursor } from './cursor'
import { type Deferred, deferred } from './deferred'
import { type Doorbell, openDoorbell } from './doorbell'
import { createPace } from './pace'
import { createQuiet } from './quiet'
import { isWithinRetention, presentCursor, type Reading, readSince } from './read'

/** What was committed between two positions. */
export interface Batch {
  /** Where it begins and ends: texts for `since`, the latter fit for an event id. */
  from: string
  cursor: string
  /** In order for each record. Where `many` names relations, only the changes of the others. */
  changes: readonly FeedChange[]
  /** Relations of which more changed than is told one by one: look at them anew, or read the changes with `readPage`. */
  many: readonly ManyChanged[]
  /** Something before `cursor` was missed and cannot be told: look at everything anew. */
  isGap: boolean
}

export type FeedListener = (batch: Batch) => void

export interface SubscribeToFeed {
  since?: string
  each?: () => readonly string[]
}

export interface FeedState {
  /** Changes handed out (counted also where they were only numbered). */
  events: number
  batches: number
  /** Seconds since the log was last read successfully: above two, the database is away. */
  lagSeconds: number
  isListening: boolean
  doorbellLosses: number
  listeners: number
}

/** What is committed in the database, told within milliseconds to whoever in this process wants to know. */
export interface Feed {
  /**
   * Hands `listener` everything committed after this call. Resolves when that is certain; waits for a database that is away.
   * @param options.each the relations (`schema.table`) of which it wants every change; asked before each reading. Of others it may
   *   be told the number alone where more than 50 changed between two readings. Default: every change
   * @param options.since a batch's `cursor`, of this process or another one: what was committed since then comes first,
   *   coalesced where it is much. A text that is no cursor, or one older than the log, gives a batch with `isGap`.
   * @returns stops it
   */
  subscribe(listener: FeedListener, options?: SubscribeToFeed): Promise<() => void>
  /** Where the feed is: everything committed before this call is behind it. */
  position(): Promise<string>
  state(): FeedState
  /** Ends the reading and both waits; listeners hear nothing more. */
  close(): Promise<void>
}

export interface FeedParts {
  /** The application's pool: it reads the log. */
  sql: postgres.Sql
  /** For LISTEN, past a pooler. */
  listenUrl: string
  log: Logger
  /** The net under the doorbell. Default 1,000. */
  pollMs?: number
  /** Default 10,000. */
  heartbeatMs?: number
}

/** Between two readings, however often it rings: many transactions share one, and writers keep most of the server. */
const SHORTEST_GAP_MS = 8
const LONGEST_GAP_MS = 50
/** A reader that is rung all the time rests for so many times as long as its last reading took. */
const REST = 5
/**
 * In quiet a change waits for the next reading, half of the rest on average. Each reading wakes three processes, whatever
 * it finds, and they take that from the writers: the more is written, the longer a reader rests, a millisecond for each
 * hundred changes a second.
 */
const QUIET_REST = 2
const CHANGES_PER_REST_MS = 100
/** While writers are open their ring may have been swallowed by the one that woke us. */
const ECHO_MS = 15
/** Writers that stay open for longer than this are looked for less often. */
const PATIENT_AFTER_MS = 60_000
const PATIENT_ECHO_MS = 100

/** One reader for the whole process. Nothing runs until somebody subscribes. */
export function createFeed(parts: FeedParts): Feed {
  const { sql, log, pollMs = 1000 } = parts
  const listeners = new Map<FeedListener, SubscribeToFeed['each']>()
  const counts = { events: 0, batches: 0 }
  const reader = randomUUID()
  let doorbell: Doorbell | undefined
  let cursor: Cursor | undefined
  let lastReadAt = performance.now()
  let underWay: Promise<void> | undefined
  let waiting: Deferred | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let tookMs = 0
  const pace = createPace()
  let openSet = ''
  let openSince = 0

  const deliver = (from: Cursor, { next, changes, many, isGap }: Reading) => {
    if (changes.length === 0 && many.length === 0 && !isGap) return
    counts.batches++
    counts.events += changes.length + many.reduce((sum, { count }) => sum + count, 0)
    const batch: Batch = { from: formatCursor(from), cursor: formatCursor(next), changes, many, isGap }
    for (const listener of [...listeners.keys()]) hand(listener, batch)
  }

  const hand = (listener: FeedListener, batch: Batch) => {
    try {
      listener(batch)
    } catch (error) {
      log.error({ err: error }, 'a listener of the feed failed')
    }
  }

  /** What any listener wants each change of: the reading of all of them is one. */
  const wantedEach = (): readonly string[] | undefined => {
    const each = [...listeners.values()]
    return each.includes(undefined) ? undefined : [...new Set(each.flatMap((relations) => relations?.() ?? []))]
  }

  const look = async () => {
    const from = cursor
    if (from === undefined) {
      cursor = await presentCursor(sql)
    } else {
      const reading = await readSince(sql, from, { each: wantedEach(), reader })
      if (isClosed) return
      cursor = reading.next
      pace.read(reading.changes.length + reading.many.reduce((sum, { count }) => sum + count, 0))
      deliver(from, reading)
    }
    lastReadAt = performance.now()
  }

  /** @returns milliseconds until the next look */
  const patience = () => {
    if (quiet.isOn()) return within(Math.max(QUIET_REST * tookMs, pace.perSecond() / CHANGES_PER_REST_MS))
    if (!cursor || !hasOpenWriters(cursor.snapshot)) return pollMs
    const open = cursor.snapshot.xip.join()
    if (open !== openSet) {
      openSet = open
      openSince = performance.now()
    }
    return performance.now() - openSince < PATIENT_AFTER_MS ? ECHO_MS : PATIENT_ECHO_MS
  }

  const run = async () => {
    let failures = 0
    while (waiting && !isClosed) {
      const waiters = waiting
      waiting = undefined
      clearTimeout(timer)
      try {
        const begun = performance.now()
        await look()
        tookMs = performance.now() - begun
        failures = 0
        waiters.resolve()
        void quiet.steer(pace.isLoud())
        if (waiting) await new Promise((resolve) => setTimeout(resolve, within(REST * tookMs)))
      } catch (error) {
        if (isClosed) break
        if (failures++ === 0) log.warn({ err: error }, 'the log could not be read; trying until it can')
        waiting = merge(waiters, waiting)
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(pollMs, 50 * 2 ** failures) * (0.5 + Math.random())),
        )
      }
    }
    underWay = undefined
    if (!isClosed) timer = setTimeout(() => void want(), Math.min(pollMs, patience()))
  }

  /** Resolves after a look that began later than this call. */
  const want = (): Promise<void> => {
    if (isClosed) return Promise.reject(new Error('The feed is closed.'))
    waiting ??= deferred()
    const { promise } = waiting
    underWay ??= run()
    return promise
  }

  const quiet = createQuiet({
    sql,
    askForQuiet: async () => doorbell?.askForQuiet() ?? false,
    endQuiet: async () => doorbell?.endQuiet(),
    look: want,
    log,
  })

  const start = () => {
    doorbell ??= openDoorbell({
      url: parts.listenUrl,
      channel: 'kontor_changes',
      onRing() {
        pace.rung()
        void want().catch(() => {})
      },
      onQuiet() {
        quiet.announced()
        void want().catch(() => {})
      },
      onOpen() {
        quiet.opened()
        void want().catch(() => {})
      },
      log,
      heartbeatMs: parts.heartbeatMs,
    })
  }

  const replay = async (since: string, to: Cursor, each: SubscribeToFeed['each']): Promise<Batch> => {
    const from = parseCursor(since)
    const gap = { from: since, cursor: formatCursor(to), changes: [], many: [], isGap: true }
    if (!from || from.system !== to.system || !(await isWithinRetention(sql, from))) return gap
    const { changes, many, isGap } = await readSince(sql, from, { to, each: each?.() })
    return { ...gap, changes, many, isGap }
  }

  return {
    async subscribe(listener, { since, each } = {}) {
      start()
      await want()
      const held: Batch[] = []
      let isReplaying = since !== undefined
      let isStopped = false
      const own: FeedListener = (batch) => {
        if (isReplaying) held.push(batch)
        else listener(batch)
      }
      listeners.set(own, each)
      if (since !== undefined) {
        try {
          const missed = await replay(since, cursor!, each)
          if (missed.changes.length > 0 || missed.many.length > 0 || missed.isGap) hand(listener, missed)
        } catch (error) {
          listeners.delete(own)
          throw error
        }
        for (const batch of held) if (!isStopped) hand(listener, batch)
        isReplaying = false
      }
      return () => {
        isStopped = true
        listeners.delete(own)
      }
    },
    async position() {
      start()
      await want()
      return formatCursor(cursor!)
    },
    state: () => ({
      ...counts,
      lagSeconds: doorbell ? Math.max(0, (performance.now() - lastReadAt - pollMs) / 1000) : 0,
      isListening: doorbell?.isOpen() ?? false,
      doorbellLosses: doorbell?.losses() ?? 0,
      listeners: listeners.size,
    }),
    async close() {
      isClosed = true
      clearTimeout(timer)
      listeners.clear()
      waiting?.reject(new Error('The feed is closed.'))
      await Promise.all([underWay?.catch(() => {}), doorbell?.close()])
    },
  }
}

const within = (ms: number) => Math.min(LONGEST_GAP_MS, Math.max(SHORTEST_GAP_MS, ms))

function merge(earlier: Deferred, later: Deferred | undefined) {
  if (later) earlier.promise.then(later.resolve, later.reject)
  return earlier
}
