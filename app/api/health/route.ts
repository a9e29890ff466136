/** Whether this process answers at all; says nothing of the database (that is /api/ready). */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } })
}
