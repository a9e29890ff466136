import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type postgres from 'postgres'

/** Any number of processes may migrate at once: they queue on this advisory lock. */
const MIGRATION_LOCK = 0x6b6f6e74

const SYSTEM_FOLDER = path.join(process.cwd(), 'lib/db/system')

export interface SystemMigration {
  name: string
  text: string
}

/**
 * The system's SQL files in the order they run: `NNNN_*.sql` once each, by name, then every `*.grants.sql`, at each
 * migration, because the application's role may have changed since. `{{app_role}}` stands for that role, quoted.
 */
export async function systemMigrations(folder = SYSTEM_FOLDER): Promise<SystemMigration[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const names = [...files.filter((name) => !isGrants(name)), ...files.filter(isGrants)]
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(path.join(folder, name), 'utf8') })))
}

/**
 * Brings schema `kontor` up to date in one transaction; running it again changes nothing.
 * @param owner a connection of the role that owns (or may create) the schema
 * @param appRole the role the application runs as: gets the rights the grants files name
 * @returns the names of the migrations that ran now
 */
export async function migrateSystem(owner: postgres.Sql, appRole: string): Promise<string[]> {
  const migrations = await systemMigrations()
  const role = `"${appRole.replaceAll('"', '""')}"`
  return owner.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`
    await tx`create schema if not exists kontor`
    await tx`create table if not exists kontor.migrations (
      name text primary key, digest text not null, applied_at timestamptz not null default now())`
    const applied = new Set((await tx`select name from kontor.migrations`).map((row) => row.name as string))
    const ran: string[] = []
    for (const { name, text } of migrations) {
      const everyTime = isGrants(name)
      if (!everyTime && applied.has(name)) continue
      await tx.unsafe(text.replaceAll('{{app_role}}', role))
      if (everyTime) continue
      const digest = createHash('sha256').update(text).digest('hex')
      await tx`insert into kontor.migrations (name, digest) values (${name}, ${digest})`
      ran.push(name)
    }
    return ran
  })
}

function isGrants(name: string): boolean {
  return name.endsWith('.grants.sql')
}
