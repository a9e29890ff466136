import type postgres from 'postgres'
import { connect } from '@/lib/db/client'
import { migrateSystem, systemState } from '@/lib/db/migrate'
import { migrateQueue, QUEUE_SCHEMA } from '@/lib/effects/worker'
import { say } from '../tools/progress.mjs'

/** Brings Kontor's own schemas up to date. @returns how many migrations ran */
export async function setUpSystem(ownerUrl: string, appRole: string): Promise<number> {
  const ran = await withConnection(ownerUrl, (owner) => migrateSystem(owner, appRole))
  await migrateQueue(ownerUrl, appRole)
  return ran.length
}

/** Whether everything is there already, so that a role without the right to create can start. */
export function isSystemUpToDate(url: string): Promise<boolean> {
  return withConnection(url, async (sql) => {
    const { pending } = await systemState(sql)
    const [queue] = await sql`select to_regnamespace(${QUEUE_SCHEMA}) is not null as "isThere"`
    return pending.length === 0 && queue?.isThere === true
  })
}

/** Names the files that are not those that ran: nothing here will run them again. */
export async function warnOfChanges(url: string): Promise<void> {
  const { changed } = await withConnection(url, systemState)
  for (const name of changed)
    say(`  lib/db/system/${name} is not what ran here: this database was made by another version`)
}

/** A short-lived connection without a time limit for statements. */
export async function withConnection<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const database = connect(url, { max: 2, statementTimeoutMs: 0, applicationName: 'kontor setup' })
  try {
    return await work(database.sql)
  } finally {
    await database.close()
  }
}
