import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '@/lib/db/client'
import { type Provenance, type Transaction, transact } from '@/lib/db/transaction'
import { invalid } from '@/lib/errors'
import type { EffectState } from './effect'
import { containing, type EffectFilter, momentText } from './pages/filter'

/** Effects by their ids, or everything a list would show of some states. */
export type EffectSelection = { ids: readonly string[] } | (EffectFilter & { states: readonly EffectState[] })

export interface OperationResult {
  /** Effects it applied to. */
  changed: number
  /** More match than one call takes: call again. */
  hasMore: boolean
}

/** Effects one call changes at most. */
const MOST = 10_000

interface Operator {
  db: Database
  /** Who asks and how: recorded with the change. The caller has asked the policy before. */
  provenance: Provenance
}

/** Makes failed, dead and cancelled effects due now, with at least one more attempt. */
export function retryEffects(operator: Operator, selection: EffectSelection): Promise<OperationResult> {
  return change(operator, selection, ['failed', 'dead', 'cancelled'], async (tx, chosen) => {
    const rows = await tx.execute(sql`
      update kontor.effects e set status = 'pending', run_at = now(), crashes = 0, offered_until = null,
        max_attempts = greatest(e.max_attempts, e.attempts + 1)
      from (${chosen}) chosen where e.id = chosen.id returning e.id`)
    await tx.execute(sql`notify kontor_effects`)
    return rows.length
  })
}

/**
 * Stops effects that are not finished, and puts away those that were given up; a handler that runs is aborted within a
 * third of its lease.
 */
export function cancelEffects(operator: Operator, selection: EffectSelection): Promise<OperationResult> {
  return change(operator, selection, ['pending', 'failed', 'running', 'waiting', 'dead'], async (tx, chosen) => {
    const rows = await tx.execute(sql`
      with chosen as materialized (${chosen}), stopped as (
        update kontor.effects e set status = 'cancelled', lease_token = null, lease_until = null, offered_until = null
        from chosen where e.id = chosen.id
        returning e.id, e.kind, e.attempts, e.worker, e.started_at, chosen.status as was
      ), attempted as (
        insert into kontor.effect_attempts (effect_id, kind, attempt, worker, started_at, outcome, error)
        select id, kind, attempts, worker, started_at, 'cancelled', 'Cancelled by ' || ${operator.provenance.actor}::text
        from stopped where was in ('running', 'waiting')
      )
      select id from stopped`)
    return rows.length
  })
}

/** Requests finished effects once more, as new ones: what is finished stays as it is. */
export function replayEffects(operator: Operator, selection: EffectSelection): Promise<OperationResult> {
  return change(operator, selection, ['completed', 'dead', 'cancelled'], async (tx, chosen) => {
    const rows = await tx.execute(sql`
      insert into kontor.effects (kind, payload, replay_of)
      select e.kind, e.payload, e.id from kontor.effects e join (${chosen}) chosen using (id) order by e.created_at, e.id
      returning id`)
    return rows.length
  })
}

async function change(
  { db, provenance }: Operator,
  selection: EffectSelection,
  states: readonly EffectState[],
  apply: (tx: Transaction, chosen: SQL) => Promise<number>,
): Promise<OperationResult> {
  if ('ids' in selection && selection.ids.some((id) => !/^[0-9a-f-]{36}$/i.test(id))) {
    throw invalid('One of the effects has no valid id.')
  }
  const changed = await transact(db.orm, provenance, (tx) => apply(tx, choose(selection, states)))
  return { changed, hasMore: changed === MOST }
}

/** Locks what the operation applies to, in the order everything else locks it. */
function choose(selection: EffectSelection, states: readonly EffectState[]): SQL {
  const conditions = [sql`e.status in ${states as EffectState[]}`]
  if ('ids' in selection) {
    conditions.push(sql`e.id = any(${`{${selection.ids.join(',')}}`}::uuid[])`)
  } else {
    const { kinds, from, to, text } = selection
    conditions.push(selection.states.length > 0 ? sql`e.status in ${selection.states as EffectState[]}` : sql`false`)
    if (kinds) conditions.push(kinds.length > 0 ? sql`e.kind in ${kinds as string[]}` : sql`false`)
    if (from) conditions.push(sql`e.created_at >= ${momentText(from)}::text::timestamptz`)
    if (text) conditions.push(sql`e.payload::text ilike ${containing(text)}`)
    if (to) conditions.push(sql`e.created_at < ${momentText(to)}::text::timestamptz`)
  }
  return sql`select e.id, e.status from kontor.effects e where ${sql.join(conditions, sql` and `)}
    order by e.id limit ${MOST} for update`
}
