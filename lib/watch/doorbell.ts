import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import postgres from 'postgres'
import { deferred } from './deferred'
import { askForQuiet, endQuiet, QUIET_CHANNEL } from './quiet'

export interface DoorbellOptions {
  /** Past a pooler that shares sessions: LISTEN belongs to one. */
  url: string
  channel: string
  /** Somebody rang. */
  onRing: () => void
  /** Somebody asked for quiet: rings may not come. */
  onQuiet: () => void
  /** The connection is there, for the first time or again. What came before was not heard. */
  onOpen: () => void
  log: Logger
  /** How often the connection is asked for a sign of life, and how long it may take. Default 10,000: half-open ones are found within 20 s. */
  heartbeatMs?: number
}

export interface Doorbell {
  /** Whether rings reach us now. */
  isOpen(): boolean
  /** Nobody is to ring from now on. @returns whether that was achieved; a lost connection ends it */
  askForQuiet(): Promise<boolean>
  endQuiet(): Promise<void>
  /** Connections lost since the start. */
  losses(): number
  close(): Promise<void>
}

const LONGEST_WAIT_MS = 15_000

/** One LISTEN connection, kept for as long as the process wants it: what it misses while it is away, the poll finds. */
export function openDoorbell(options: DoorbellOptions): Doorbell {
  const { url, channel, onRing, onQuiet, onOpen, log, heartbeatMs = 10_000 } = options
  const ended = new AbortController()
  /** The connection, while it listens. */
  let session: postgres.Sql | undefined
  let losses = 0

  const once = async (onListening: () => void) => {
    const lost = deferred()
    // `onnotify` and `onclose` are what postgres.js's own listen() stands on; that one cannot tell a half-open connection.
    const options = {
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      connect_timeout: 10,
      onnotice: () => {},
      connection: { application_name: 'kontor feed' },
      onnotify: (heard: string) => (heard === QUIET_CHANNEL ? onQuiet() : onRing()),
      onclose: () => lost.reject(new Error('The connection was closed.')),
    }
    const sql = postgres(url, options as postgres.Options<Record<string, never>>)
    const over = new AbortController()
    const abandon = () => lost.reject(new Error('The doorbell is closed.'))
    ended.signal.addEventListener('abort', abandon, { once: true })
    try {
      await Promise.race([sql.unsafe(`listen "${channel}"; listen ${QUIET_CHANNEL}`), lost.promise])
      session = sql
      onListening()
      onOpen()
      for (;;) {
        await Promise.race([sleep(heartbeatMs, undefined, { signal: over.signal }).catch(() => {}), lost.promise])
        const late = setTimeout(() => lost.reject(new Error('The connection does not answer.')), heartbeatMs)
        await Promise.race([sql.unsafe('select 1'), lost.promise]).finally(() => clearTimeout(late))
      }
    } finally {
      session = undefined
      over.abort()
      ended.signal.removeEventListener('abort', abandon)
      await sql.end({ timeout: 0 }).catch(() => {})
    }
  }

  const run = async () => {
    for (let attempt = 0; !ended.signal.aborted; attempt++) {
      try {
        await once(() => {
          attempt = 0
        })
      } catch (error) {
        if (ended.signal.aborted) return
        losses++
        log.warn({ err: error, attempt }, 'the feed does not hear the doorbell; it polls until it does')
      }
      const waitMs = Math.min(LONGEST_WAIT_MS, 50 * 2 ** attempt) * (0.5 + Math.random())
      await sleep(waitMs, undefined, { signal: ended.signal }).catch(() => {})
    }
  }
  const running = run()

  return {
    isOpen: () => session !== undefined,
    askForQuiet: async () => session !== undefined && askForQuiet(session),
    endQuiet: async () => {
      if (session) await endQuiet(session)
    },
    losses: () => losses,
    async close() {
      ended.abort(new Error('closed'))
      await running
    },
  }
}
