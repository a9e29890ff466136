import type { Company, Sight } from '@/lib/watch'
import { type LiveState, stayConnected } from './connect'
import type { ServerEvent } from './event-reader'

export type { LiveState }

/** What a page hears: changes it may be told of, that it missed some, or who else is on the records that this browser shows. */
export type LiveEvent =
  | { kind: 'changes'; sights: readonly Sight[] }
  | { kind: 'reload' }
  | { kind: 'company'; company: readonly Company[] }

/** Between the pages of one browser. */
type Word = { kind: 'event'; event: ServerEvent } | { kind: 'state'; state: LiveState } | { kind: 'ask' }

const NAME = 'kontor-live'

const listeners = new Set<(event: LiveEvent) => void>()
const stateListeners = new Set<() => void>()
let state: LiveState = 'connecting'
let lastId: string | undefined
let running: { stop: AbortController; channel: BroadcastChannel } | undefined

/**
 * Hears what changes in the database, for as long as the page wants to.
 * @returns stops it
 */
export function listen(listener: (event: LiveEvent) => void): () => void {
  start()
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** For useSyncExternalStore: how the connection is. */
export function onLiveState(listener: () => void): () => void {
  start()
  stateListeners.add(listener)
  return () => void stateListeners.delete(listener)
}
export const liveState = (): LiveState => state

/**
 * Of all pages of a browser, the one that holds the lock keeps the connection and passes on what it hears. When it goes,
 * the next one takes over where it was.
 */
function start(): void {
  if (running) return
  const stop = new AbortController()
  const channel = new BroadcastChannel(NAME)
  running = { stop, channel }
  let isLeader = false
  const say = (word: Word) => channel.postMessage(word)

  channel.onmessage = ({ data: word }: MessageEvent<Word>) => {
    if (word.kind === 'event') hear(word.event)
    else if (word.kind === 'state') setState(word.state)
    else if (isLeader) say({ kind: 'state', state })
  }

  const lead = async () => {
    isLeader = true
    await stayConnected({
      lastId: () => lastId,
      signal: stop.signal,
      onEvent: (event) => {
        hear(event)
        say({ kind: 'event', event })
      },
      onState: (next) => {
        setState(next)
        say({ kind: 'state', state: next })
      },
    })
    isLeader = false
  }

  say({ kind: 'ask' })
  // Locks exist on secure addresses only; elsewhere each page has a connection of its own.
  if (navigator.locks) void navigator.locks.request(NAME, { signal: stop.signal }, lead).catch(() => {})
  else void lead()
  window.addEventListener('pagehide', pause, { once: true })
}

function pause(): void {
  running?.stop.abort()
  running?.channel.close()
  running = undefined
  window.addEventListener('pageshow', () => start(), { once: true })
}

function hear({ event, id, data }: ServerEvent): void {
  if (id !== undefined) lastId = id
  if (event === 'changes') spread({ kind: 'changes', sights: data as Sight[] })
  else if (event === 'reload') spread({ kind: 'reload' })
  else if (event === 'company') spread({ kind: 'company', company: data as Company[] })
}

function spread(event: LiveEvent): void {
  for (const listener of [...listeners]) listener(event)
}

function setState(next: LiveState): void {
  if (next === state) return
  state = next
  for (const listener of [...stateListeners]) listener()
}
