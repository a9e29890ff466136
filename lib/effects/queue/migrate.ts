import { runMigrations } from 'bullmq'
import pg from 'pg'

/** BullMQ's tables, in a schema of their own: dropping it loses nothing, effects are offered again. */
export const QUEUE_SCHEMA = 'kontor_queue'

/**
 * Creates or updates the queue's tables; any number of processes may do so at once.
 * @param ownerUrl address of the role that owns (or may create) the schema
 * @param appRole the role the application runs as
 */
export async function migrateQueue(ownerUrl: string, appRole: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'kontor-migrate' })
  await client.connect()
  try {
    await runMigrations(client, QUEUE_SCHEMA)
    const role = pg.escapeIdentifier(appRole)
    // CREATE: BullMQ makes a sequence for each queue when it is first used.
    await client.query(`
      grant usage, create on schema ${QUEUE_SCHEMA} to ${role};
      grant select, insert, update, delete on all tables in schema ${QUEUE_SCHEMA} to ${role};
      grant execute on all functions in schema ${QUEUE_SCHEMA} to ${role}`)
    // Not "on all sequences": those made by the application since are its own, and nobody else's to grant.
    const { rows } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c
       where c.relkind = 'S' and c.relnamespace = $1::regnamespace and pg_has_role(c.relowner, 'USAGE')`,
      [QUEUE_SCHEMA],
    )
    for (const { name } of rows) await client.query(`grant usage, select, update on sequence ${name} to ${role}`)
  } finally {
    await client.end()
  }
}
