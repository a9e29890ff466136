import { expect, test } from 'vitest'
import { invitePerson, peopleOf } from '@/lib/admin/operations/people'
import { updateRecord } from '@/lib/admin/operations/update'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const { as } = await createTestAdmin(db.app, { sections: {} })
const ENV = { siteUrl: 'https://admin.test' }

async function person(role: string, email = `${role}-${Math.random()}@bakery.test`) {
  const [row] = await db.owner
    .sql`insert into kontor.users (email, name, role) values (${email}, ${role}, ${role}) returning id`
  const userId = row?.id as string
  return as({ id: `user:${userId}`, name: role, role, userId } as never)
}
const own = (ctx: Awaited<ReturnType<typeof as>>) => ctx.actor.userId ?? ''

test('an owner adds a person, who gets a link to choose a password', async () => {
  const { url } = await invitePerson(await person('owner'), ENV, {
    name: 'Ada',
    email: 'ada@bakery.test',
    role: 'editor',
  })
  expect(url).toMatch(/^https:\/\/admin\.test\/reset\/.{20,}/)
  expect((await db.owner.sql`select role, status from kontor.users where email = 'ada@bakery.test'`)[0]).toEqual({
    role: 'editor',
    status: 'active',
  })
})

test('an address that is taken, none at all, or a role that does not exist is said on its field', async () => {
  const owner = await person('owner')
  await person('editor', 'taken@bakery.test')
  const invite = (email: string, role = 'editor') => invitePerson(owner, ENV, { name: 'X', email, role })
  await expect(invite('TAKEN@bakery.test')).rejects.toMatchObject({
    details: { fields: { email: [expect.stringContaining('Taken by')] } },
  })
  await expect(invite('nonsense')).rejects.toMatchObject({ details: { fields: { email: [expect.any(String)] } } })
  await expect(invite('new@bakery.test', 'emperor')).rejects.toMatchObject({
    details: { fields: { role: [expect.any(String)] } },
  })
  await expect(invite('taken@bakery.test', 'emperor')).rejects.toMatchObject({
    details: { fields: { role: [expect.any(String)], email: [expect.stringContaining('Taken by')] } },
  })
  expect(await db.owner.sql`select 1 from kontor.users where email = 'new@bakery.test'`).toHaveLength(0)
})

test('an editor may neither add people nor touch others, and cannot promote themselves', async () => {
  const owner = await person('owner')
  const editor = await person('editor')
  await expect(invitePerson(editor, ENV, { name: 'X', email: 'x@bakery.test', role: 'owner' })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await expect(
    updateRecord({ ctx: editor }, peopleOf(editor), own(owner), { values: { name: 'Mine' } }),
  ).rejects.toMatchObject({ code: 'not_found' })
  await updateRecord({ ctx: editor }, peopleOf(editor), own(editor), { values: { role: 'owner', name: 'Renamed' } })
  expect((await db.owner.sql`select role, name from kontor.users where id = ${own(editor)}`)[0]).toEqual({
    role: 'editor',
    name: 'Renamed',
  })
})

test('the last owner can be neither demoted nor disabled', async () => {
  await db.owner.sql`delete from kontor.users`
  const owner = await person('owner')
  await expect(
    updateRecord({ ctx: owner }, peopleOf(owner), own(owner), { values: { role: 'editor' } }),
  ).rejects.toThrow(/owner/i)
  await expect(
    updateRecord({ ctx: owner }, peopleOf(owner), own(owner), { values: { status: 'disabled' } }),
  ).rejects.toThrow(/owner/i)
  expect((await db.owner.sql`select role, status from kontor.users`)[0]).toEqual({ role: 'owner', status: 'active' })
})

test('a time zone that does not exist is refused before it can break a page', async () => {
  const owner = await person('owner')
  await expect(
    updateRecord({ ctx: owner }, peopleOf(owner), own(owner), { values: { timeZone: 'Mars/Base' } }),
  ).rejects.toMatchObject({ details: { fields: { timeZone: [expect.any(String)] } } })
})
