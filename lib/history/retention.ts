import type postgres from 'postgres'
import { isMalformedValue } from '@/lib/db/postgres-errors'
import { AdminError } from '@/lib/errors'
import { literal, quote } from './literal'
import { type Month, monthsOf, type UpkeepBy, withUpkeep } from './upkeep'

export interface RetentionOptions extends UpkeepBy {
  /** Months that end at or before this moment go. Anything Postgres reads as a timestamptz. */
  before: string
  /** Drop the detached tables. Default false: they stay in schema kontor, apart from the log, to be archived. */
  drop?: boolean
}

export interface RetentionReport {
  /** Detached partitions, by table name in schema kontor. */
  detached: { partition: string; rows: number }[]
}

/**
 * Lets old months go by detaching their partitions. Only sealed months go; afterwards the chain of seals starts at the
 * last one that is gone, whose digest the recorded retention keeps.
 * @throws AdminError 'invalid' for a moment that is none or lies in the future; 'conflict' where rows are not sealed yet
 */
export async function retainHistory(owner: postgres.Sql, options: RetentionOptions): Promise<RetentionReport> {
  const [cut] = await owner<{ at: string; future: boolean }[]>`
    select t.at::text as at, t.at > now() as future from (select ${options.before}::timestamptz as at) as t`.catch(
    (error: unknown) => {
      if (!isMalformedValue(error)) throw error
      throw new AdminError('invalid', `“${options.before.slice(0, 60)}” is not a date such as 2026-01-01.`)
    },
  )
  if (!cut || cut.future) throw new AdminError('invalid', 'Only months that are over can go.')
  const old = (await monthsOf(owner)).filter(({ to }) => to <= cut.at)
  const detached: RetentionReport['detached'] = []
  for (const month of old) detached.push(await detach(owner, month, options))
  return { detached }
}

async function detach(owner: postgres.Sql, month: Month, options: RetentionOptions) {
  const table = `kontor.${quote(month.partition)}`
  return withUpkeep(owner, async (tx) => {
    const [state] = await tx.unsafe<{ rows: number; unsealed: number }[]>(`
      select count(*)::int as rows, (count(*) filter (where last.elsewhere is distinct from false
          or not (c.id <= coalesce(last.floor, 0) or pg_visible_in_snapshot(c.tx, last.snapshot))))::int as unsealed
      from ${table} as c left join (
        select s.snapshot, s.floor, kontor.is_of_other_cluster(s) as elsewhere from kontor.seals as s
        where s.complete order by s.seq desc limit 1) as last on true`)
    if (!state || state.unsealed > 0) {
      throw new AdminError(
        'conflict',
        `${month.partition} has ${state?.unsealed} changes that are not sealed yet. Let the worker seal them first.`,
      )
    }
    await tx.unsafe(`alter table kontor.changes detach partition ${table}`)
    if (options.drop) await tx.unsafe(`drop table ${table}`)
    await tx.unsafe(
      `update kontor.seals set leaves = null where month = ${literal(month.from)}::timestamptz::date and leaves is not null`,
    )
    const anchor = await shortenChain(tx)
    await tx`insert into kontor.upkeep (kind, actor, reason, details) values ('retention', ${options.actor}, ${options.reason},
      ${JSON.stringify({ partition: month.partition, from: month.from, before: month.to, rows: state.rows, dropped: options.drop ?? false, anchor })})`
    return { partition: month.partition, rows: state.rows }
  })
}

/** Removes the seals before the last of those at the chain's beginning whose rows are all gone, and returns that one. */
async function shortenChain(tx: postgres.ISql): Promise<{ seq: string; digest: string } | null> {
  const [anchor] = await tx<{ seq: string; digest: string }[]>`
    select seq::text as seq, encode(digest, 'hex') as digest from kontor.seals as s
    where s.leaves is null and s.seq < coalesce((select min(seq) from kontor.seals where leaves is not null), (select max(seq) + 1 from kontor.seals))
    order by s.seq desc limit 1`
  if (!anchor) return null
  await tx`delete from kontor.seals where seq < ${anchor.seq}`
  return anchor
}
