import postgres from 'postgres'

/** The oldest PostgreSQL whose features Kontor's tables, triggers and cursors use. */
const OLDEST_MAJOR = 14

/** What a server said about itself and about us. */
export interface ServerFacts {
  /** Such as '16.4'. */
  version: string
  database: string
  /** Who we are there. */
  role: string
  /** Whether the role may create schema `kontor`, or it is there already. */
  maySetUp: boolean
}

/**
 * Connects once and looks whether Kontor can live there.
 * @param variable the environment variable `url` came from, for the message
 * @throws Error with one sentence on what is wrong and what to do; the password is never repeated
 */
export async function checkServer(url: string, variable: string): Promise<ServerFacts> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} })
  try {
    const [row] = await sql`select current_setting('server_version_num')::int as number,
      split_part(current_setting('server_version'), ' ', 1) as version, current_database()::text as database,
      current_user::text as role, pg_is_in_recovery() as "isStandby",
      has_database_privilege(current_database(), 'create')
        or exists (select from pg_namespace where nspname = 'kontor') as "maySetUp"`
    const { number, version, isStandby, ...facts } = row as unknown as ServerFacts & {
      number: number
      isStandby: boolean
    }
    if (number < OLDEST_MAJOR * 10_000) {
      throw new Error(`${variable}: the server is PostgreSQL ${version}; Kontor needs ${OLDEST_MAJOR} or newer.`)
    }
    if (isStandby) throw new Error(`${variable}: the server is a read-only standby. Give the address of its primary.`)
    return { version, ...facts }
  } catch (error) {
    throw explain(error, url, variable)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** What to grant, as SQL, where a role may not create schema `kontor`. */
export function setUpRightsHint({ role, database }: ServerFacts): string {
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
  return (
    `Role ${role} may not create schema kontor in database ${database}. Either run, as an administrator of it,\n` +
    `  GRANT CREATE ON DATABASE ${quote(database)} TO ${quote(role)};\n` +
    'or give DATABASE_OWNER_URL, the address of a role that may.'
  )
}

function explain(error: unknown, url: string, variable: string): Error {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const { hostname, port, username, pathname } = new URL(url)
  const server = `${hostname}:${port || 5432}`
  const says = (text: string) => new Error(`${variable}: ${text}`, { cause: error })
  switch (code) {
    case 'ECONNREFUSED':
      return says(`nothing listens at ${server}. Is PostgreSQL running there, and is the address right?`)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return says(`there is no host "${hostname}".`)
    case 'CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return says(`${server} does not answer. Is the address right, and does a firewall let us through?`)
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_DESTROYED':
    case 'ECONNRESET':
      return says(
        `${server} closed the connection: it does not speak PostgreSQL, wants TLS (?sslmode=require), or is shutting down.`,
      )
    case '28P01':
    case '28000':
      return says(`${server} refused role "${decodeURIComponent(username)}" (${message}).`)
    case '3D000':
      return says(`there is no database "${decodeURIComponent(pathname.slice(1))}" at ${server}.`)
    case '42501':
      return says(`the role may not connect (${message}).`)
    case '53300':
      return says(`${server} has no connection left (${message}).`)
    case '57P03':
      return says(`${server} is starting or stopping (${message}). Try again in a moment.`)
    default:
      return error instanceof Error ? error : says(String(error))
  }
}
