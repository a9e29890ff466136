import { expect, test } from 'vitest'
import { seedOnce } from '@/bin/supervisor/demo'
import { createDemoUsers } from '@/lib/auth'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const given = { adminEmail: 'jane@example.test', adminPassword: 'correct horse battery' }
const OWNER = { email: 'owner@bakery.test', password: 'bakery-owner', role: 'owner' }
const EDITOR = { email: 'editor@bakery.test', password: 'bakery-editor', role: 'editor' }

test('the given administrator joins the people of a demo that is there already, and their password is not printed', async () => {
  await db.owner.sql`insert into kontor.migrations (name, digest) values ('demo', '')`
  await createDemoUsers(db.owner.sql)
  expect(await seedOnce(db.urls.owner)).toEqual([OWNER, EDITOR])
  const jane = { email: given.adminEmail, password: undefined, role: 'owner' }
  expect(await seedOnce(db.urls.owner, given)).toEqual([jane, OWNER, EDITOR])
})

test('whoever changed their password is not announced', async () => {
  await db.owner
    .sql`update kontor.users set password_hash = null where email in ('owner@bakery.test', 'jane@example.test')`
  expect(await seedOnce(db.urls.owner, given)).toEqual([EDITOR])
})
