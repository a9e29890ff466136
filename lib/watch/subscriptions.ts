import type { PgTable } from 'drizzle-orm/pg-core'
import { closest } from 'fastest-levenshtein'
import type { Logger } from 'pino'
import type postgres from 'postgres'
import { describeRelation } from '@/lib/db/table-shape'
import { isTransient } from '@/lib/db/transient'
import { AdminError } from '@/lib/errors'
import type { FeedChange } from './change'
import { type Cursor, isVisibleIn, parseCursor } from './cursor'
import { type DurableParts, type RunningDurable, runDurable } from './durable'
import type { Batch, Feed } from './feed'
import { createLanes } from './lanes'
import type { AnyColumn, Message, MessageOf, Selection, WatcherReference } from './message'
import { type Codec, isWanted, type Match, matchesOf, messageOf, type Wanted } from './plan'
import { readPage } from './read'
import { readSelection } from './select'
import type { ResolvedWatcher } from './watcher'

export type MessageHandler<M = Message> = (message: M) => void | Promise<void>

export interface SubscribeOptions {
  /**
   * Makes it durable: its place in the log is kept in the database under this name, so that after any absence it goes on
   * where it was. Messages then come at least once, in one process at a time. Without a name it starts at now.
   */
  name?: string
  /** Something was missed and can no longer be told. Default: a warning in the log. */
  onGap?: () => void
}

export interface Subscription {
  readonly watcher: string
  readonly name: string | undefined
}

/** What a watcher is, and who listens to it in this process. */
export interface WatcherDetails {
  name: string
  label: string | undefined
  relation: string
  on: string
  triggerColumns: string[]
  extraColumns: string[]
  hasCondition: boolean
  effect: string | undefined
  webhook: string | undefined
  revalidate: readonly string[]
  subscriptions: number
  /** Changes that passed its condition, and messages that ended in an error, since the start. */
  matched: number
  failed: number
  isDebugging: boolean
}

export interface Watchers {
  /**
   * Calls `handler` with each change of the watcher that `selection` wants, committed after this call. Messages about one
   * record come one after the other in the order of its changes; an error is logged and stops nothing.
   * @throws AdminError 'invalid' for a watcher that does not exist or a selection that can never be right
   */
  subscribe<T extends PgTable, Extra extends string = AnyColumn<T>>(
    watcher: WatcherReference<T, Extra>,
    selection: Selection<T, Extra>,
    handler: MessageHandler<MessageOf<T, Extra>>,
    options?: SubscribeOptions,
  ): Promise<Subscription>
  /** Nothing more is told to it; what runs ends by itself. A durable one keeps its place. */
  unsubscribe(subscription: Subscription): Promise<void>
  /** @throws AdminError 'invalid' where there is no such watcher */
  details<T extends PgTable, Extra extends string>(watcher: WatcherReference<T, Extra>): WatcherDetails
  /** Logs each change the watcher matches, with who is told. */
  debug<T extends PgTable, Extra extends string>(watcher: WatcherReference<T, Extra>, isOn: boolean): void
  /** Resolves when everything read so far is handled. */
  idle(): Promise<void>
  close(): Promise<void>
}

export interface WatchersParts {
  feed: Feed
  sql: postgres.Sql
  watchers: readonly ResolvedWatcher[]
  codec: Codec
  log: Logger
  /** How many handlers run at once. Default 10. */
  concurrency?: number
  durable?: Partial<DurableParts['settings']>
}

interface Own extends Subscription {
  resolved: ResolvedWatcher
  wanted: Wanted
  handler: MessageHandler
  since: Cursor | undefined
  isOver: boolean
  onGap: (() => void) | undefined
  durable: RunningDurable | undefined
}

/** A stretch of the log still to be told: its changes, or only its ends where they were too many to keep. */
interface Stretch {
  from: Cursor
  to: Cursor
  changes: readonly FeedChange[] | undefined
}

/** Above this many waiting changes, stretches are read again from the log when their turn comes. */
const MOST_KEPT = 5_000
/** Messages waiting for their handlers before the log is read on. */
const MOST_PENDING = 1_000

