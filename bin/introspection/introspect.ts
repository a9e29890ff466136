import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startingConfig } from '@/lib/admin/starting-config'
import { inWords } from '@/lib/admin/words'
import { connect } from '@/lib/db/client'
import { type DatabaseModel, drizzleSource, readDatabase } from '@/lib/db/introspect'
import { replaceFiles } from './replace'

export interface IntrospectOptions {
  /** The database to read. */
  url: string
  /** Where drizzle/ and admin.config.ts are written: the project's folder. */
  root: string
  /** Only these Postgres schemas. Default all. */
  schemas?: readonly string[]
  /** Leaves admin.config.ts as it is: for a config that is already edited. */
  keepConfig?: boolean
}

export interface Introspected {
  database: DatabaseModel
  /** The folder with what was replaced, relative to the root; undefined where there was nothing. */
  backup: string | undefined
}

/** What is the demo's alone, and would not compile over other tables. */
const OF_THE_DEMO = ['tests/drizzle', 'tests/admin.config.test.ts']

/**
 * Reads a database and writes the declaration of its tables and a config that lists them. The database is not touched.
 * @throws Error where it has no table that the role may read
 */
export async function introspect({ url, root, schemas, keepConfig = false }: IntrospectOptions): Promise<Introspected> {
  const connection = connect(url, { max: 1, statementTimeoutMs: 0, applicationName: 'kontor introspect' })
  const database = await readDatabase(connection.sql, { schemas }).finally(() => connection.close())
  if (database.relations.length === 0) {
    const where = schemas && schemas.length > 0 ? ` in ${schemas.join(', ')}` : ''
    throw new Error(
      [
        `Database ${database.name} has no tables that this role may read${where}. Nothing was written.`,
        ...database.notes,
      ].join('\n  '),
    )
  }
  const written = keepConfig ? ['drizzle'] : ['drizzle', 'admin.config.ts']
  const backup = await replaceFiles(root, [...written, ...OF_THE_DEMO], async () => {
    for (const [name, text] of drizzleSource(database)) await write(path.join(root, 'drizzle', name), text)
    const schema = (await import(pathToFileURL(path.join(root, 'drizzle/schema.ts')).href)) as Record<string, unknown>
    if (!keepConfig) await write(path.join(root, 'admin.config.ts'), startingConfig(schema, inWords(database.name)))
    await format(root, written)
  })
  return { database, backup }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
}

/** Written files look like the others. An installation for production has no formatter: then they are only less tidy. */
async function format(root: string, paths: readonly string[]): Promise<void> {
  const biome = path.resolve('node_modules/.bin/biome')
  if (!existsSync(biome)) return
  const files = paths.map((name) => path.join(root, name))
  await promisify(execFile)(biome, ['check', '--write', '--vcs-enabled=false', ...files]).catch(() => {})
}
