import type { Logger } from 'pino'
import type postgres from 'postgres'
import { type Handler, type Handlers, isLimited } from '../handler'
import type { Carrier, Offer } from '../queue/carrier'
import { type Offered, offerDue, offerLimited, readSignals, withdrawOffers } from './offer'
import { SUSPECT_CRASHES } from './reconcile'

export interface DispatcherParts {
  sql: postgres.Sql
  carrier: Carrier
  handlers: Handlers
  log: Logger
  /** How many offers to keep waiting for the workers: enough that none is idle, few enough that priorities count. */
  depth: number
  /** An offer nobody took within this is made again. */
  offerMs: number
  /** Looks at the table at least this often: the net under the doorbell. */
  pollMs: number
  /** How many ids of the kind one offer may carry: many where handlers are quick. */
  batchSize(kind: string): number
}

export interface Dispatcher {
  /** Something may be due. */
  ring(): void
  /** Somebody took an offer: there may be room for what did not fit before. */
  refill(): void
  stop(): Promise<void>
}

/** Waits after a ring while writers are open: their own ring may have been swallowed by the one that woke us. */
const ECHOES_MS = [10, 20, 40, 80, 160, 320]

/** Wait before a backlog is looked at again, unless one of our offers was taken before. */
const AGAIN_MS = 50

/** Finds what is due and hands its ids to the carrier. Any number of processes may do so at once. */
export function startDispatcher(parts: DispatcherParts): Dispatcher {
  const { sql, handlers, log } = parts
  const kinds = [...handlers.keys()]
  const priorities = [...new Set([...handlers.values()].map(({ priority }) => priority))]
  let underWay: Promise<void> | undefined
  let isWanted = false
  let isStopped = false
  let isBacklogged = false
  let echo = ECHOES_MS.length
  let timer: NodeJS.Timeout | undefined

  const look = async () => {
    const [signals, waiting] = await Promise.all([readSignals(sql, kinds), parts.carrier.waiting(priorities)])
    const againMs = signals.due.length > 0 ? await offerKinds(parts, signals.due, waiting, priorities) : Infinity
    isBacklogged = againMs < Infinity
    const echoMs = signals.writersOpen ? ECHOES_MS[echo++] : undefined
    return Math.min(parts.pollMs, signals.nextMs ?? Infinity, echoMs ?? Infinity, againMs)
  }

  const run = async () => {
    let waitMs = parts.pollMs
    do {
      isWanted = false
      clearTimeout(timer)
      try {
        waitMs = await look()
      } catch (error) {
        log.warn({ err: error }, 'effects could not be dispatched')
        waitMs = Math.min(1000, parts.pollMs)
      }
    } while (isWanted && !isStopped)
    underWay = undefined
    if (!isStopped) timer = setTimeout(want, Math.max(1, waitMs))
  }

  const want = () => {
    isWanted = true
    if (!underWay && !isStopped) underWay = run()
  }

  want()
  return {
    ring() {
      echo = 0
      want()
    },
    refill() {
      if (isBacklogged) want()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await underWay
    },
  }
}

/**
 * @param waiting how many offers wait at each of `priorities`
 * @returns milliseconds after which what had no room may have some; Infinity where everything had
 */
async function offerKinds(
  parts: DispatcherParts,
  due: readonly string[],
  waiting: readonly number[],
  priorities: readonly number[],
): Promise<number> {
  const { sql, carrier, handlers, log, offerMs } = parts
  const ready = due.flatMap((kind) => handlers.get(kind) ?? [])
  const rooms = ready.map((handler) => {
    // What is as urgent or more stands before it; what is less urgent does not count.
    const before = priorities.reduce((sum, p, index) => (p <= handler.priority ? sum + (waiting[index] ?? 0) : sum), 0)
    return { handler, room: Math.max(0, parts.depth - before) * parts.batchSize(handler.kind) }
  })
  const open = rooms.filter(({ room }) => room > 0)
  const isBounded = ({ handler }: { handler: Handler }) => isLimited(handler)
  const free = open.filter((one) => !isBounded(one)).map(({ handler: { kind }, room }) => ({ kind, room }))
  const offered = (
    await Promise.all([
      free.length > 0 ? offerDue(sql, free, offerMs) : [],
      ...open.filter(isBounded).map(({ handler, room }) => offerLimited(sql, handler, room, offerMs)),
    ])
  ).flat()
  try {
    await carrier.offer(toOffers(offered, handlers, parts.batchSize))
  } catch (error) {
    log.warn({ err: error, effects: offered.length }, 'the queue takes no offers')
    await withdrawOffers(
      sql,
      offered.map(({ id }) => id),
      1000,
    )
    return 1000
  }
  const found = new Map<string, number>()
  for (const { kind } of offered) found.set(kind, (found.get(kind) ?? 0) + 1)
  return Math.min(
    ...rooms.map(({ handler, room }) => {
      if (isLimited(handler)) return limitedAgainMs(handler)
      return (found.get(handler.kind) ?? 0) >= room ? AGAIN_MS : Infinity
    }),
  )
}

/** When a limited kind may have room again, unless one of ours ends before: other workers' ends we are not told of. */
function limitedAgainMs({ rate }: Handler): number {
  return rate ? Math.max(AGAIN_MS, Math.min(1000, rate.perMs / rate.max)) : 5 * AGAIN_MS
}

function toOffers(offered: readonly Offered[], handlers: Handlers, batchSize: (kind: string) => number): Offer[] {
  const byKind = new Map<string, Offered[]>()
  const suspects = offered.filter(({ crashes }) => crashes >= SUSPECT_CRASHES)
  for (const effect of offered) {
    if (effect.crashes >= SUSPECT_CRASHES) continue
    const known = byKind.get(effect.kind)
    if (known) known.push(effect)
    else byKind.set(effect.kind, [effect])
  }
  const offer = (kind: string, batch: readonly Offered[], isSuspect: boolean): Offer => {
    return { kind, ids: batch.map(({ id }) => id), priority: handlers.get(kind)?.priority ?? 100, isSuspect }
  }
  const batches = [...byKind].flatMap(([kind, effects]) => {
    const size = batchSize(kind)
    return Array.from({ length: Math.ceil(effects.length / size) }, (_, index) =>
      offer(kind, effects.slice(index * size, (index + 1) * size), false),
    )
  })
  return [...batches, ...suspects.map((effect) => offer(effect.kind, [effect], true))]
}
