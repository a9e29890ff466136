import type { TestDatabase } from './database'

/** A row of kontor.changes as tests look at it. */
export interface Logged {
  id: string
  tx: string
  record_id: string | null
  op: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  changed: string[] | null
  actor: string
  db_user: string
  source: string
  request_id: string | null
  reason: string | null
}

/** The log rows of one table that `work` added, oldest first. */
export async function logged(db: TestDatabase, relation: string, work: () => Promise<unknown>): Promise<Logged[]> {
  const [newest] = await db.admin.sql<{ id: string }[]>`select coalesce(max(id), 0) as id from kontor.changes`
  await work()
  return db.admin.sql<Logged[]>`
    select id, tx, record_id, op, before, after, changed, actor, db_user, source, request_id, reason
    from kontor.changes where relation = ${relation} and id > ${newest?.id ?? '0'} order by id`
}
