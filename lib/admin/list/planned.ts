import { type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../context'

/** How many rows the planner expects of `fromWhere` (FROM … WHERE …): no row is read. */
export async function plannedRows(db: RequestContext['db'], fromWhere: SQL): Promise<number> {
  const rows = await db.execute<Record<string, unknown>>(sql`explain (format json) select 1 ${fromWhere}`)
  const answer = rows[0]?.['QUERY PLAN']
  const plans = (typeof answer === 'string' ? JSON.parse(answer) : answer) as
    | { Plan?: { 'Plan Rows'?: number } }[]
    | undefined
  return plans?.[0]?.Plan?.['Plan Rows'] ?? 0
}
