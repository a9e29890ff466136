import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import type postgres from 'postgres'
import { connect } from './client'

/** Any number of processes may migrate at once: they queue on this advisory lock. */
const MIGRATION_LOCK = 0x6b6f6e74

const SYSTEM_FOLDER = path.join(process.cwd(), 'lib/db/system')
const DEPLOYER_FOLDER = path.join(process.cwd(), 'drizzle/migrations')

const CREATE_SCHEMA = 'create schema if not exists kontor'
const CREATE_MIGRATIONS = `create table if not exists kontor.migrations (
  name text primary key, digest text not null, applied_at timestamptz not null default now())`

export interface SystemMigration {
  name: string
  text: string
}

/**
 * The system's SQL files in the order they run: `NNNN_*.sql` once each, by name, then every `*.grants.sql`, at each
 * migration, because the application's role may have changed since. `{{app_role}}` stands for that role, quoted.
 */
// Next would trace the whole project into the build because of the folder read here (16.4).
export async function systemMigrations(folder = SYSTEM_FOLDER): Promise<SystemMigration[]> {
  const files = (await readdir(/*turbopackIgnore: true*/ folder)).filter((name) => name.endsWith('.sql')).sort()
  const names = [...files.filter((name) => !isGrants(name)), ...files.filter(isGrants)]
  return Promise.all(
    names.map(async (name) => ({
      name,
      text: await readFile(/*turbopackIgnore: true*/ path.join(/*turbopackIgnore: true*/ folder, name), 'utf8'),
    })),
  )
}

/**
 * Brings schema `kontor` up to date in one transaction; running it again changes nothing.
 * @param owner a connection of the role that owns (or may create) the schema
 * @param appRole the role the application runs as: gets the rights the grants files name
 * @returns the names of the migrations that ran now
 */
export async function migrateSystem(owner: postgres.Sql, appRole: string): Promise<string[]> {
  const migrations = await systemMigrations()
  return owner.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`
    await tx.unsafe(CREATE_SCHEMA)
    await tx.unsafe(CREATE_MIGRATIONS)
    const applied = new Set((await tx`select name from kontor.migrations`).map((row) => row.name as string))
    const ran: string[] = []
    for (const { name, text } of migrations) {
      const everyTime = isGrants(name)
      if (!everyTime && applied.has(name)) continue
      await tx.unsafe(withRole(text, appRole))
      if (everyTime) continue
      await tx`insert into kontor.migrations (name, digest) values (${name}, ${digestOf(text)})`
      ran.push(name)
    }
    return ran
  })
}

/** How schema `kontor` stands against the files of this version. */
export interface SystemState {
  /** Names of the migrations that have not run here. */
  pending: string[]
  /** Names of those whose text is another than the one that ran. */
  changed: string[]
}

/** Compares without changing anything; needs no more than the application's own role. */
export async function systemState(sql: postgres.Sql): Promise<SystemState> {
  const once = (await systemMigrations()).filter(({ name }) => !isGrants(name))
  const [schema] = await sql`select to_regclass('kontor.migrations') is not null as "isThere"`
  if (!schema?.isThere) return { pending: once.map(({ name }) => name), changed: [] }
  const rows = await sql<{ name: string; digest: string }[]>`select name, digest from kontor.migrations`
  const applied = new Map(rows.map(({ name, digest }) => [name, digest]))
  return {
    pending: once.filter(({ name }) => !applied.has(name)).map(({ name }) => name),
    changed: once
      .filter(({ name, text }) => applied.has(name) && applied.get(name) !== digestOf(text))
      .map(({ name }) => name),
  }
}

/**
 * What `migrateSystem` would run now, as SQL for people who run it by hand.
 * @param sql a connection that may read schema kontor, where it is there
 */
export async function pendingSystemSql(sql: postgres.Sql, appRole: string): Promise<string> {
  const { pending } = await systemState(sql)
  const parts = (await systemMigrations())
    .filter(({ name }) => isGrants(name) || pending.includes(name))
    .map(({ name, text }) => {
      const mark = `insert into kontor.migrations (name, digest) values ('${name}', '${digestOf(text)}');`
      return `-- ${name}\n${withRole(text, appRole).trim()}\n${isGrants(name) ? '' : `${mark}\n`}`
    })
  return ['begin;', `${CREATE_SCHEMA};\n${CREATE_MIGRATIONS};`, ...parts, 'commit;'].join('\n\n')
}

/**
 * Applies the deployer's migrations, as drizzle-kit writes them, where `drizzle-kit migrate` would apply them.
 * @param ownerUrl the role that owns the tables
 * @returns how many ran now
 */
export async function migrateTables(ownerUrl: string, folder = DEPLOYER_FOLDER): Promise<number> {
  if (!existsSync(path.join(folder, 'meta/_journal.json'))) return 0
  // One connection, so that the lock and the migrations are of one session.
  const owner = connect(ownerUrl, { max: 1, statementTimeoutMs: 0, applicationName: 'kontor migrate' })
  try {
    await owner.sql`select pg_advisory_lock(${MIGRATION_LOCK})`
    const before = await countApplied(owner.sql)
    await migrate(owner.orm, { migrationsFolder: folder })
    return (await countApplied(owner.sql)) - before
  } finally {
    await owner.close()
  }
}

/** The SQL of the deployer's migrations that have not run, for people who run it by hand. */
export async function pendingTablesSql(sql: postgres.Sql, folder = DEPLOYER_FOLDER): Promise<string> {
  if (!existsSync(path.join(folder, 'meta/_journal.json'))) return ''
  const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') is not null as "isThere"`
  const [last] = table?.isThere ? await sql`select max(created_at)::float8 as at from drizzle.__drizzle_migrations` : []
  return readMigrationFiles({ migrationsFolder: folder })
    .filter(({ folderMillis }) => folderMillis > Number(last?.at ?? 0))
    .map(({ sql: statements }) => statements.map((statement) => statement.trim().replace(/;?$/, ';')).join('\n'))
    .join('\n')
}

async function countApplied(sql: postgres.Sql): Promise<number> {
  const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') is not null as "isThere"`
  if (!table?.isThere) return 0
  const [row] = await sql`select count(*)::int as n from drizzle.__drizzle_migrations`
  return row?.n as number
}

function withRole(text: string, role: string): string {
  return text.replaceAll('{{app_role}}', `"${role.replaceAll('"', '""')}"`)
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function isGrants(name: string): boolean {
  return name.endsWith('.grants.sql')
}
