import { checkServer } from '@/lib/db/server-check'
import { introspect } from './introspection/introspect'
import { say, step } from './tools/progress.mjs'
import { readArgs } from './tools/read-args'

const USAGE = `npm run introspect -- <url> [--schema <name>]… [--keep-config]

  <url>            postgres://user:password@host:5432/database; DATABASE_URL where it is left out
  --schema <name>  only this Postgres schema; may be given several times
  --keep-config    writes drizzle/ only and leaves admin.config.ts as it is`

/**
 * `npm run introspect -- <url>`: writes drizzle/ and a starting admin.config.ts for an existing database, in place of
 * the demo's or of what an earlier run wrote. What is replaced is kept. The database is only read.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { url, schemas, keepConfig } = parse(args)
  await checkServer(url, 'the address')
  const { database, backup } = await step('Reading the database', '', async (conclude) => {
    const result = await introspect({ url, root: process.cwd(), schemas, keepConfig })
    const views = result.database.relations.filter(({ kind }) => kind !== 'table').length
    const tables = result.database.relations.length - views
    conclude(`Read ${tables} tables and ${views} views of ${result.database.name}`)
    return result
  })
  for (const note of database.notes) say(`  ${note}`)
  say(`✓ Wrote drizzle/${keepConfig ? '' : ' and admin.config.ts'}`)
  if (backup) say(`  What stood there before is in ${backup}/`)
  say('\nNext: DATABASE_URL=<the same address> npm start')
}

function parse(args: readonly string[]): { url: string; schemas: string[]; keepConfig: boolean } {
  const { values, positionals } = read(args)
  const url = positionals[0] ?? process.env.DATABASE_URL
  if (!url || positionals.length > 1) throw new Error(USAGE)
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !['postgres:', 'postgresql:'].includes(parsed.protocol) || parsed.pathname.length < 2) {
    throw new Error(`That is not the address of a database.\n\n${USAGE}`)
  }
  return { url, schemas: values.schema ?? [], keepConfig: values['keep-config'] ?? false }
}

const read = (args: readonly string[]) =>
  readArgs(
    {
      args: [...args],
      allowPositionals: true,
      options: { schema: { type: 'string', multiple: true }, 'keep-config': { type: 'boolean' } },
    },
    USAGE,
  )
