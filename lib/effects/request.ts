import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { assertEffectRow } from '@/lib/db/effect-request'
import { payloadText } from '@/lib/db/json-text'
import { AdminError } from '@/lib/errors'

export interface EffectRequest {
  kind: string
  /** Anything JSON holds exactly. */
  payload: unknown
  /** A second request of the same kind and key is the first one's, for as long as that row is kept. */
  dedupeKey?: string
  /** Not before then; a moment in the past means now. Default now. */
  runAt?: Date
  /** How many attempts at most. Default: what the handler says. */
  maxAttempts?: number
}

/**
 * Requests an effect on `executor`: inside a transaction it happens only if that commits.
 * @returns the effect's id; the earlier one's where the dedupe key was used before
 * @throws AdminError `invalid` for a kind, payload or moment that cannot be kept
 */
export async function requestEffect(executor: Pick<Executor, 'execute'>, request: EffectRequest): Promise<string> {
  assertEffectRow(request)
  const { kind, dedupeKey = null, runAt, maxAttempts = null } = request
  const rows = await executor.execute<{ id: string }>(sql`select kontor.request_effect(
    ${kind}, ${payloadText(request.payload)}::jsonb, ${dedupeKey}, ${runAt?.toISOString() ?? null}::timestamptz,
    ${maxAttempts}::int) as id`)
  const id = rows[0]?.id
  if (!id) throw new AdminError('unexpected', 'The effect was not recorded.')
  return id
}
