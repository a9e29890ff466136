import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type postgres from 'postgres'
import { isTransient } from '@/lib/db/transient'
import { coalesce } from './coalesce'

/** A further effect, as it goes into the statement that settles the one that asked for it. */
export interface FollowUp {
  kind: string
  /** JSON text. */
  payload: string
  dedupeKey?: string
  runAt?: string
}

/** How an attempt ended. */
export interface Settlement {
  id: string
  attempt: number
  token: string
  outcome: 'completed' | 'failed' | 'timeout' | 'invalid' | 'handed_back'
  /** The effect's state from now on. */
  status: 'completed' | 'failed' | 'dead' | 'pending'
  /** JSON text of the result. */
  result: string | null
  error: string | null
  /** The attempt's own, longer account. */
  trace: string | null
  /** Milliseconds until the next attempt. */
  delayMs: number
  followUps: FollowUp[]
}

/**
 * Writes back how attempts ended, in one statement for all that ended meanwhile: the effect's row, the attempt's row and
 * the follow-ups stand or fall together. Answers false where the lease was lost, the effect cancelled or settled before:
 * the result is then refused, and recorded as late. A database that is away is tried again until `signal` is aborted.
 */
export function createSettler(sql: postgres.Sql, worker: string, log: Logger, signal: AbortSignal) {
  const persist = async (batch: Settlement[]): Promise<boolean[]> => {
    for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 2000)) {
      try {
        return await settle(sql, worker, batch)
      } catch (error) {
        if (!isTransient(error)) {
          if (batch.length === 1) return [await persistFailure(batch[0] as Settlement, error)]
          // One of them cannot be stored: the others must not share its fate.
          return Promise.all(batch.map(async (one) => (await persist([one]))[0] ?? false))
        }
        log.warn({ err: error, effects: batch.length }, 'results wait for the database')
        await sleep(delayMs, undefined, { signal }).catch(() => {
          throw error
        })
      }
    }
  }
  const persistFailure = async (one: Settlement, error: unknown): Promise<boolean> => {
    if (one.status !== 'completed') throw error
    log.error({ err: error, effect: one.id }, 'the result could not be stored')
    const reason = `The result could not be stored: ${error instanceof Error ? error.message : String(error)}`
    const failure: Settlement = {
      ...one,
      outcome: 'failed',
      status: 'dead',
      result: null,
      error: reason,
      trace: reason,
      followUps: [],
    }
    return (await persist([failure]))[0] ?? false
  }
  return coalesce(persist)
}

async function settle(sql: postgres.Sql, worker: string, batch: readonly Settlement[]): Promise<boolean[]> {
  const followUps = batch.flatMap(({ id, followUps }) => followUps.map((followUp) => ({ parent: id, ...followUp })))
  const column = <K extends keyof Settlement>(name: K) => batch.map((one) => one[name]) as (string | number | null)[]
  // Each step carries along what the next one needs: joined again, hundreds of rows the planner takes for one would meet
  // in nested loops.
  const rows = await sql<{ id: string; attempt: number }[]>`
    with held as (
      select e.id, e.kind, e.started_at, ended.* from unnest(
        ${column('id')}::uuid[], ${column('attempt')}::int[], ${column('token')}::uuid[], ${column('outcome')}::text[],
        ${column('status')}::text[], ${column('result')}::text[], ${column('error')}::text[], ${column('trace')}::text[],
        ${column('delayMs')}::float8[])
      as ended(effect_id, attempt, token, outcome, next_status, result, error, trace, delay_ms)
      join kontor.effects e on e.id = ended.effect_id
      where e.status in ('running', 'waiting') and e.attempts = ended.attempt and e.lease_token = ended.token
      order by e.id for update of e
    ), settled as (
      update kontor.effects e set
        status = held.next_status,
        completed_at = case held.next_status when 'completed' then clock_timestamp() end,
        completion_payload = held.result::jsonb,
        last_error = held.error,
        run_at = case held.next_status when 'failed' then clock_timestamp() + held.delay_ms * interval '1 ms'
                                       when 'pending' then now() else e.run_at end,
        -- An attempt that was handed back is not held against the effect.
        max_attempts = e.max_attempts + (held.outcome = 'handed_back')::int,
        lease_token = null, lease_until = null, offered_until = null
      from held where e.id = held.id
      returning held.id, held.kind, held.started_at, held.attempt, held.outcome, held.trace
    ), attempted as (
      insert into kontor.effect_attempts (effect_id, kind, attempt, worker, started_at, outcome, error)
      select id, kind, attempt, ${worker}, started_at, outcome, trace from settled
    ), followed as (
      insert into kontor.effects (kind, payload, dedupe_key, run_at, created_by, request_id)
      select f.kind, f.payload::jsonb, f.dedupe_key, coalesce(f.run_at::timestamptz, now()), 'effect:' || f.parent, f.parent::text
      from unnest(
        ${followUps.map(({ parent }) => parent)}::uuid[], ${followUps.map(({ kind }) => kind)}::text[],
        ${followUps.map(({ payload }) => payload)}::text[], ${followUps.map((one) => one.dedupeKey ?? null)}::text[],
        ${followUps.map((one) => one.runAt ?? null)}::text[])
      as f(parent, kind, payload, dedupe_key, run_at)
      where f.parent in (select id from settled)
      on conflict (kind, dedupe_key) where dedupe_key is not null do nothing
    )
    select id, attempt from settled`
  const accepted = new Set(rows.map(({ id, attempt }) => `${id}.${attempt}`))
  const refused = batch.filter((one) => !accepted.has(`${one.id}.${one.attempt}`))
  if (refused.length > 0) await recordRefused(sql, worker, refused)
  return batch.map((one) => accepted.has(`${one.id}.${one.attempt}`))
}

async function recordRefused(sql: postgres.Sql, worker: string, refused: readonly Settlement[]): Promise<void> {
  await sql`
    insert into kontor.effect_attempts (effect_id, kind, attempt, worker, outcome, error)
    select e.id, e.kind, r.attempt, ${worker}, 'late', r.what
    from unnest(${refused.map(({ id }) => id)}::uuid[], ${refused.map(({ attempt }) => attempt)}::int[],
      ${refused.map((one) => `Refused, the lease was over: ${one.outcome}${one.error ? ` (${one.error})` : ''}`)}::text[])
    as r(id, attempt, what) join kontor.effects e on e.id = r.id`
}
