import { receiveEffect } from '@/lib/effects'
import { endpointParts } from './parts'

/** Takes effects from other programs, from Hasura's event triggers, and from our own pages. */
export async function POST(request: Request): Promise<Response> {
  return receiveEffect(request, await endpointParts())
}

// Told apart inside, with what is allowed instead.
export { POST as DELETE, POST as GET, POST as OPTIONS, POST as PATCH, POST as PUT }
