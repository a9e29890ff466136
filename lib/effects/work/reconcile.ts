import type postgres from 'postgres'

/** A process that dies three times with an effect in its hands will die a fourth time. */
export const MOST_CRASHES = 3

/** From then on it is run with nothing beside it: what merely ran beside the poison must not be set aside with it. */
export const SUSPECT_CRASHES = MOST_CRASHES - 1

export interface Revoked {
  id: string
  kind: string
  status: 'failed' | 'dead'
}

/**
 * Takes back what is overdue: running effects whose lease was not renewed (their worker crashed, hangs, or is cut off)
 * and waiting ones whose deadline passed without a callback. Each is due again, or dead: after three crashes, or when a
 * callback did not come for the last attempt. Crashes are not held against max_attempts.
 * @param alertKind asks for an effect of this kind for each that died
 */
export async function revokeOverdue(sql: postgres.Sql, alertKind?: string): Promise<Revoked[]> {
  return await sql<Revoked[]>`
    with overdue as (
      select e.id, e.status, e.worker, e.started_at, e.crashes + (e.status = 'running')::int as crashes,
        case e.status when 'running'
          then 'The worker vanished while running this' || case when e.crashes + 1 >= ${MOST_CRASHES}::int
            then ' for the third time: it is set aside' else '' end
          else 'No callback came before the deadline' end as reason
      from kontor.effects e
      where e.status in ('running', 'waiting') and e.lease_until < now()
      order by e.lease_until limit 500 for update skip locked
    ), revoked as (
      update kontor.effects e set
        status = case when overdue.crashes >= ${MOST_CRASHES}::int then 'dead'
          when overdue.status = 'waiting' and e.attempts >= e.max_attempts then 'dead' else 'failed' end,
        crashes = overdue.crashes,
        max_attempts = e.max_attempts + (overdue.status = 'running')::int,
        last_error = overdue.reason,
        run_at = now() + case when overdue.crashes > 1 then interval '5 s' else interval '0' end,
        lease_token = null, lease_until = null, offered_until = null
      from overdue where e.id = overdue.id
      returning e.id, e.kind, e.status, e.attempts, e.last_error
    ), attempted as (
      insert into kontor.effect_attempts (effect_id, kind, attempt, worker, started_at, outcome, error)
      select r.id, r.kind, r.attempts, o.worker, o.started_at,
        case o.status when 'running' then 'crashed' else 'timeout' end, r.last_error
      from revoked r join overdue o using (id)
    ), alerted as (
      insert into kontor.effects (kind, payload, created_by, request_id, dedupe_key)
      select ${alertKind ?? null}::text,
        jsonb_build_object('id', r.id, 'kind', r.kind, 'attempts', r.attempts, 'error', r.last_error),
        'effect:' || r.id, r.id::text, r.id || '.' || r.attempts
      from revoked r where r.status = 'dead' and ${alertKind ?? null}::text is not null and r.kind <> ${alertKind ?? null}::text
      on conflict (kind, dedupe_key) where dedupe_key is not null do nothing
    )
    select id, kind, status from revoked`
}
