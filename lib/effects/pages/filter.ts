import type postgres from 'postgres'
import type { EffectState } from '../effect'

/** Which effects a list, a count or an operation is about; what is not given does not restrict. */
export interface EffectFilter {
  states?: readonly EffectState[]
  kinds?: readonly string[]
  /** Requested at or after: a moment, or as Postgres reads one ('2030-01-31 00:00 Europe/Berlin'). */
  from?: Date | string
  /** Requested before. */
  to?: Date | string
  /** Contained in the payload's text, whatever the case; `%` and `_` mean themselves. */
  text?: string
}

export type Fragment = postgres.PendingQuery<postgres.Row[]>

/** The filter as a condition on `kontor.effects e`. */
export function conditionOf(sql: postgres.Sql, filter: EffectFilter): Fragment {
  const { states, kinds, text } = filter
  return sql`(true
    ${states ? sql`and e.status = any(${states as string[]}::text[])` : sql``}
    ${kinds ? sql`and e.kind = any(${kinds as string[]}::text[])` : sql``}
    ${timeCondition(sql, filter)}
    ${text ? sql`and e.payload::text ilike ${containing(text)}` : sql``})`
}

/** The part of it that an index on the time of the request answers. */
export function timeCondition(sql: postgres.Sql, { from, to }: EffectFilter): Fragment {
  return sql`
    ${from ? sql`and e.created_at >= ${momentText(from)}::text::timestamptz` : sql``}
    ${to ? sql`and e.created_at < ${momentText(to)}::text::timestamptz` : sql``}`
}

/** A moment as Postgres reads it. */
export const momentText = (moment: Date | string): string =>
  typeof moment === 'string' ? moment : moment.toISOString()

/** The pattern of ILIKE for a text that is contained. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`
