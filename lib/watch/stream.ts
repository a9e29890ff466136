import { isBehind, parseCursor, type Snapshot } from './cursor'

export interface Stream {
  readonly session: string
  readonly body: ReadableStream<Uint8Array>
  /** Sends an event, or keeps it until `release`. A client that has too much unread is told to reload, and dropped. */
  send(event: string, data: unknown, id?: string): void
  /** Sends before anything that is kept. */
  sendAhead(event: string, data: unknown, id?: string): void
  /** The same for what happened up to `cursor`, which is its id: left out where the stream is past that. */
  sendFrom(cursor: string, event: string, data: unknown): void
  /** From now on events go out at once. @param past cursor up to which everything has been sent */
  release(past?: string): void
  /** Closes it, after saying why. */
  end(because?: string): void
}

interface StreamParts {
  session: string
  maxWaiting: number
  onEnd(stream: Stream): void
  onSlow(): void
}

const encoder = new TextEncoder()

const eventText = (event: string, data: unknown, id?: string) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** One client's server-sent events. What it has not read yet is bounded. */
export function createStream({ session, maxWaiting, onEnd, onSlow }: StreamParts): Stream {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let held: { text: string; cursor?: string }[] | undefined = []
  let past: Snapshot | undefined
  let heldSize = 0

  const body = new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own
      },
      cancel() {
        controller = undefined
        onEnd(stream)
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxWaiting }),
  )

  const drop = () => {
    onSlow()
    close(eventText('reload', { because: 'slow' }))
  }

  const close = (last?: string) => {
    const ending = controller
    if (!ending) return
    controller = undefined
    held = undefined
    if (last !== undefined) ending.enqueue(encoder.encode(last))
    ending.close()
    onEnd(stream)
  }

  const put = (text: string) => {
    if (!controller) return
    const bytes = encoder.encode(text)
    if (bytes.length > (controller.desiredSize ?? 0)) drop()
    else controller.enqueue(bytes)
  }

  const isPast = (cursor: string | undefined) => {
    const own = past && cursor !== undefined ? parseCursor(cursor)?.snapshot : undefined
    return own !== undefined && past !== undefined && isBehind(own, past)
  }

  const putOrHold = (text: string, cursor?: string) => {
    if (held) {
      heldSize += text.length
      if (heldSize > maxWaiting) drop()
      else held.push({ text, cursor })
    } else if (!isPast(cursor)) put(text)
  }

  const stream: Stream = {
    session,
    body,
    send: (event, data, id) => putOrHold(eventText(event, data, id)),
    sendFrom: (cursor, event, data) => putOrHold(eventText(event, data, cursor), cursor),
    sendAhead: (event, data, id) => put(eventText(event, data, id)),
    release(upTo) {
      const kept = held ?? []
      held = undefined
      past = upTo === undefined ? undefined : parseCursor(upTo)?.snapshot
      for (const { text, cursor } of kept) if (!isPast(cursor)) put(text)
    },
    end: (because) => close(because === undefined ? undefined : eventText('end', { because })),
  }
  return stream
}
