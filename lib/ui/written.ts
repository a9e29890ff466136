import { headers } from 'next/headers'
import { after } from 'next/server'
import type { Written } from './use-written'

declare global {
  // Server components and those that draw HTML are bundled apart, each with modules of its own.
  var kontorWritten: Map<string, string> | undefined
}

/** What server components wrote for documents that are being drawn, by its id. */
const shelf = globalThis.kontorWritten ?? new Map<string, string>()
globalThis.kontorWritten = shelf

let count = 0

/**
 * Hands plain markup to a component that calls `useWritten`, the other half of this. A document carries it once, as
 * HTML: React would send it a second time, as the component's property, to a browser that has it already. A page that
 * asks for another has not: there it comes along.
 */
export async function write(markup: string): Promise<Written> {
  // Browsers ask so for documents, and for nothing that the pages of a site ask for themselves.
  const isDocument = (await headers()).get('accept')?.includes('text/html')
  if (!isDocument) return { id: '', markup }
  const id = (++count).toString(36)
  shelf.set(id, markup)
  after(() => void shelf.delete(id))
  return { id }
}
