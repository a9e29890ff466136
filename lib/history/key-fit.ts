import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { type AsOfTable, keyOf } from './as-of-table'
import { changedSince } from './changed-since'
import { literal } from './literal'
import { type Moment, sortable } from './moment'
import type { ColumnFacts } from './table-facts'
import { asColumn, isAnyText } from './unfit'

/** A part of the id, as its column holds it. One that the column cannot hold any more is null, where the server can tell. */
export const keyPart = (table: AsOfTable, column: ColumnFacts, part: number) =>
  asColumn({ canTryTypes: canTryKeys(table) }, column, keyText(table, 'l.record_id', part))

const canTryKeys = ({ canTryTypes, keysFit = false }: AsOfTable) => canTryTypes && !keysFit

const keyText = ({ key }: AsOfTable, id: string, part: number) =>
  key.length === 1 ? id : `(kontor.record_key(${id}))[${part + 1}]`

/** Whether an id (an expression) is one of the key as it is today: `true` where every text is, or the server cannot tell. */
export function keyFits(table: AsOfTable, id: string): SQL {
  if (!canTryKeys(table)) return sql`true`
  const tried = keyOf(table).flatMap((column, part) =>
    isAnyText(column) ? [] : [`pg_input_is_valid(${keyText(table, id, part)}, ${literal(column.sqlType)})`],
  )
  return tried.length === 0 ? sql`true` : sql.raw(`(${tried.join(' and ')})`)
}

/** Changes looked through for ids that do not fit: beyond them it is not told. */
const MOST_TRIED = 200_000

/**
 * Since when every id in the log is known to fit, by table and types: what is logged under a type fits it, so that the same
 * changes need not be looked through for each page.
 */
const fitting = new WeakMap<Executor, Map<string, string>>()

const typedKey = (table: AsOfTable) =>
  JSON.stringify([table.relation, ...keyOf(table).map(({ name, sqlType }) => [name, sqlType])])

/** The table with what `countUnfit` has found before. */
export function knownToFit(db: Executor, table: AsOfTable, moment: Moment): AsOfTable {
  const since = fitting.get(db)?.get(typedKey(table))
  return { ...table, keysFit: since !== undefined && sortable(since) <= sortable(moment.at) }
}

/**
 * How many records that were there at the moment `asOfSource` leaves out, because the key got a type since that cannot hold
 * theirs.
 */
export async function countUnfit(db: Executor, table: AsOfTable, moment: Moment): Promise<number> {
  if (!canTryKeys(table) || keyOf(table).every(isAnyText)) return 0
  const [row] = await db.execute<{ tried: number; unfit: number; born: number }>(sql`
    with tried as materialized (select c.record_id, c.id, c.op from (${changedSince(table, moment)} limit ${MOST_TRIED}) as c)
    select (select count(*)::int from tried) as tried, count(*)::int as unfit, count(*) filter (where l.born)::int as born from (
      select min((c.id << 1) | (c.op = 'insert')::int) & 1 = 1 as born from tried as c
      where not ${keyFits(table, 'c.record_id')} group by c.record_id
    ) as l`)
  const { tried, unfit, born } = row!
  if (unfit === 0 && tried < MOST_TRIED) {
    fitting.set(db, (fitting.get(db) ?? new Map<string, string>()).set(typedKey(table), moment.at))
  }
  return unfit - born
}
