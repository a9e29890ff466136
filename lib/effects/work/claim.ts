import type postgres from 'postgres'
import { coalesce } from './coalesce'
import { SUSPECT_CRASHES } from './reconcile'

/** An effect this worker may run, until the lease is over. */
export interface ClaimedEffect {
  id: string
  kind: string
  payload: unknown
  attempt: number
  maxAttempts: number
  token: string
  createdBy: string
  createdAtMs: number
}

export interface Claim {
  id: string
  /** What the handler says, for effects that do not say it themselves. */
  maxAttempts: number
  /** Whether it has this process to itself: others are not given to it, nor it to others. */
  isSuspect: boolean
  /** Whether its kind is limited: an offer that is over may have been given to another effect by now. */
  isLimited: boolean
}

/**
 * Claims effects that are still due; answers undefined for those that are not (run, cancelled, taken by another offer).
 * Rows are locked in the order of their ids, as everything else here locks them: batches cannot deadlock.
 */
export function createClaimer(sql: postgres.Sql, worker: string, leaseMs: number) {
  return coalesce<Claim, ClaimedEffect | undefined>(async (claims) => {
    const rows = await sql<ClaimedEffect[]>`
      with wanted as (
        select * from unnest(${claims.map(({ id }) => id)}::uuid[], ${claims.map((claim) => claim.maxAttempts)}::int[],
          ${claims.map(({ isSuspect }) => Number(isSuspect))}::int[],
          ${claims.map(({ isLimited }) => Number(isLimited))}::int[]) as wanted(id, max_attempts, is_suspect, is_limited)
      ), due as (
        select e.id, wanted.max_attempts from kontor.effects e join wanted on wanted.id = e.id
        where e.status in ('pending', 'failed') and e.run_at <= now()
          and (wanted.is_suspect = 1) = (e.crashes >= ${SUSPECT_CRASHES}::int)
          and (wanted.is_limited = 0 or e.offered_until >= now())
        order by e.id for update of e
      )
      update kontor.effects e set
        status = 'running', attempts = e.attempts + 1, max_attempts = coalesce(e.max_attempts, due.max_attempts),
        lease_token = gen_random_uuid(), lease_until = now() + ${leaseMs} * interval '1 ms',
        started_at = clock_timestamp(), worker = ${worker}, offered_until = null
      from due where e.id = due.id
      returning e.id, e.kind, e.payload, e.attempts as attempt, e.max_attempts as "maxAttempts", e.lease_token as token,
        e.created_by as "createdBy", extract(epoch from e.created_at)::float8 * 1000 as "createdAtMs"`
    const byId = new Map(rows.map((row) => [row.id, row]))
    return claims.map(({ id }) => {
      const claimed = byId.get(id)
      byId.delete(id) // offered twice at once: the first offer has it
      return claimed
    })
  })
}
