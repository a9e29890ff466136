import type postgres from 'postgres'
import { AdminError } from '@/lib/errors'
import { isClaimed } from './filters'
import { type UpkeepBy, withUpkeep } from './upkeep'

/** What shall no longer be found in the log: a record's values, or a person as the one who acted. */
export type Erasure =
  | {
      /** `schema.table` */
      relation: string
      recordId: string
      /** Only these columns. Default: all but the key. */
      columns?: readonly string[]
      /** The key itself tells who it is: it is replaced by a name without meaning, too. */
      includeKey?: boolean
    }
  | {
      /** Replaced by 'erased' wherever it is the actor; the reasons they gave go too. */
      actor: string
    }

export interface ErasureReport {
  /** Log rows that were changed. */
  changes: number
}

/**
 * Takes a person's values out of the log: the one way to change it, for its owner alone, with a reason, and recorded row
 * by row (change, old digest, new digest, who, why), so that verification tells erased from tampered. What was erased
 * cannot be undone or shown as of then any more. The present row is not touched.
 * @param forget what else holds values of the log, emptied in the same transaction
 * @throws AdminError 'invalid' where no reason is given
 */
export async function eraseHistory(
  owner: postgres.Sql,
  erasure: Erasure,
  by: UpkeepBy,
  forget?: (tx: postgres.ISql) => Promise<void>,
): Promise<ErasureReport> {
  if (by.reason.trim() === '')
    throw new AdminError('invalid', 'An erasure needs a reason: it stays in the log in place of what goes.')
  return withUpkeep(owner, async (tx) => {
    const changes = 'actor' in erasure ? await eraseActor(tx, erasure.actor, by) : await eraseRecord(tx, erasure, by)
    // Whose it was is what shall be forgotten: only the kind and number of rows are told here.
    const details =
      'actor' in erasure
        ? { what: 'actor', changes }
        : { what: 'record', relation: erasure.relation, columns: erasure.columns ?? null, changes }
    await tx`insert into kontor.upkeep (kind, actor, reason, details) values ('erasure', ${by.actor}, ${by.reason}, ${JSON.stringify(details)})`
    await forget?.(tx)
    return { changes }
  })
}

async function eraseRecord(
  tx: postgres.ISql,
  erasure: Extract<Erasure, { relation: string }>,
  by: UpkeepBy,
): Promise<number> {
  const { relation, recordId, includeKey = false } = erasure
  const key = await keyOf(tx, relation)
  // Every column that occurs in these rows, named or not today.
  const occurring = await tx<{ name: string }[]>`
    select distinct k as name from kontor.changes as c cross join lateral jsonb_object_keys(coalesce(c.before, '{}') || coalesce(c.after, '{}')) as k
    where c.relation = ${relation} and left(c.record_id, 500) = left(${recordId}, 500) and c.record_id = ${recordId}`
  const columns =
    erasure.columns ?? occurring.map(({ name }) => name).filter((name) => includeKey || !key.includes(name))
  const gone = includeKey ? [...new Set([...columns, ...key])] : [...columns]
  return recordErasures(
    tx,
    by,
    gone,
    tx`with hit as (
      select c.id, c.at, kontor.change_digest(c) as digest from kontor.changes as c
      where c.relation = ${relation} and left(c.record_id, 500) = left(${recordId}, 500) and c.record_id = ${recordId}
        and (${includeKey} or c.before ?| ${gone}::text[] or c.after ?| ${gone}::text[])
    ), emptied as (
      update kontor.changes as c set before = c.before - ${gone}::text[], after = c.after - ${gone}::text[],
        record_id = case when ${includeKey} then 'erased-' || left(encode(hit.digest, 'hex'), 16) else c.record_id end
      from hit where c.id = hit.id and c.at = hit.at
      returning c.id, hit.digest as old, kontor.change_digest(c) as new
    )`,
  )
}

const eraseActor = (tx: postgres.ISql, actor: string, by: UpkeepBy): Promise<number> =>
  recordErasures(
    tx,
    by,
    [],
    tx`with hit as (
      select c.id, c.at, kontor.change_digest(c) as digest from kontor.changes as c where c.actor = ${actor}
        ${isClaimed(actor) ? tx`and strpos(c.actor, ':') > 0` : tx``}
    ), emptied as (
      update kontor.changes as c set actor = 'erased', reason = null from hit where c.id = hit.id and c.at = hit.at
      returning c.id, hit.digest as old, kontor.change_digest(c) as new
    )`,
  )

/** @param columns whose values went */
async function recordErasures(
  tx: postgres.ISql,
  by: UpkeepBy,
  columns: readonly string[],
  emptied: postgres.PendingQuery<postgres.Row[]>,
): Promise<number> {
  const result = await tx`${emptied}
    insert into kontor.erasures (change_id, columns, old_digest, new_digest, actor, reason)
    select id, ${[...columns]}::text[], old, new, ${by.actor}, ${by.reason} from emptied`
  return result.count
}

/** The table's key, empty where the table is gone. */
async function keyOf(tx: postgres.ISql, relation: string): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    select a.attname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_index i on i.indrelid = c.oid and i.indisprimary join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
    where n.nspname || '.' || c.relname = ${relation}`
  return rows.map(({ name }) => name)
}
