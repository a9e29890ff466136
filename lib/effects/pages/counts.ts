import type postgres from 'postgres'
import { EFFECT_STATES, type EffectState } from '../effect'
import { listKinds } from './list'

export interface StateCount {
  count: number
  /** There are more: counting stopped here, so that a page never waits for a million rows. */
  isCapped: boolean
}

/** Counting a state stops here. */
const CAP = 10_000

/** How many effects are in each state, of the given kinds or of all; exact up to ten thousand. */
export async function countStates(
  sql: postgres.Sql,
  kinds?: readonly string[],
): Promise<Record<EffectState, StateCount>> {
  const among = kinds ?? (await listKinds(sql))
  const rows = await sql<{ status: EffectState; count: number }[]>`
    select s.status, c.count::int as count
    from unnest(${EFFECT_STATES as unknown as string[]}::text[]) as s(status)
    cross join lateral (
      select count(*) as count from (
        select from unnest(${among as string[]}::text[]) as k(kind) cross join lateral (
          select from kontor.effects e where e.kind = k.kind and e.status = s.status limit ${CAP + 1}
        ) one limit ${CAP + 1}
      ) counted
    ) c`
  const counted = new Map(rows.map(({ status, count }) => [status, count]))
  return Object.fromEntries(
    EFFECT_STATES.map((state) => {
      const count = counted.get(state) ?? 0
      return [state, { count: Math.min(count, CAP), isCapped: count > CAP }]
    }),
  ) as Record<EffectState, StateCount>
}

/** How many effects requested in the last `days` were given up and are still waiting for somebody to look after them. */
export async function countDead(sql: postgres.Sql, days: number): Promise<StateCount> {
  const [row] = await sql<[{ count: number }]>`
    select count(*)::int as count from (
      select from unnest(${await listKinds(sql)}::text[]) as k(kind) cross join lateral (
        select from kontor.effects e
        where e.kind = k.kind and e.status = 'dead' and e.created_at > now() - ${days} * interval '1 day' limit ${CAP + 1}
      ) one limit ${CAP + 1}
    ) counted`
  return { count: Math.min(row.count, CAP), isCapped: row.count > CAP }
}

/** Seconds the effect that is due longest has been waiting, of kinds there is a handler for; 0 where none is due. */
export async function oldestDueSeconds(sql: postgres.Sql, kinds: readonly string[]): Promise<number> {
  const [row] = await sql<[{ seconds: number | null }]>`
    select extract(epoch from now() - min(due.run_at))::float8 as seconds
    from unnest(${kinds as string[]}::text[]) as k(kind) cross join lateral (
      select e.run_at from kontor.effects e
      where e.kind = k.kind and e.status in ('pending', 'failed') and e.run_at <= now() order by e.run_at limit 1
    ) due`
  return row.seconds ?? 0
}

/** Attempts that ended within a step of time. */
export interface SeriesPoint {
  /** Start of the step, Postgres text in UTC. */
  at: string
  completed: number
  /** Failed, timed out, crashed, did not fit. */
  failed: number
}

/** Attempts that ended, step by step from `from` to `to`, for the chart of rate and failures. Empty steps are zero. */
export async function attemptSeries(
  sql: postgres.Sql,
  { from, to, steps = 60, kinds }: { from: Date; to: Date; steps?: number; kinds?: readonly string[] },
): Promise<SeriesPoint[]> {
  const stepMs = Math.max(1000, Math.ceil((to.getTime() - from.getTime()) / Math.max(1, Math.min(steps, 500))))
  const [start, end] = [from.toISOString(), to.toISOString()]
  return await sql<SeriesPoint[]>`
    with counted as (
      select date_bin(${stepMs} * interval '1 ms', a.ended_at, ${start}::timestamptz) as at,
        count(*) filter (where a.outcome = 'completed') as completed,
        count(*) filter (where a.outcome in ('failed', 'timeout', 'crashed', 'invalid')) as failed
      from kontor.effect_attempts a
      where a.ended_at >= ${start}::timestamptz and a.ended_at < ${end}::timestamptz
        ${kinds ? sql`and a.kind = any(${kinds as string[]}::text[])` : sql``}
      group by 1
    )
    select step::text as at, coalesce(completed, 0)::int as completed, coalesce(failed, 0)::int as failed
    from generate_series(${start}::timestamptz, ${end}::timestamptz - interval '1 us', ${stepMs} * interval '1 ms') as step
    left join counted on counted.at = step
    order by step`
}
