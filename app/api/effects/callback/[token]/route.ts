import { receiveCallback } from '@/lib/effects'
import { callbackParts } from '../../parts'

interface Context {
  params: Promise<{ token: string }>
}

/** Completes the effect that was left to whoever holds this address. */
export async function POST(request: Request, { params }: Context): Promise<Response> {
  return receiveCallback(request, (await params).token, await callbackParts())
}

// Told apart inside: following a link must complete nothing.
export { POST as DELETE, POST as GET, POST as OPTIONS, POST as PATCH, POST as PUT }
