import { respondError } from '@/app/respond'
import { assertActor } from '@/lib/auth/request'
import { getRuntime } from '@/lib/runtime'

/**
 * What changes, as server-sent events, for as long as the session lasts. `Last-Event-ID` or `?since=` is where to go on;
 * an id that says nothing any more is answered by `reload`.
 */
export async function GET(request: Request): Promise<Response> {
  try {
    const runtime = await getRuntime()
    const { sessionId } = await assertActor(runtime)
    const since = request.headers.get('last-event-id') || new URL(request.url).searchParams.get('since') || undefined
    return new Response(await runtime.hub.open(sessionId, { since, signal: request.signal }), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        // No proxy may keep or compress it: either would hold events back.
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        // A connection kept after the stream has ended would keep a stopping process.
        connection: 'close',
      },
    })
  } catch (error) {
    return respondError(error)
  }
}
