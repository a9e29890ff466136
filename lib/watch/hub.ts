import type { Logger } from 'pino'
import type postgres from 'postgres'
import { AdminError } from '@/lib/errors'
import type { Batch, Feed } from './feed'
import { type Company, companyOf } from './presence'
import { createStream, type Stream } from './stream'

/** What is told of changes: never values. */
export interface Sight {
  /** The resource in which something changed. Where nothing else is said, it is to be looked at anew. */
  resource: string
  id?: string
  op?: 'insert' | 'update' | 'delete'
  /** What the changed fields are called, of those the person may read. */
  fields?: string[]
  who?: string
  source?: string
  /** Of the person's own changes: the request that made them, so that the page that asked for it is not told of itself. */
  request?: string
}

/** Somebody who follows along. */
export interface Viewer {
  /** Viewers with equal keys see the same. */
  key: string
  /** What of a batch they may be told, as of now. */
  see(batch: Batch): Promise<readonly Sight[]>
}

/** The people behind sessions, those that are over left out. */
export type FindViewers = (sessions: readonly string[]) => Promise<ReadonlyMap<string, Viewer>>

export interface HubParts {
  feed: Feed
  findViewers: FindViewers
  /** Reads who else is on a record. */
  sql: postgres.Sql
  log: Logger
  /** Default 20,000. */
  heartbeatMs?: number
  /** How long a session that is over may go on hearing. Default 5,000. */
  checkMs?: number
  /** How long the log may not be readable before browsers are told so. Default 2,000. */
  awayMs?: number
  /** How often it is looked who else is on a record. Default 2,000. */
  companyMs?: number
  /** Default 12. */
  maxPerSession?: number
  /** Default 2,000. */
  maxStreams?: number
  /** What may wait for a client that reads slowly, in bytes. Default 64 KiB. */
  maxWaiting?: number
}

export interface HubState {
  streams: number
  /** Sessions that follow, which is browsers. */
  sessions: number
  /** Streams ended because their client read too slowly. */
  dropped: number
}

/** Tells browsers what changes, as server-sent events. */
export interface Hub {
  /**
   * Opens a stream. Events: `hello`, `changes` (a list of `Sight`), `reload` (something was missed: look at everything
   * anew), `beat`, `company` (who else is on the records this browser shows), `away` and `back` (the database) and `end`
   * (with the reason) before the hub closes it. Each has the id to go on from.
   * @param options.since the id of the last event heard
   * @throws AdminError `unauthenticated`, `rate_limited` beyond the session's share, `unavailable`
   */
  open(session: string, options?: { since?: string; signal?: AbortSignal }): Promise<ReadableStream<Uint8Array>>
  /** Looks at once who is on which record, and tells those who are together. */
  tellCompany(): Promise<void>
  state(): HubState
  /** Ends every stream and refuses further ones. */
  close(): void
}

/** How often it is looked whether the log can still be read. */
const LOOK_MS = 500

/** Batches that may wait while the rights are asked. Beyond, everybody is told to look anew. */
const MOST_WAITING = 200

/** Of many changes browsers are told that there were many. */
const none = () => []

