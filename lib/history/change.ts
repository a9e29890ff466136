import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'

export type Operation = 'insert' | 'update' | 'delete' | 'truncate'

/** Stands in the log for a value above 1 MiB. */
export interface Oversize {
  /** Bytes of the value. */
  size: number
  sha256: string
}

/** A value as the log holds it: Postgres text, null, or a mark for one too large to keep. */
export type LoggedValue = string | null | Oversize

export type LoggedValues = Record<string, LoggedValue>

/** One row of kontor.changes. Column names are the database's. */
export interface Change {
  id: string
  /** When the statement ended, by the server's clock, as Postgres text in UTC (microseconds). */
  at: string
  tx: string
  /** `schema.table`; the root of a partitioned table. */
  relation: string
  /** The key's text; null for tables without a key and for 'truncate'. */
  recordId: string | null
  op: Operation
  /** Whole for delete, the columns that changed for update, null for insert. */
  before: LoggedValues | null
  after: LoggedValues | null
  /** Columns that changed; empty for insert and delete. Names redacted columns too, whose values are nowhere. */
  changed: string[]
  actor: string
  dbUser: string
  source: string
  requestId: string | null
  reason: string | null
  /** Ids of the changes this one undid. */
  undoes: string[]
}

export const isOversize = (value: LoggedValue | undefined): value is Oversize =>
  typeof value === 'object' && value !== null

/** What an erasure puts in place of a key that tells who it was. */
export const isErasedId = (recordId: string): boolean => /^erased-[0-9a-f]{16}$/.test(recordId)

/** Every value of a logged row as its Postgres text; marks stay objects. */
export const textsOf = (column: SQL): SQL => sql`(select jsonb_object_agg(v.key, case
  when jsonb_typeof(v.value) = 'object' and v.value ?& '{size,sha256}' then v.value else to_jsonb(v.value #>> '{}') end)
  from jsonb_each(${column}) as v)`

/** The columns of `alias` that make a Change; `select ${changeColumns('c')} from kontor.changes as c`. */
export function changeColumns(alias: string): SQL {
  const c = sql.identifier(alias)
  return sql`${c}.id::text as id, ${c}.at::text as at, ${c}.tx::text as tx, ${c}.relation, ${c}.record_id as "recordId", ${c}.op,
    case when ${c}.before = '{}' then ${c}.before else ${textsOf(sql`${c}.before`)} end as before,
    case when ${c}.after = '{}' then ${c}.after else ${textsOf(sql`${c}.after`)} end as after,
    coalesce(${c}.changed, '{}') as changed, ${c}.actor, ${c}.db_user as "dbUser", ${c}.source, ${c}.request_id as "requestId", ${c}.reason,
    coalesce(${c}.undoes::text[], '{}') as undoes`
}

/** Runs a query whose columns are `changeColumns`. */
export const selectChanges = async (db: Executor, query: SQL): Promise<Change[]> => [
  ...(await db.execute<Change & Record<string, unknown>>(query)),
]
