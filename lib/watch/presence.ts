import type postgres from 'postgres'

/** A page that shows a record. */
export interface OpenPage {
  /** Uuid that the page gave itself. */
  page: string
  session: string
  user: string
  /** Key of the resource. */
  resource: string
  record: string
}

/** Somebody else on the same record. */
export interface Present {
  name: string
}

/** What somebody on a record is told: who else is there. */
export interface Company {
  resource: string
  id: string
  people: Present[]
}

/** Pages say every 20 s that they are still there. */
const GONE_AFTER = '45 seconds'

/** Notes that a page shows a record, now. A page of another session stays as it is. */
export async function notePresence(
  sql: postgres.Sql,
  { page, session, user, resource, record }: OpenPage,
): Promise<void> {
  await sql`insert into kontor.presence (page, session_id, user_id, resource, record_id)
    values (${page}, ${session}, ${user}, ${resource}, ${record})
    on conflict (page) do update set resource = excluded.resource, record_id = excluded.record_id,
      seen_at = excluded.seen_at where presence.session_id = excluded.session_id`
}

/** Notes that a page is closed; forgets those that never said so. */
export async function forgetPresence(sql: postgres.Sql, page: string, session: string): Promise<void> {
  await sql`delete from kontor.presence where (page = ${page} and session_id = ${session})
    or seen_at < now() - interval '1 day'`
}

/** For each of these sessions, who else is on the records it has open; one statement. */
export async function companyOf(sql: postgres.Sql, sessions: readonly string[]): Promise<Map<string, Company[]>> {
  const rows = await sql<{ session: string; resource: string; id: string; names: string[] | null }[]>`
    with present as (
      select * from kontor.presence where seen_at > now() - ${GONE_AFTER}::interval
    )
    select own.session_id as session, own.resource, own.record_id as id,
      array_agg(distinct u.name order by u.name) filter (where u.id is not null) as names
    from present own
    left join present other on other.resource = own.resource and other.record_id = own.record_id
      and other.user_id <> own.user_id
    left join kontor.users u on u.id = other.user_id
    where own.session_id = any(${[...sessions]}::uuid[])
    group by own.session_id, own.resource, own.record_id
    order by own.resource, own.record_id`
  const company = new Map<string, Company[]>()
  for (const { session, resource, id, names } of rows) {
    const people = (names ?? []).map((name) => ({ name }))
    company.set(session, [...(company.get(session) ?? []), { resource, id, people }])
  }
  return company
}
