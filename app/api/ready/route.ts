import { sql } from 'drizzle-orm'
import { getRuntime } from '@/lib/runtime'

/** Nothing here is read at build time: the answer is the database's, now. */
export const dynamic = 'force-dynamic'

/** Whether this process can serve people: the database answers and has Kontor's schema. 503 otherwise. */
export async function GET(): Promise<Response> {
  const headers = { 'cache-control': 'no-store' }
  try {
    const { db } = await getRuntime()
    const [row] = await db.orm.execute<{ migrated: boolean }>(
      sql`select to_regclass('kontor.migrations') is not null as migrated`,
    )
    if (row?.migrated) return Response.json({ status: 'ready' }, { headers })
    return Response.json({ status: 'not_migrated', message: 'Run: npm run migrate' }, { status: 503, headers })
  } catch {
    return Response.json(
      { status: 'unavailable', message: 'The database cannot be reached.' },
      { status: 503, headers },
    )
  }
}
