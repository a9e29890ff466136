import { sql } from 'drizzle-orm'
import { keep } from '@/lib/db/kept'
import type { RequestContext } from './context'

/**
 * Rows the planner believes each table has, by 'schema.table'; absent where it never looked. Its own numbers
 * (`reltuples`) are as old as the last ANALYZE, so a few seconds more do not matter.
 */
export const rowEstimates = keep({
  ms: 5_000,
  load: async (db: RequestContext['db']): Promise<ReadonlyMap<string, number>> => {
    const rows = await db.execute<{ relation: string; rows: number }>(sql`
      select n.nspname || '.' || c.relname as relation, c.reltuples as rows
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and c.reltuples >= 0
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`)
    return new Map(rows.map((row) => [row.relation, row.rows]))
  },
})
