import { eq } from 'drizzle-orm'
import { customType, integer, pgEnum, pgTable, text } from 'drizzle-orm/pg-core'
import { beforeAll, expect, test } from 'vitest'
import { loadBytes, loadRecordView, updateRecord } from '@/lib/admin'
import { resource, section } from '@/lib/admin/define'
import { bytea } from '@/lib/db/column-types'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const mood = pgEnum('mood', ['so_so', 'fine'])
const unreadable = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

const pictures = pgTable('pictures', {
  code: text('code').primaryKey(),
  title: text('title').notNull(),
  photo: bytea('photo'),
  secret: unreadable('secret'),
  moods: mood('moods').array(),
  size: integer('size'),
})

const { ctx, as, of } = await createTestAdmin(db.app, {
  schema: { pictures },
  sections: {
    shop: section(
      'Shop',
      {},
      {
        pictures: resource(pictures, {
          form: { fields: { secret: { read: ({ user }) => user.role === 'owner' } } },
          scope: ({ user }) => (user.role === 'owner' ? undefined : sqlTitleIs('public')),
        }),
      },
    ),
  },
})

function sqlTitleIs(title: string) {
  return eq(pictures.title, title)
}

beforeAll(async () => {
  await db.owner.sql.unsafe(`
    create type mood as enum ('so_so', 'fine');
    create table pictures (code text primary key, title text not null, photo bytea, secret bytea, moods mood[], size integer);
    grant all on pictures to kontor_app;
    insert into pictures values ('a/b,c', 'public', '\\x00ff10', '\\x01', '{fine}'), ('hidden', 'private', '\\x02', null, null),
      ('none', 'public', null, null, null)`)
})

const pictured = () => of(pictures)

test('a binary value is downloaded byte by byte, by a key of any characters', async () => {
  expect([...(await loadBytes(ctx, pictured(), 'a/b,c', 'photo'))]).toEqual([0, 255, 16])
  const view = await loadRecordView(ctx, pictured(), 'a/b,c')
  const photo = view.groups.flatMap(({ fields }) => fields).find(({ name }) => name === 'photo')
  expect(photo).toMatchObject({
    downloadUrl: '/api/bytes/shop/pictures/a%2Fb%2Cc/photo',
    display: '3 bytes',
    access: 'readonly',
  })
})

test('nobody downloads what they may not see', async () => {
  const editor = await as(EDITOR)
  await expect(loadBytes(editor, pictured(), 'hidden', 'photo')).rejects.toMatchObject({ code: 'not_found' })
  await expect(loadBytes(editor, pictured(), 'a/b,c', 'secret')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(loadBytes(ctx, pictured(), 'none', 'photo')).rejects.toMatchObject({ code: 'not_found' })
  await expect(loadBytes(ctx, pictured(), 'a/b,c', 'title')).rejects.toMatchObject({ code: 'not_found' })
})

test('a save of the rest leaves the bytes as they are', async () => {
  const before = await db.owner.sql`select photo, secret from pictures where code = 'a/b,c'`
  await updateRecord({ ctx }, pictured(), 'a/b,c', {
    values: { size: '7', photo: '\\x99' },
    shown: { size: null, photo: '3' },
  })
  expect(await db.owner.sql`select photo, secret from pictures where code = 'a/b,c'`).toEqual(before)
})

test('an array of an enum offers its values, in words', async () => {
  const view = await loadRecordView(ctx, pictured(), 'a/b,c')
  const moods = view.groups.flatMap(({ fields }) => fields).find(({ name }) => name === 'moods')
  expect(moods?.choices).toEqual([
    { value: 'so_so', label: 'So so' },
    { value: 'fine', label: 'Fine' },
  ])
})
