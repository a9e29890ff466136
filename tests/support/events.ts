export interface StreamEvent {
  event: string
  id?: string
  data: unknown
}

/** Reads a stream of server-sent events as it comes. */
export function readEvents(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader()
  const events: StreamEvent[] = []
  const wire = { text: '', isDone: false }
  const done = (async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const text = decoder.decode(part.value, { stream: true })
      wire.text += text
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      events.push(...blocks.map(eventOf))
    }
    wire.isDone = true
  })()
  return { events, wire, done, cancel: () => reader.cancel() }
}

function eventOf(block: string): StreamEvent {
  const lines = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  return { event: lines.get('event') ?? '', id: lines.get('id'), data: JSON.parse(lines.get('data') ?? 'null') }
}
