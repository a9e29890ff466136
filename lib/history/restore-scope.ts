import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { decodeRecordId, encodeRecordId } from '@/lib/db/record-id'
import { AdminError } from '@/lib/errors'
import { asOfRecords, asOfSource, isChangedSince } from './as-of'
import { type AsOfTable, asOfTable } from './as-of-table'
import type { LoggedValues } from './change'
import { changedIds, changedRecords } from './changed-since'
import { arrayOf } from './filters'
import type { Moment } from './moment'
import { idOf, keyMatches, tableOf } from './present-rows'
import { UNDO_LIMIT } from './undo-cascade'

/** Which rows of a table to take back: by id, or those for which a condition over `t` (the table's columns) held then or holds now. */
export type RestoreScope = { schema: string; name: string; links?: readonly RestoreLinks[] } & (
  | { recordIds: readonly string[] }
  | { past: SQL; present: SQL }
)

/** A join table whose rows go back with the records of a scope they belong to. */
export interface RestoreLinks {
  schema: string
  name: string
  /** Which of its key's columns hold the key of the record that a row belongs to. */
  owner: readonly { column: string; holds: string }[]
}

export interface ChangedRecord {
  recordId: string
  /** Columns that differ from now, as they were. */
  state: LoggedValues
  /** Columns whose value of then an erasure took. */
  erased: string[]
  /** It began only after the moment. */
  born: boolean
}

/** A scope's records that changed since. @throws AdminError 'too_large' above 10,000 */
export async function changedIn(db: Executor, scope: RestoreScope, moment: Moment): Promise<ChangedRecord[]> {
  const table = await asOfTable(db, scope)
  const ids = 'recordIds' in scope ? scope.recordIds : await idsWhere(db, table, scope, moment)
  return statesOf(db, table, ids, moment)
}

/**
 * Links that came or went since, of a scope's records: also of those that did not change themselves.
 * @param isLeft records whose links stay as they are
 */
export async function changedLinks(
  db: Executor,
  scope: RestoreScope,
  links: RestoreLinks,
  moment: Moment,
  isLeft: (recordId: string) => boolean,
): Promise<ChangedRecord[]> {
  const [table, owning] = [await asOfTable(db, links), await asOfTable(db, scope)]
  const places = owning.key.map((part) =>
    table.key.indexOf(links.owner.find(({ holds }) => holds === part)?.column ?? ''),
  )
  if (places.includes(-1)) return []
  const rows = await db.execute<{ id: string }>(
    sql`select l.id from (${changedIds(table, moment)}) as l where ${ofGiven(scope, table, places)}`,
  )
  const owned = rows.flatMap(({ id }) => {
    const parts = decodeRecordId(id, table.key.length) ?? []
    const owner = encodeRecordId(places.map((place) => parts[place] ?? ''))
    return isLeft(owner) ? [] : [{ id, owner }]
  })
  const owners = await among(db, scope, [...new Set(owned.map(({ owner }) => owner))], moment)
  const ids = owned.filter(({ owner }) => owners.has(owner)).map(({ id }) => id)
  if (ids.length > UNDO_LIMIT) throw tooManyRecords()
  return statesOf(db, table, ids, moment)
}

/** Of a join table that many changes went by, only those of the records given are handed over. */
function ofGiven(scope: RestoreScope, { key }: AsOfTable, places: readonly number[]): SQL {
  if (!('recordIds' in scope) || scope.recordIds.length === 0 || key.length < 2) return sql`true`
  const parts = sql.join(
    places.map((place) => sql`(kontor.record_key(l.id))[${place + 1}::int]`),
    sql`, `,
  )
  const owners = scope.recordIds.map((id) => arrayOf(decodeRecordId(id, places.length) ?? []))
  return sql`array[${parts}] in (${sql.join(owners, sql`, `)})`
}

export const tooManyRecords = () =>
  new AdminError(
    'too_large',
    `More than ${UNDO_LIMIT.toLocaleString('en')} records changed since: narrow the list and restore it in parts.`,
  )

async function statesOf(
  db: Executor,
  table: AsOfTable,
  ids: readonly string[],
  moment: Moment,
): Promise<ChangedRecord[]> {
  const rows = await db.execute<{ recordId: string; state: LoggedValues | null; born: boolean; erased: string[] }>(
    changedRecords(table, moment, ids),
  )
  return rows.map(({ state, ...row }) => ({ ...row, state: state ?? {} }))
}

/** Changed records for which the condition held then, or holds now. */
async function idsWhere(
  db: Executor,
  table: AsOfTable,
  { past, present }: { past: SQL; present: SQL },
  moment: Moment,
): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select t."kontor.id" as id from ${asOfSource(table, moment)} as t where t."kontor.past" and ${past}
    union select ${sql.raw(idOf(table, 't'))} from ${tableOf(table)} as t where ${present} and ${isChangedSince(table, moment, 't')}
    limit ${UNDO_LIMIT + 1}`)
  if (rows.length > UNDO_LIMIT) throw tooManyRecords()
  return rows.map(({ id }) => id)
}

/** Those of the given records that belong to the scope, then or now. */
async function among(
  db: Executor,
  scope: RestoreScope,
  recordIds: readonly string[],
  moment: Moment,
): Promise<ReadonlySet<string>> {
  if (recordIds.length === 0) return new Set()
  if ('recordIds' in scope) return new Set(scope.recordIds)
  const table = await asOfTable(db, scope)
  const isIt = sql.raw(keyMatches(table, 't', 'k.id'))
  const rows = await db.execute<{ id: string }>(sql`
    select t."kontor.id" as id from ${asOfRecords(table, moment, recordIds)} as t where ${scope.past}
    union select k.id from unnest(${arrayOf(recordIds)}) as k(id)
      cross join lateral (select t.* from ${tableOf(table)} as t where ${isIt} limit 1) as t where ${scope.present}`)
  return new Set(rows.map(({ id }) => id))
}
