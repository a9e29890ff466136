import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Set by us alone: whatever a client sends under this name is overwritten. */
const HEADER = 'x-kontor-client-address'

const STARTED = 'http.server.request.start'

/**
 * Notes on every request this process receives which address it came from. Next hands pages only headers, and leaves
 * an `X-Forwarded-For` a client made up as it is; here the socket itself is asked, before anything else sees the request.
 * Called once at start. With no trusted proxy the forwarded header is dropped, so that nothing believes it by accident.
 * @param trustedProxies how many proxies of ours stand in front, each appending to `X-Forwarded-For`
 * @returns stops noting
 */
export function noteClientAddresses(trustedProxies = 0): () => void {
  const note = (message: unknown) => {
    const { request } = message as { request: IncomingMessage }
    const forwarded = headerText(request.headers['x-forwarded-for'])
    const address = pickAddress(forwarded, request.socket.remoteAddress, trustedProxies)
    if (trustedProxies === 0) delete request.headers['x-forwarded-for']
    delete request.headers[HEADER]
    if (address) request.headers[HEADER] = address
  }
  subscribe(STARTED, note)
  return () => unsubscribe(STARTED, note)
}

/**
 * The first address from the right that is not one of our proxies. What stands further left was written by the client
 * and proves nothing.
 */
export function pickAddress(
  forwarded: string | undefined,
  socket: string | undefined,
  trustedProxies: number,
): string | undefined {
  const chain = [...(forwarded ?? '').split(',').map((part) => part.trim()), socket ?? ''].filter(Boolean)
  const found = chain[Math.max(0, chain.length - 1 - trustedProxies)]
  const plain = found?.replace(/^::ffff:/, '')
  return plain && isIP(plain) ? plain : undefined
}

/** The client's address as `noteClientAddresses` found it; undefined where nobody noted it. */
export function clientAddress(headers: Headers): string | undefined {
  return headers.get(HEADER) ?? undefined
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value
}
