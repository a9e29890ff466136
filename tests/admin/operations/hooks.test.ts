import { sql } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { type Hooks, resource, section } from '@/lib/admin/define'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { updateRecord } from '@/lib/admin/operations/update'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner
  .sql`create table notes (id integer generated always as identity primary key, body text not null, mark text)`
await db.owner.sql`grant all on notes to kontor_app`

const notes = pgTable('notes', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  body: text('body').notNull(),
  mark: text('mark'),
})

const ORDER = {
  create: ['beforeInsert', 'beforeSave', 'afterSave', 'afterInsert'],
  update: ['beforeUpdate', 'beforeSave', 'afterSave', 'afterUpdate'],
  delete: ['beforeDelete', 'afterDelete'],
} as const
type Operation = keyof typeof ORDER
type HookName = keyof Hooks<typeof notes>

async function run(
  operation: Operation,
  hooks: Hooks<typeof notes>,
  road: { beforeEach?: (name: HookName) => void } = {},
) {
  const { ctx, of } = await createTestAdmin(db.app, {
    sections: { main: section('Main', {}, { notes: resource(notes, { hooks: traced(hooks, road.beforeEach) }) }) },
  })
  const [row] = await db.owner.sql`insert into notes (body) values ('before') returning id::text`
  const id = row?.id as string
  const counts = async () => (await db.owner.sql`select count(*)::int as n from notes`)[0]?.n as number
  const start = await counts()
  const work = {
    create: () => createRecord({ ctx }, of(notes), { values: { body: 'after' } }),
    update: () => updateRecord({ ctx }, of(notes), id, { values: { body: 'after' }, shown: { body: 'before' } }),
    delete: () => deleteRecords({ ctx }, of(notes), [id]),
  }[operation]
  return { work, id, counts, start }
}

function traced(hooks: Hooks<typeof notes>, beforeEach?: (name: HookName) => void): Hooks<typeof notes> {
  const names = [...new Set(Object.values(ORDER).flat())]
  return Object.fromEntries(
    names.map((name) => [
      name,
      async (...args: unknown[]) => {
        beforeEach?.(name)
        await (hooks[name] as ((...all: unknown[]) => unknown) | undefined)?.(...args)
      },
    ]),
  )
}

for (const operation of Object.keys(ORDER) as Operation[]) {
  test(`${operation} calls its hooks in order, once each`, async () => {
    const called: string[] = []
    const { work } = await run(operation, {}, { beforeEach: (name) => called.push(name) })
    await work()
    expect(called).toEqual(ORDER[operation])
  })

  for (const hook of ORDER[operation]) {
    test(`${operation} is undone when ${hook} rejects, with its message`, async () => {
      const { work, counts, start, id } = await run(operation, {
        [hook]: (ctx: { reject(message: string): never }) => ctx.reject(`no: ${hook}`),
      })
      await expect(work()).rejects.toMatchObject({ code: 'hook_rejected', message: `no: ${hook}` })
      expect(await counts()).toBe(start)
      expect((await db.owner.sql`select body from notes where id = ${id}`)[0]?.body).toBe('before')
    })

    test(`${operation} is undone when ${hook} rejects a field, and the message is on it`, async () => {
      const { work } = await run(operation, {
        [hook]: (ctx: { reject(fields: object): never }) => ctx.reject({ body: 'Too plain.' }),
      })
      await expect(work()).rejects.toMatchObject({
        code: 'hook_rejected',
        details: { fields: { body: ['Too plain.'] } },
      })
    })

    test(`${operation} is undone when ${hook} throws, and the cause is kept`, async () => {
      const { work, counts, start } = await run(operation, {
        [hook]: () => {
          throw new TypeError('a bug in a hook')
        },
      })
      await expect(work()).rejects.toThrow('a bug in a hook')
      expect(await counts()).toBe(start)
    })
  }
}

for (const [operation, hook] of [
  ['create', 'beforeInsert'],
  ['create', 'beforeSave'],
  ['update', 'beforeUpdate'],
  ['update', 'beforeSave'],
] as const) {
  test(`${hook} of ${operation} may change what is written`, async () => {
    const { work } = await run(operation, {
      [hook]: (_ctx: unknown, changeset: { values: { body?: string | null; mark?: string | null } }) => {
        changeset.values.mark = `${changeset.values.body} and more`
      },
    })
    await work()
    expect((await db.owner.sql`select mark from notes order by id desc limit 1`)[0]?.mark).toBe('after and more')
  })
}

test('what an after hook writes elsewhere is rolled back with the record', async () => {
  const { ctx, of } = await createTestAdmin(db.app, {
    sections: {
      main: section(
        'Main',
        {},
        {
          notes: resource(notes, {
            hooks: {
              afterInsert: async (inside, record) => {
                if (record.mark === 'echo') return
                await inside.create('main/notes', { body: 'echo', mark: 'echo' })
                inside.reject('after all, no')
              },
            },
          }),
        },
      ),
    },
  })
  await expect(createRecord({ ctx }, of(notes), { values: { body: 'x' } })).rejects.toThrow('after all, no')
  expect((await db.app.orm.execute(sql`select 1 from notes where mark = 'echo'`)).length).toBe(0)
})
