import { type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../context'

/** What the planner expects of `fromWhere` (FROM … WHERE …), the cost in its own units: no row is read. */
export async function planned(db: RequestContext['db'], fromWhere: SQL): Promise<{ rows: number; cost: number }> {
  const rows = await db.execute<Record<string, unknown>>(sql`explain (format json) select 1 ${fromWhere}`)
  const answer = rows[0]?.['QUERY PLAN']
  const plans = (typeof answer === 'string' ? JSON.parse(answer) : answer) as
    | { Plan?: { 'Plan Rows'?: number; 'Total Cost'?: number } }[]
    | undefined
  const plan = plans?.[0]?.Plan
  return { rows: plan?.['Plan Rows'] ?? 0, cost: plan?.['Total Cost'] ?? Number.POSITIVE_INFINITY }
}

/** How many rows it expects. */
export const plannedRows = async (db: RequestContext['db'], fromWhere: SQL): Promise<number> =>
  (await planned(db, fromWhere)).rows
