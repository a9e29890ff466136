import type postgres from 'postgres'
import { quote } from './literal'
import { type UpkeepBy, withUpkeep } from './upkeep'

export interface RepairReport {
  /** Months made from rows that had fallen into the default partition. */
  moved: { partition: string; rows: number }[]
}

/**
 * Moves what the default partition caught into partitions of its months, the rows unchanged (their digests stay valid),
 * and records it. Nothing to do is the normal case: the worker adds months ahead of time.
 */
export async function repairHistory(owner: postgres.Sql, by: UpkeepBy): Promise<RepairReport> {
  const months = await owner<{ month: string; partition: string }[]>`
    select distinct date_trunc('month', at at time zone 'UTC')::text as month,
      'changes_' || to_char(at at time zone 'UTC', 'YYYY_MM') as partition
    from kontor.changes_default order by 1`
  const moved: RepairReport['moved'] = []
  for (const { month, partition } of months) {
    const table = `kontor.${quote(await freeName(owner, partition))}`
    const rows = await withUpkeep(owner, async (tx) => {
      await tx.unsafe('lock table kontor.changes in access exclusive mode')
      await tx.unsafe(`create table ${table} (like kontor.changes including defaults)`)
      const result = await tx.unsafe(`
        with gone as (delete from kontor.changes_default
          where at >= '${month}+00' and at < '${month}+00'::timestamptz + interval '1 month' returning *)
        insert into ${table} select * from gone`)
      await tx.unsafe(`create trigger changes_truncate_keep before truncate on ${table}
        for each statement execute function kontor.keep_history()`)
      await tx.unsafe(`alter table kontor.changes attach partition ${table}
        for values from ('${month}+00') to ('${month}+00'::timestamptz + interval '1 month')`)
      await tx`insert into kontor.upkeep (kind, actor, reason, details)
        values ('repair', ${by.actor}, ${by.reason}, ${JSON.stringify({ partition, rows: result.count })})`
      return result.count
    })
    moved.push({ partition, rows })
  }
  return { moved }
}

/** A month that was detached and kept still has its table: the new one gets a number. */
async function freeName(owner: postgres.Sql, partition: string): Promise<string> {
  for (let copy = 1; ; copy++) {
    const name = copy === 1 ? partition : `${partition}_${copy}`
    const [taken] = await owner`select from pg_class where relnamespace = 'kontor'::regnamespace and relname = ${name}`
    if (!taken) return name
  }
}
