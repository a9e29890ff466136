export const dynamic = 'force-dynamic'

/** Whether this process answers at all: for a supervisor that would restart it otherwise. Asks nothing else. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } })
}
