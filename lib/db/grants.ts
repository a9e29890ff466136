import type postgres from 'postgres'

/**
 * Lets the application's role read and write the tables, views and sequences that `owner` has outside schema kontor:
 * what the embedded server needs after each migration. Default privileges would reach the change log too, so there are
 * none.
 */
export async function grantTables(owner: postgres.Sql, appRole: string): Promise<void> {
  const role = `"${appRole.replaceAll('"', '""')}"`
  const objects = await owner<{ schema: string; name: string; isSequence: boolean }[]>`
    select quote_ident(nspname) as schema, quote_ident(relname) as name, relkind = 'S' as "isSequence"
    from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where relowner = current_user::regrole and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and nspname not in ('kontor', 'drizzle') and nspname !~ '^pg_'`
  const schemas = [...new Set(objects.map(({ schema }) => schema))].filter((schema) => schema !== 'public')
  const lines = [
    ...schemas.map((schema) => `grant usage on schema ${schema} to ${role}`),
    ...objects.map(({ schema, name, isSequence }) =>
      isSequence
        ? `grant usage, select on sequence ${schema}.${name} to ${role}`
        : `grant select, insert, update, delete on table ${schema}.${name} to ${role}`,
    ),
  ]
  if (lines.length > 0) await owner.unsafe(lines.join(';\n'))
}
