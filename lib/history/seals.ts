import { sql } from 'drizzle-orm'
import type postgres from 'postgres'
import type { Executor } from '@/lib/db/client'

/**
 * Seals what was committed since the last seal; a duty of the worker, about each minute. Safe to call from any number of
 * processes; writers never wait for it. Seals up to 100,000 rows a call: call again while it returns that many.
 * @returns the number of changes sealed now
 */
export async function sealChanges(db: Executor): Promise<number> {
  const [row] = await db.execute<{ sealed: number }>(sql`select kontor.seal_changes() as sealed`)
  return row?.sealed ?? 0
}

/** Adds the partitions of the coming months; a duty of the worker, about each hour. Returns the names added. */
export async function addPartitions(db: Executor): Promise<string[]> {
  const rows = await db.execute<{ name: string }>(sql`select kontor.add_change_partitions() as name`)
  return rows.map(({ name }) => name)
}

/** Marks tables without write-ahead log that a crash of the server emptied; a duty of the worker at its start. Returns their names. */
export async function markCrashedTables(db: Executor): Promise<string[]> {
  const rows = await db.execute<{ name: string }>(sql`select kontor.mark_crashed_tables() as name`)
  return rows.map(({ name }) => name)
}

/** What is kept elsewhere, since a chain alone cannot show that its tail was cut off. */
export interface ExportedSeal {
  database: string
  seq: number
  at: string
  /** Hexadecimal sha256. */
  digest: string
}

/** The newest seal, to be stored outside the database; null where nothing is sealed yet. */
export async function exportSeal(db: postgres.ISql): Promise<ExportedSeal | null> {
  const [seal] = await db<ExportedSeal[]>`
    select current_database() as database, seq::int8::float8 as seq, at::text as at, encode(digest, 'hex') as digest
    from kontor.seals as s order by s.seq desc limit 1`
  return seal ?? null
}

/** Up to when changes are sealed, as Postgres text in UTC; null where nothing is. */
export async function sealedUpTo(db: Executor): Promise<string | null> {
  const [row] = await db.execute<{ at: string }>(
    sql`select s.at::text as at from kontor.seals as s order by s.seq desc limit 1`,
  )
  return row?.at ?? null
}
