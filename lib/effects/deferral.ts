import type postgres from 'postgres'
import { payloadText, resultText } from '@/lib/db/json-text'
import { resolveBackoff } from './backoff'
import { readDeferral } from './deferral-token'
import { ALERT_KIND } from './effect'
import type { Handlers } from './handler'

/** What became of the outside work: a result, or a failure. */
export type DeferralReport =
  | { payload: unknown }
  | { error: string /** Trying again cannot help. */; isPermanent?: boolean; retryAfterMs?: number }

/**
 * completed, failed (will be tried again) and dead: the report was taken. already: somebody reported before, or the
 * effect was cancelled. expired: the deadline has passed. gone: the row is no longer kept. forged: nobody was given this
 * token.
 */
export type DeferralAnswer = 'completed' | 'failed' | 'dead' | 'already' | 'expired' | 'gone' | 'forged'

export interface DeferralParts {
  sql: postgres.Sql
  secret: string
  /** For the backoff of the kind; the default one without. */
  handlers?: Handlers
}

const defaultBackoff = resolveBackoff(undefined)

/** Completes or fails the attempt that a token of `defer()` stands for: once, and only before its deadline. */
export async function settleDeferral(
  { sql, secret, handlers }: DeferralParts,
  token: string,
  report: DeferralReport,
): Promise<DeferralAnswer> {
  const claim = readDeferral(token, secret)
  if (!claim) return 'forged'
  const { id, attempt } = claim
  const [row] = await sql<{ kind: string; status: string; isPast: boolean }[]>`
    select kind, status, now() >= to_timestamp(${claim.deadlineMs}::float8 / 1000) as "isPast"
    from kontor.effects where id = ${id}`
  if (!row) return 'gone'
  const error = 'error' in report ? report.error.slice(0, 2000) : null
  const isPermanent = 'error' in report && (report.isPermanent ?? false)
  const backoffMs = handlers?.get(row.kind)?.backoffMs ?? defaultBackoff
  const delayMs = ('error' in report ? report.retryAfterMs : undefined) ?? backoffMs(attempt, error)
  const alertKind = handlers?.has(ALERT_KIND) ? ALERT_KIND : null
  const result = 'payload' in report ? resultText(report.payload) : { text: null }
  const [settled] = await sql<{ status: DeferralAnswer }[]>`
    with settled as (
      update kontor.effects e set
        status = case when ${error}::text is null then 'completed'
          when ${isPermanent}::boolean or e.attempts >= e.max_attempts then 'dead' else 'failed' end,
        completed_at = case when ${error}::text is null then clock_timestamp() end,
        completion_payload = ${result.text}::jsonb,
        last_error = coalesce(${error}::text, ${result.problem ?? null}::text),
        run_at = case when ${error}::text is null then e.run_at else clock_timestamp() + ${delayMs} * interval '1 ms' end,
        lease_token = null, lease_until = null, offered_until = null
      where e.id = ${id} and e.attempts = ${attempt} and e.status = 'waiting' and e.lease_until > now()
      returning e.id, e.kind, e.status, e.attempts, e.worker, e.started_at, e.last_error
    ), attempted as (
      insert into kontor.effect_attempts (effect_id, kind, attempt, worker, started_at, outcome, error)
      select id, kind, attempts, worker, started_at, case when ${error}::text is null then 'completed' else 'failed' end,
        last_error
      from settled
    ), alerted as (
      insert into kontor.effects (kind, payload, created_by, request_id, dedupe_key)
      select ${alertKind}::text,
        jsonb_build_object('id', id, 'kind', kind, 'attempts', attempts, 'error', last_error),
        'effect:' || id, id::text, id || '.' || attempts
      from settled where status = 'dead' and ${alertKind}::text is not null and kind <> ${alertKind}::text
      on conflict (kind, dedupe_key) where dedupe_key is not null do nothing
    )
    select status from settled`
  if (settled) return settled.status
  return row.isPast ? 'expired' : 'already'
}

/** A report as a callback's body may hold it, checked. */
export function reportOf(body: { payload?: unknown; error?: string; permanent?: boolean }): DeferralReport {
  if (body.error !== undefined) return { error: body.error || 'failed', isPermanent: body.permanent }
  payloadText(body.payload ?? null) // what cannot be kept is refused here: the caller can still mend it
  return { payload: body.payload ?? null }
}