/** Tells this process's subscribers what they asked for, at their own pace: memory stays flat however slow they are. */
export function createWatchers(parts: WatchersParts): Watchers {
  const { feed, sql, codec, log, watchers } = parts
  const subscriptions = new Set<Own>()
  const counts = new Map(watchers.map((one) => [one, { matched: 0, failed: 0 }]))
  const debugging = new Set<ResolvedWatcher>()
  const lanes = createLanes(parts.concurrency ?? 10, MOST_PENDING)
  const handlerIds = new Map<MessageHandler, number>()
  const holder = crypto.randomUUID()
  let stretches: Stretch[] = []
  let pumping: Promise<void> | undefined
  let stopFeed: Promise<() => void> | undefined
  let isClosed = false

  const find = (reference: WatcherReference): ResolvedWatcher => {
    const found = watchers.find((one) => isReferred(one, reference))
    if (found) return found
    const names = watchers.map(({ name }) => name)
    const said = nameOf(reference)
    const hint =
      names.length === 0
        ? 'The config declares none.'
        : `Did you mean “${closest(said, names)}”? There are: ${names.join(', ')}.`
    throw new AdminError('invalid', `There is no watcher “${said}”. ${hint}`)
  }

  const failed = (watcher: ResolvedWatcher, error: unknown, facts: object = {}) => {
    counts.get(watcher)!.failed++
    log.error({ err: error, watcher: watcher.name, ...facts }, 'a handler of changes failed')
  }

  /** One call for each handler, however many of its subscriptions want the change. */
  const handlersFor = (match: Match, among: Iterable<Own>) => {
    const wanting = new Map<MessageHandler, Own[]>()
    for (const own of among) {
      if (own.isOver || own.resolved !== match.watcher || !isWanted(own.wanted, match)) continue
      if (own.since && isVisibleIn(match.change.tx, own.since.snapshot)) continue
      const known = wanting.get(own.handler)
      if (known) known.push(own)
      else wanting.set(own.handler, [own])
    }
    return wanting
  }

  const call = async (handler: MessageHandler, owns: readonly Own[], match: Match) => {
    if (owns.every(({ isOver }) => isOver)) return
    try {
      await handler(messageOf(codec, match))
    } catch (error) {
      failed(match.watcher, error, { change: match.change.id, record: match.change.recordId })
    }
  }

  const matched = (match: Match, told: number) => {
    counts.get(match.watcher)!.matched++
    if (debugging.has(match.watcher)) {
      const { id, op, recordId, changed } = match.change
      log.info({ watcher: match.watcher.name, change: id, op, record: recordId, changed, told }, 'watched')
    }
  }

  const tell = async (changes: readonly FeedChange[]) => {
    const among = [...subscriptions].filter(({ durable, isOver }) => !durable && !isOver)
    const wanted = [...new Set(among.map(({ resolved }) => resolved))]
    for (const match of await patiently(() => matchesOf(sql, codec, changes, wanted, failed))) {
      const handlers = handlersFor(match, among)
      matched(match, handlers.size)
      for (const [handler, owns] of handlers) {
        const record = `${handlerIds.get(handler)} ${match.change.relation} ${match.change.recordId}`
        lanes.add(record, () => call(handler, owns, match))
      }
      await lanes.room()
    }
  }

  const tellStretch = async ({ from, to, changes }: Stretch) => {
    if (changes) return tell(changes)
    let after: string | undefined
    do {
      const page = await patiently(() => readPage(sql, from, to, after))
      await tell(page.changes)
      after = page.after
    } while (after !== undefined && !isClosed)
  }

  /** A database that is away comes back; what was to be read is still there then. */
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let waitMs = 100; ; waitMs = Math.min(5000, waitMs * 2)) {
      try {
        return await work()
      } catch (error) {
        if (isClosed || !isTransient(error)) throw error
        log.warn({ err: error }, 'changes could not be read; trying until they can')
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }

  const pump = async () => {
    while (stretches.length > 0 && !isClosed) {
      const stretch = stretches.shift()!
      await tellStretch(stretch).catch((error) => log.error({ err: error }, 'changes could not be told'))
    }
    pumping = undefined
  }

  const receive = (batch: Batch) => {
    const from = parseCursor(batch.from)
    const to = parseCursor(batch.cursor)
    if (batch.isGap || !from || !to) {
      for (const own of subscriptions) if (!own.durable) tellGap(own)
      return
    }
    const touched = new Set([...batch.changes, ...batch.many].map(({ relation }) => relation))
    for (const { durable, resolved } of subscriptions) if (touched.has(resolved.shape.relation)) durable?.wake()
    const wanted = followed()
    const changes = batch.changes.filter(({ relation }) => wanted.has(relation))
    const isMuch = batch.many.some(({ relation }) => wanted.has(relation))
    if (changes.length === 0 && !isMuch) return
    stretches.push({ from, to, changes: isMuch ? undefined : changes })
    const kept = stretches.reduce((sum, { changes }) => sum + (changes?.length ?? 0), 0)
    if (kept > MOST_KEPT) stretches = [{ from: stretches[0]!.from, to, changes: undefined }]
    pumping ??= pump()
  }

  /** Relations of which some subscription wants each change. Durable ones read the log themselves. */
  const followed = () =>
    new Set([...subscriptions].filter(({ durable }) => !durable).map(({ resolved }) => resolved.shape.relation))

  const tellGap = ({ onGap, resolved }: Own) => {
    if (onGap) onGap()
    else log.warn({ watcher: resolved.name }, 'changes were missed that can no longer be told')
  }

  return {
    async subscribe(reference, selection, handler, { name, onGap } = {}) {
      if (isClosed) throw new AdminError('unavailable', 'The watchers are closed.')
      if (typeof handler !== 'function') throw new AdminError('invalid', 'A subscription needs a function to call.')
      const resolved = find(reference as WatcherReference)
      const wanted = await readSelection(sql, codec, resolved, selection)
      if (name !== undefined && [...subscriptions].some((own) => own.name === name)) {
        throw new AdminError('invalid', `There is a subscription named “${name}” in this process already.`)
      }
      stopFeed ??= feed.subscribe(receive, { each: () => [...followed()] })
      await stopFeed
      const own: Own = {
        watcher: resolved.name,
        name,
        resolved,
        wanted,
        handler: handler as MessageHandler,
        since: name === undefined ? parseCursor(await feed.position()) : undefined,
        isOver: false,
        onGap,
        durable: undefined,
      }
      if (!handlerIds.has(own.handler)) handlerIds.set(own.handler, handlerIds.size)
      if (name !== undefined) {
        const ownLanes = createLanes(parts.concurrency ?? 10, MOST_PENDING)
        own.durable = await runDurable({
          sql,
          log,
          name,
          holder,
          settings: { leaseMs: 30_000, pollMs: 1000, ...parts.durable },
          onGap: () => tellGap(own),
          async handle(changes) {
            const matches = await matchesOf(sql, codec, changes, [resolved], failed)
            const told = matches.filter((match) => isWanted(wanted, match))
            for (const match of told) {
              matched(match, 1)
              ownLanes.add(`${match.change.recordId}`, () => call(own.handler, [own], match))
            }
            await ownLanes.idle()
            return told.length
          },
        })
      }
      subscriptions.add(own)
      return own
    },
    async unsubscribe(subscription) {
      const own = subscription as Own
      own.isOver = true
      subscriptions.delete(own)
      await own.durable?.stop()
    },
    details(reference) {
      const found = find(reference as WatcherReference)
      const { name, label, shape, on, trigger, extra, when, effect, webhook, revalidate } = found
      return {
        name,
        label,
        relation: shape.relation,
        on,
        triggerColumns: trigger.map(({ field }) => field),
        extraColumns: extra.map(({ field }) => field),
        hasCondition: when !== undefined,
        effect: effect?.kind,
        webhook: webhook?.url,
        revalidate,
        subscriptions: [...subscriptions].filter(({ resolved }) => resolved === found).length,
        ...counts.get(found)!,
        isDebugging: debugging.has(found),
      }
    },
    debug(reference, isOn) {
      const found = find(reference as WatcherReference)
      if (isOn) debugging.add(found)
      else debugging.delete(found)
    },
    async idle() {
      await pumping
      await lanes.idle()
    },
    async close() {
      isClosed = true
      await stopFeed?.then(
        (stop) => stop(),
        () => {},
      )
      await Promise.all([...subscriptions].map(({ durable }) => durable?.stop()))
      await pumping
      for (const own of subscriptions) own.isOver = true
      await lanes.idle()
      subscriptions.clear()
    },
  }
}

function isReferred(watcher: ResolvedWatcher, reference: WatcherReference): boolean {
  if (typeof reference === 'string') return watcher.label === reference || watcher.name === reference
  if ('resource' in reference) {
    return (
      watcher.on === reference.op &&
      watcher.shape.relation === describeRelation(reference.resource).relation &&
      !watcher.label
    )
  }
  const { label, on } = reference.options
  return label === undefined
    ? watcher.label === undefined &&
        watcher.on === on &&
        watcher.shape.relation === describeRelation(reference.table).relation
    : watcher.label === label
}

function nameOf(reference: WatcherReference): string {
  if (typeof reference === 'string') return reference
  if ('resource' in reference) return `${describeRelation(reference.resource).relation} ${reference.op}`
  return reference.options.label ?? `${describeRelation(reference.table).relation} ${reference.options.on}`
}