/** One hub per process. Nothing runs until somebody opens a stream. */
export function createHub(parts: HubParts): Hub {
  const {
    feed,
    findViewers,
    sql,
    log,
    heartbeatMs = 20_000,
    checkMs = 5_000,
    companyMs = 2_000,
    awayMs = 2_000,
  } = parts
  const { maxPerSession = 12, maxStreams = 2_000, maxWaiting = 64 * 1024 } = parts
  const streams = new Set<Stream>()
  const viewers = new Map<string, Viewer>()
  /** What each session knows of others on its records. */
  const companies = new Map<string, string>()
  const waiting: Batch[] = []
  let joined: Promise<void> | undefined
  let _working: Promise<void> | undefined
  let cursor: string | undefined
  let timers: NodeJS.Timeout[] = []
  let dropped = 0
  let isClosed = false
  let isAway = false

  const sessions = () => [...new Set([...streams].map(({ session }) => session))]

  const leave = (stream: Stream) => {
    streams.delete(stream)
    if (of(stream.session).length === 0) {
      viewers.delete(stream.session)
      companies.delete(stream.session)
    }
    if (streams.size > 0) return
    for (const timer of timers) clearInterval(timer)
    timers = []
  }

  /** Asks anew who is who: ends the streams of sessions that are over, and takes over changed rights. */
  const check = async () => {
    const asked = sessions()
    if (asked.length === 0) return
    const found = await findViewers(asked)
    for (const session of asked) {
      const viewer = found.get(session)
      if (viewer) viewers.set(session, viewer)
      else for (const stream of of(session)) stream.end('signed out')
    }
  }

  const of = (session: string) => [...streams].filter((stream) => stream.session === session)

  const tellCompany = async () => {
    const asked = sessions()
    if (asked.length === 0) return
    const found = await companyOf(sql, asked)
    for (const session of asked) {
      const company: Company[] = found.get(session) ?? []
      const text = JSON.stringify(company)
      if (text === (companies.get(session) ?? '[]')) continue
      companies.set(session, text)
      for (const stream of of(session)) stream.send('company', company)
    }
  }

  const checkSoon = () => void check().catch((error) => log.warn({ err: error }, 'sessions could not be checked'))

  /** Tells when what changes cannot be read any more, and when it can again: what was missed comes by itself. */
  const tellReach = () => {
    const isLate = feed.state().lagSeconds * 1000 > awayMs
    if (isLate === isAway) return
    isAway = isLate
    for (const stream of [...streams]) stream.send(isAway ? 'away' : 'back', {})
  }

  /** While the database is away, that is told once and for all by what watches the log. */
  const tellCompanySoon = () =>
    void tellCompany().catch((error) => isAway || log.warn({ err: error }, 'who else is here could not be found out'))

  const startTimers = () => {
    if (timers.length > 0) return
    timers = [
      setInterval(() => {
        for (const stream of [...streams]) stream.send('beat', {}, cursor)
      }, heartbeatMs),
      setInterval(tellReach, LOOK_MS),
      setInterval(checkSoon, checkMs),
      setInterval(tellCompanySoon, companyMs),
    ]
    for (const timer of timers) timer.unref()
  }

  /** What a viewer may be told of a batch, as the event to send. */
  const eventFor = async (viewer: Viewer, batch: Batch): Promise<[string, unknown] | undefined> => {
    if (batch.isGap) return ['reload', {}]
    try {
      const sights = await viewer.see(batch)
      return sights.length > 0 ? ['changes', sights] : undefined
    } catch (error) {
      log.warn({ err: error }, 'what somebody may be told could not be found out')
      return ['reload', {}]
    }
  }

  const spread = async (batch: Batch) => {
    // Rights may have changed with it.
    if ([...batch.changes, ...batch.many].some(({ relation }) => relation === 'kontor.users')) await check()
    const made = new Map<string, Promise<[string, unknown] | undefined>>()
    await Promise.all(
      [...streams].map(async (stream) => {
        const viewer = viewers.get(stream.session)
        if (!viewer) return
        const event = made.get(viewer.key) ?? eventFor(viewer, batch)
        made.set(viewer.key, event)
        const ready = await event
        // Who was signed out in the meantime is told nothing more.
        if (ready && viewers.has(stream.session)) stream.sendFrom(batch.cursor, ...ready)
      }),
    )
    cursor = batch.cursor
  }

  const work = async () => {
    for (let batch = waiting.shift(); batch && !isClosed; batch = waiting.shift()) {
      await spread(batch).catch((error) => log.error({ err: error }, 'a change could not be told'))
    }
    _working = undefined
  }

  const take = (batch: Batch) => {
    if (streams.size === 0) {
      cursor = batch.cursor
      return
    }
    if (waiting.length >= MOST_WAITING) {
      waiting.length = 0
      waiting.push({ ...batch, changes: [], many: [], isGap: true })
    } else waiting.push(batch)
    _working ??= work()
  }

  const join = () => {
    joined ??= feed.subscribe(take, { each: none }).then(
      () => {},
      (error: unknown) => {
        joined = undefined
        throw error
      },
    )
    return joined
  }

  /** Sends what came between an event and now. @returns where that ended */
  const catchUp = async (stream: Stream, since: string) => {
    const missed: Batch[] = []
    const stop = await feed.subscribe((batch) => missed.push(batch), { since, each: none })
    stop()
    const viewer = viewers.get(stream.session)
    for (const batch of missed) {
      const event = viewer && (await eventFor(viewer, batch))
      if (event) stream.sendAhead(...event, batch.cursor)
    }
    return missed.at(-1)?.cursor ?? since
  }

  /** Not asynchronous: of many requests at once each counts those before it. */
  const admit = (session: string): void => {
    if (isClosed) throw new AdminError('unavailable', 'The site is stopping. Try again in a moment.')
    if (streams.size >= maxStreams) throw new AdminError('unavailable', 'Too many pages follow along just now.')
    if (of(session).length >= maxPerSession) {
      throw new AdminError('rate_limited', `At most ${maxPerSession} streams may be open in one session.`)
    }
  }

  return {
    async open(session, { since, signal } = {}) {
      admit(session)
      const stream = createStream({ session, maxWaiting, onEnd: leave, onSlow: () => dropped++ })
      // From here on it counts, and holds what comes.
      streams.add(stream)
      signal?.addEventListener('abort', () => stream.end())
      try {
        const viewer = (await findViewers([session])).get(session)
        if (!viewer) throw new AdminError('unauthenticated', 'You are not signed in any more. Sign in and try again.')
        viewers.set(session, viewer)
        await join()
        const begin = since ? undefined : await feed.position()
        stream.sendAhead('hello', {}, begin)
        stream.release(since ? await catchUp(stream, since) : begin)
        startTimers()
        if (signal?.aborted || isClosed) stream.end('restart')
      } catch (error) {
        stream.end()
        throw error
      }
      return stream.body
    },
    tellCompany,
    state: () => ({ streams: streams.size, sessions: sessions().length, dropped }),
    close() {
      isClosed = true
      for (const stream of [...streams]) stream.end('restart')
    },
  }
}
