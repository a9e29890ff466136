import { sql } from 'drizzle-orm'
import { keep } from '@/lib/db/kept'
import type { RequestContext } from './context'

export interface RowEstimate {
  /** Rows the table is believed to have; absent where nothing is known of it. */
  rows?: number
  /** What reading all of it costs at most, as far as is known: pages of 8 KiB, and rows whether dead or alive. */
  pages: number
  versions: number
  /** Whether the application's role may read it at all. */
  isReadable: boolean
}

/**
 * What PostgreSQL believes of each table, by 'schema.table', without reading or locking one. The statistics of writes are
 * seconds old but begin anew after a crash; until the table was looked at since, the planner's number is better, which is as
 * old as the last ANALYZE. A partitioned table has what its partitions have.
 */
export const rowEstimates = keep({
  ms: 5_000,
  load: async (db: RequestContext['db']): Promise<ReadonlyMap<string, RowEstimate>> => {
    const rows = await db.execute<
      { relation: string; readable: boolean } & Record<'rows' | 'pages' | 'versions', number>
    >(sql`
      select n.nspname || '.' || c.relname as relation, about.rows, about.pages, about.versions,
        has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select') as readable
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
        select sum(part.relpages)::float8 as pages, sum(live + dead)::float8 as versions,
          sum(case when part.reltuples < 0 then nullif(live, 0) when is_followed then live else part.reltuples end)::float8
            as rows
        from (
          select c.oid, c.reltuples, c.relpages where c.relkind <> 'p'
          union all
          select leaf.oid, leaf.reltuples, leaf.relpages
          from pg_partition_tree(case c.relkind when 'p' then c.oid end) t join pg_class leaf on leaf.oid = t.relid
          where t.isleaf
        ) as part
        cross join lateral (select pg_stat_get_live_tuples(part.oid) as live, pg_stat_get_dead_tuples(part.oid) as dead,
          coalesce(pg_stat_get_last_analyze_time(part.oid), pg_stat_get_last_autoanalyze_time(part.oid),
            pg_stat_get_last_vacuum_time(part.oid), pg_stat_get_last_autovacuum_time(part.oid)) is not null as is_followed
        ) as written
      ) as about
      where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`)
    return new Map(
      rows.map(({ relation, rows, pages, versions, readable }) => [
        relation,
        { rows: rows ?? undefined, pages: pages ?? 0, versions: versions ?? 0, isReadable: readable },
      ]),
    )
  },
})
