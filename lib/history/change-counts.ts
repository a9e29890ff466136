import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { arrayOf } from './filters'

/** Changes read for one answer at most: some hundred milliseconds of work, however long the log is. */
const WINDOW = 500_000

export interface ChangeCounts {
  /** By day of the zone, 'YYYY-MM-DD'; days without changes are missing. */
  days: Map<string, number>
  /** By actor and by 'schema.table'. */
  actors: Map<string, number>
  relations: Map<string, number>
  total: number
  /** Where more changes lie in the time asked for than are read: only those since this moment (Postgres text in UTC) count. */
  since: string | null
}

/**
 * How many changes there were since a moment: by day, by actor, by table.
 * @param relations `schema.table`s that count, as the caller lets the person see them
 * @param zone IANA name: where a day begins
 */
export async function changeCounts(
  db: Executor,
  { relations, from, zone }: { relations: readonly string[]; from: string; zone: string },
): Promise<ChangeCounts> {
  const rows = await db.execute<{ day: string; actor: string; relation: string; n: number }>(sql`
    select c.day::text as day, c.actor, c.relation, count(*)::float8 as n
    from (
      select (w.at at time zone ${zone})::date as day, w.actor, w.relation from (
        select at, actor, relation from kontor.changes where at >= ${from}::timestamptz order by at desc limit ${WINDOW}
      ) as w where w.relation = any(${arrayOf(relations)})
    ) as c group by 1, 2, 3`)
  const by = (name: 'day' | 'actor' | 'relation') => {
    const counts = new Map<string, number>()
    for (const row of rows) counts.set(row[name], (counts.get(row[name]) ?? 0) + row.n)
    return counts
  }
  const days = by('day')
  const total = rows.reduce((sum, { n }) => sum + n, 0)
  const [cut] = await db.execute<{ at: string }>(sql`
    select at::text as at from kontor.changes where at >= ${from}::timestamptz order by at desc offset ${WINDOW} limit 1`)
  return { days, actors: by('actor'), relations: by('relation'), total, since: cut?.at ?? null }
}
