export interface ServerEvent {
  event: string
  id?: string
  data: unknown
}

/** Reads server-sent events until the stream ends. @param onBytes called at every sign of life */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: ServerEvent) => void,
  onBytes: () => void,
): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    onBytes()
    const blocks = (rest + decoder.decode(part.value, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) onEvent(parse(block))
  }
}

function parse(block: string): ServerEvent {
  const lines = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 2)]
    }),
  )
  return { event: lines.get('event') ?? '', id: lines.get('id'), data: JSON.parse(lines.get('data') ?? 'null') }
}
