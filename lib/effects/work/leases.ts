import type { Logger } from 'pino'
import type postgres from 'postgres'

/** The lease of an attempt is over: another worker may run the effect, or somebody cancelled it. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

export interface Leases {
  /** Renews the lease until released; `onLost` is called once where it cannot be. */
  hold(lease: { id: string; token: string }, onLost: (error: LeaseLostError) => void): { release(): void }
  stop(): void
}

/**
 * Keeps this worker's leases: one statement every third of their length. A worker whose event loop is blocked, or that
 * was stopped and resumed, does not renew: by the time it runs again the lease may be another's, and it is told so.
 */
export function keepLeases(sql: postgres.Sql, leaseMs: number, log: Logger): Leases {
  const held = new Map<string, { id: string; renewedAt: number; onLost: (error: LeaseLostError) => void }>()

  const lose = (token: string, why: string) => {
    const lease = held.get(token)
    held.delete(token)
    lease?.onLost(new LeaseLostError(why))
  }

  const renew = async () => {
    if (held.size === 0) return
    const tokens = [...held.keys()]
    const startedAt = performance.now()
    try {
      const rows = await sql<{ token: string }[]>`
        with mine as (
          select e.id from kontor.effects e
          join unnest(${[...held.values()].map(({ id }) => id)}::uuid[], ${tokens}::uuid[]) as m(id, token) on m.id = e.id
          where e.lease_token = m.token and e.status = 'running'
          order by e.id for update of e
        )
        update kontor.effects e set lease_until = now() + ${leaseMs} * interval '1 ms' from mine where e.id = mine.id
        returning e.lease_token as token`
      const renewed = new Set(rows.map(({ token }) => token))
      for (const token of tokens) {
        const lease = held.get(token)
        if (!lease) continue
        if (renewed.has(token)) lease.renewedAt = startedAt
        else lose(token, 'The lease went to another worker, or the effect was cancelled.')
      }
    } catch (error) {
      log.warn({ err: error, leases: tokens.length }, 'leases could not be renewed')
      for (const [token, { renewedAt }] of held) {
        if (performance.now() - renewedAt > leaseMs) lose(token, 'The lease could not be renewed in time.')
      }
    }
  }

  let underWay = Promise.resolve()
  const timer = setInterval(() => {
    underWay = underWay.then(renew)
  }, leaseMs / 3)
  return {
    hold({ id, token }, onLost) {
      held.set(token, { id, renewedAt: performance.now(), onLost })
      return { release: () => held.delete(token) }
    },
    stop: () => clearInterval(timer),
  }
}
