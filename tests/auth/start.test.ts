import { expect, it } from 'vitest'
import { hasUsers, startAuth } from '@/lib/auth'
import { connect } from '@/lib/db/client'
import { authContext } from '@/tests/support/auth'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'

const db = await createTestDatabase()
const given = { adminEmail: 'first@example.test', adminPassword: 'correct horse battery' }

it('a web process that starts before its database makes the administrator once the database is there', async () => {
  const away = `${db.name}_away`
  const early = connect(db.urls.app.replace(db.name, away))
  const auth = authContext(early, given)
  try {
    await startAuth(auth, 50)
    expect(auth.lines[0]).toMatch(/does not say yet who may sign in/)
    await db.admin.sql.unsafe(`create database ${away} template kontor_template`)
    await eventually(async () => expect(await hasUsers(early.orm)).toBe(true))
  } finally {
    await early.close()
    await db.admin.sql.unsafe(`drop database if exists ${away} with (force)`)
  }
})

it('a web process does not start with an administrator nobody could be', async () => {
  const auth = authContext(db.app, { ...given, adminPassword: 'short' })
  await expect(startAuth(auth)).rejects.toMatchObject({ code: 'misconfigured' })
})
