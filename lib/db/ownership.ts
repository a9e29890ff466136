import type postgres from 'postgres'

/** What a role may not change because it belongs to another one. */
export interface Foreign {
  owner: string
  isSuperuser: boolean
  /** 'shop.orders', 'schema drizzle', in that order. */
  things: string[]
}

/**
 * What of these belongs to roles whose rights the connection's own does not have, by owner. What is not there belongs to
 * nobody.
 * @param relations 'schema.table'
 */
export async function foreignThings(
  sql: postgres.Sql,
  { relations, schemas }: { relations: readonly string[]; schemas: readonly string[] },
): Promise<Foreign[]> {
  const rows = await sql<Foreign[]>`
    select rolname as owner, rolsuper as "isSuperuser", array_agg(name order by is_schema, name) as things from (
      select c.relowner as owner, n.nspname || '.' || c.relname as name, false as is_schema
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname || '.' || c.relname = any (${[...relations]})
      union all
      select nspowner, 'schema ' || nspname, true from pg_namespace where nspname = any (${[...schemas]})
    ) as thing join pg_roles on pg_roles.oid = owner
    where not pg_has_role(current_user, owner, 'usage')
    group by rolname, rolsuper order by count(*) desc, 1`
  return [...rows]
}

const TOLD = 3

/**
 * Which role owns what could not be changed, and what to run; empty where nothing belongs to others.
 * @param command as it was run, such as 'npm run migrate -- --tables'
 * @param isOwnerNamed whether DATABASE_OWNER_URL names the role: then it may be given the owner's rights. The
 *   application's own role should not have them
 */
export async function ownershipHint(
  sql: postgres.Sql,
  things: { relations: readonly string[]; schemas: readonly string[] },
  { command, isOwnerNamed }: { command: string; isOwnerNamed: boolean },
): Promise<string> {
  const found = await foreignThings(sql, things)
  if (found.length === 0) return ''
  const [me] = await sql<{ role: string; database: string }[]>`
    select current_user::text as role, current_database()::text as database`
  const role = me?.role ?? ''
  const { host, port } = sql.options
  const address = `${host[0] ?? 'localhost'}:${port[0] ?? 5432}/${me?.database ?? ''}`
  const lines = found.map(({ owner, things: all }) => {
    const rest = all.length > TOLD ? ` and ${all.length - TOLD} more` : ''
    return `Role ${owner} owns ${all.slice(0, TOLD).join(', ')}${rest}; only it, and roles with its rights, may change ${all.length === 1 ? 'that' : 'those'}.`
  })
  const owner = found[0]?.owner ?? ''
  // A superuser's rights are the whole server's.
  const isGrantable = isOwnerNamed && found.every((one) => !one.isSuperuser)
  const grants = found.map((one) => `  GRANT ${quote(one.owner)} TO ${quote(role)};`)
  return [
    `It was run as role ${role}.`,
    ...lines,
    'Run it as the owner:',
    `  DATABASE_OWNER_URL=postgres://${encodeURIComponent(owner)}:<password>@${address} ${command}`,
    ...(isGrantable ? [`or give role ${role} its rights, as an administrator of the server:`, ...grants] : []),
  ].join('\n')
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
