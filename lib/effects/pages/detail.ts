import type postgres from 'postgres'
import type { AttemptOutcome, EffectState } from '../effect'

/** One effect with everything known about it; times are Postgres texts in UTC. */
export interface EffectDetail {
  id: string
  kind: string
  state: EffectState
  payload: unknown
  dedupeKey: string | null
  runAt: string
  attempts: number
  maxAttempts: number | null
  createdAt: string
  createdBy: string
  /** The request, or the effect, that asked for it. */
  requestId: string | null
  startedAt: string | null
  completedAt: string | null
  result: unknown
  lastError: string | null
  worker: string | null
  /** Running: when the lease is over unless renewed. Waiting: the deadline of the callback. */
  leaseUntil: string | null
  crashes: number
  replayOf: string | null
  /** The latest hundred, oldest first. */
  attemptList: EffectAttempt[]
  /** Replays of this one. */
  replays: string[]
  /** Effects its handler asked for. */
  followUps: { id: string; kind: string; state: EffectState }[]
}

export interface EffectAttempt {
  attempt: number
  outcome: AttemptOutcome
  worker: string | null
  startedAt: string | null
  endedAt: string
  tookMs: number | null
  error: string | null
}

/** One effect, or undefined where there is none (any more). */
export async function getEffect(sql: postgres.Sql, id: string): Promise<EffectDetail | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return undefined
  const [[effect], attempts, replays, followUps] = await Promise.all([
    sql<Omit<EffectDetail, 'attemptList' | 'replays' | 'followUps'>[]>`
      select id, kind, status as state, payload, dedupe_key as "dedupeKey", run_at::text as "runAt", attempts,
        max_attempts as "maxAttempts", created_at::text as "createdAt", created_by as "createdBy",
        request_id as "requestId", started_at::text as "startedAt", completed_at::text as "completedAt",
        completion_payload as result, last_error as "lastError", worker, lease_until::text as "leaseUntil", crashes,
        replay_of as "replayOf"
      from kontor.effects where id = ${id}`,
    sql<EffectAttempt[]>`
      select attempt, outcome, worker, started_at::text as "startedAt", ended_at::text as "endedAt",
        extract(epoch from ended_at - started_at)::float8 * 1000 as "tookMs", error
      from kontor.effect_attempts where effect_id = ${id} order by id desc limit 100`,
    sql<{ id: string }[]>`
      select id from kontor.effects where replay_of = ${id} order by created_at limit 20`,
    sql<EffectDetail['followUps']>`
      select id, kind, status as state from kontor.effects
      where request_id = ${id} and replay_of is null order by created_at limit 100`,
  ])
  if (!effect) return undefined
  return { ...effect, attemptList: [...attempts].toReversed(), replays: replays.map((row) => row.id), followUps }
}
