import { expect, test } from 'vitest'
import { createTestDatabase } from '@/tests/support/database'

/* What other programs may rely on. A column more is no break; one less, or of another type, is. */

const db = await createTestDatabase()

const FIXED: Record<string, Record<string, string>> = {
  changes: {
    id: 'bigint',
    at: 'timestamp with time zone',
    tx: 'xid8',
    relation: 'text',
    record_id: 'text',
    op: 'text',
    before: 'jsonb',
    after: 'jsonb',
    changed: 'text[]',
    actor: 'text',
    db_user: 'text',
    source: 'text',
    request_id: 'text',
    reason: 'text',
  },
  effects: {
    id: 'uuid',
    kind: 'text',
    payload: 'jsonb',
    dedupe_key: 'text',
    run_at: 'timestamp with time zone',
    status: 'text',
    attempts: 'integer',
    max_attempts: 'integer',
    created_at: 'timestamp with time zone',
    created_by: 'text',
    started_at: 'timestamp with time zone',
    completed_at: 'timestamp with time zone',
    completion_payload: 'jsonb',
    last_error: 'text',
  },
  tasks: {
    name: 'text',
    value: 'jsonb',
    started_at: 'timestamp with time zone',
    runs_succeeded: 'bigint',
    runs_failed: 'bigint',
    last_succeeded_at: 'timestamp with time zone',
    last_failed_at: 'timestamp with time zone',
    last_error: 'text',
    next_run_at: 'timestamp with time zone',
    paused: 'boolean',
  },
}

test.each(Object.entries(FIXED))('kontor.%s has the columns that are promised', async (table, columns) => {
  const rows = await db.app.sql<{ name: string; type: string }[]>`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = ${`kontor.${table}`}::regclass and attnum > 0 and not attisdropped`
  expect(Object.fromEntries(rows.map(({ name, type }) => [name, type]))).toMatchObject(columns)
})
