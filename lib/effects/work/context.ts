import type { Logger } from 'pino'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import { parseDuration } from '@/lib/db/duration'
import { assertEffectRow } from '@/lib/db/effect-request'
import { payloadText } from '@/lib/db/json-text'
import { transact } from '@/lib/db/transaction'
import { signDeferral } from '../deferral-token'
import { PermanentError } from '../failure'
import type { Deferral, HandlerContext } from '../handler'
import type { ClaimedEffect } from './claim'
import { LeaseLostError } from './leases'
import type { FollowUp } from './settle'

/** What every attempt of this worker shares. */
export interface ContextParts {
  db: Database
  clock: Clock
  log: Logger
  /** Signs callbacks. Without it `defer()` fails. */
  secret?: string
  /** Address of the callback endpoint; the token is appended. */
  callbackUrl?: string
  /** Adds what this domain does not know (what changes records). */
  extend?: (ctx: HandlerContext) => HandlerContext
}

export interface AttemptContext {
  ctx: HandlerContext
  followUps: FollowUp[]
  /** Once the attempt was left to a callback. */
  deferral(): Deferral | undefined
}

const DEFAULT_DEADLINE = '1d'

/** Builds what the handler gets; `onDeferred` is called once the row says that it waits. */
export function createContext(
  effect: ClaimedEffect,
  signal: AbortSignal,
  parts: ContextParts,
  onDeferred: () => void,
): AttemptContext {
  const followUps: FollowUp[] = []
  let deferral: Deferral | undefined
  const provenance = { actor: `effect:${effect.id}`, source: 'effect', requestId: effect.id }
  const ctx: HandlerContext = {
    id: effect.id,
    kind: effect.kind,
    attempt: effect.attempt,
    maxAttempts: effect.maxAttempts,
    idempotencyKey: effect.id,
    createdBy: effect.createdBy,
    createdAt: new Date(effect.createdAtMs),
    signal,
    clock: parts.clock,
    log: parts.log.child({ effect: effect.id, kind: effect.kind, attempt: effect.attempt }),
    db: parts.db,
    transact: (work) => transact(parts.db.orm, provenance, work),
    effect(kind, payload, { dedupeKey, runAt } = {}) {
      assertEffectRow({ kind, dedupeKey, runAt })
      followUps.push({ kind, payload: payloadText(payload), dedupeKey, runAt: runAt?.toISOString() })
    },
    async defer({ deadline = DEFAULT_DEADLINE } = {}) {
      deferral ??= await waitForCallback(effect, deadline, parts)
      onDeferred()
      return deferral
    },
  }
  return { ctx: parts.extend?.(ctx) ?? ctx, followUps, deferral: () => deferral }
}

/** From here on the row waits: written before anybody knows the address, so that no callback can come too early. */
async function waitForCallback(effect: ClaimedEffect, deadline: string, parts: ContextParts): Promise<Deferral> {
  const { secret, callbackUrl } = parts
  if (!secret || !callbackUrl) {
    throw new PermanentError('defer() needs a secret to sign with and the address of this site.')
  }
  const spanMs = parseDuration(deadline)
  if (!spanMs) throw new PermanentError(`The deadline "${deadline}" is not a span of time such as '1h'.`)
  const [row] = await parts.db.sql<{ deadlineMs: number }[]>`
    update kontor.effects set status = 'waiting',
      lease_until = date_trunc('milliseconds', clock_timestamp() + ${spanMs} * interval '1 ms')
    where id = ${effect.id} and attempts = ${effect.attempt} and lease_token = ${effect.token} and status = 'running'
    returning extract(epoch from lease_until)::float8 * 1000 as "deadlineMs"`
  if (!row) throw new LeaseLostError('The lease was over before the effect could be left to a callback.')
  const deadlineMs = Math.round(row.deadlineMs)
  const token = signDeferral({ id: effect.id, attempt: effect.attempt, deadlineMs }, secret)
  return { url: `${callbackUrl}/${token}`, token, deadline: new Date(deadlineMs) }
}
