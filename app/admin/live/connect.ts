import { readEvents, type ServerEvent } from './event-reader'

export type LiveState = 'connecting' | 'live' | 'away' | 'reconnecting' | 'offline' | 'signed out'

interface Parts {
  /** Id of the last event that any page heard. */
  lastId(): string | undefined
  onEvent(event: ServerEvent): void
  onState(state: LiveState): void
  signal: AbortSignal
}

/** Longer than the server's beats: whoever is silent for this long is gone. */
const SILENCE_MS = 45_000
const LONGEST_WAIT_MS = 30_000
/** From here on a loss is no short one. */
const OFFLINE_AFTER_MS = 10_000

/** Keeps one stream open, and opens it again whenever it is lost, until it is stopped or the session is over. */
export async function stayConnected({ lastId, onEvent, onState, signal }: Parts): Promise<void> {
  let failures = 0
  let lostAt: number | undefined
  onState('connecting')
  while (!signal.aborted) {
    const onOpen = () => {
      failures = 0
      lostAt = undefined
      onState('live')
    }
    const outcome = await once(lastId(), signal, onEvent, onOpen, () => onState('away'))
    if (signal.aborted) return
    if (outcome === 'signed out') return onState('signed out')
    lostAt ??= performance.now()
    const isLong = performance.now() - lostAt > OFFLINE_AFTER_MS || !navigator.onLine
    onState(isLong ? 'offline' : 'reconnecting')
    await pause(outcome === 'refused' ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures++), signal)
  }
}

/** One connection, to its end. */
async function once(
  since: string | undefined,
  stopping: AbortSignal,
  onEvent: Parts['onEvent'],
  onOpen: () => void,
  onAway: () => void,
): Promise<'lost' | 'refused' | 'signed out'> {
  const silence = new AbortController()
  let timer: number | undefined
  const wait = () => {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => silence.abort(), SILENCE_MS)
  }
  let isOver = false
  try {
    wait()
    const response = await fetch('/api/live', {
      headers: since ? { 'last-event-id': since } : {},
      cache: 'no-store',
      signal: AbortSignal.any([stopping, silence.signal]),
    })
    if (response.status === 401) return 'signed out'
    if (!response.ok || !response.body) return response.status === 429 ? 'refused' : 'lost'
    await readEvents(
      response.body,
      (event) => {
        if (event.event === 'hello' || event.event === 'back') onOpen()
        if (event.event === 'away') onAway()
        if (event.event === 'end') isOver = (event.data as { because: string }).because === 'signed out'
        onEvent(event)
      },
      wait,
    )
  } catch {
    // Lost: the loop goes on.
  } finally {
    window.clearTimeout(timer)
  }
  return isOver ? 'signed out' : 'lost'
}

/** Waits, half of it by chance so that not everybody comes back at once; being online again ends it. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer)
      window.removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = window.setTimeout(done, ms * (0.5 + Math.random() / 2))
    window.addEventListener('online', done)
    signal.addEventListener('abort', done)
  })
}
