import { expect, test } from 'vitest'
import { migrateQueue, QUEUE_SCHEMA } from '@/lib/effects/worker'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()

test('the queue is set up again although the application has made sequences of its own in it', async () => {
  await migrateQueue(db.urls.owner, 'kontor_app')
  await db.app.sql.unsafe(`create sequence ${QUEUE_SCHEMA}.made_by_the_application`)
  await migrateQueue(db.urls.owner, 'kontor_app')
  const [row] = await db.app.sql`select has_table_privilege('kontor_app', c.oid, 'insert') as may
    from pg_class c where c.relnamespace = ${QUEUE_SCHEMA}::regnamespace and c.relkind in ('r', 'p') limit 1`
  expect(row?.may).toBe(true)
})
