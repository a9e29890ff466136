import { customType, integer, pgTable } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { undoChanges } from '@/lib/admin/operations/undo'
import { installTriggers } from '@/lib/history'
import { createTestAdmin } from '@/tests/support/admin'
import { COLUMN_VALUES, OWN_TYPES } from '@/tests/support/column-values'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(OWN_TYPES)

const raw = (sqlType: string) => customType<{ data: string }>({ dataType: () => sqlType })
const tables = Object.entries(COLUMN_VALUES).map(([type, values], at) => {
  const name = `typed_${at}`
  const table = pgTable(name, { id: integer().primaryKey(), v: raw(type)(), other: integer() })
  return { type, name, table, values: [...values, 'null'] }
})
for (const { name, type } of tables)
  await db.owner.sql.unsafe(
    `create table ${name} (id int primary key, v ${type}, other int); grant all on ${name} to kontor_app`,
  )
await installTriggers(
  db.owner.sql,
  tables.map(({ name }) => ({ schema: 'public', name })),
)
const admin = await createTestAdmin(db.app, {
  schema: Object.fromEntries(tables.map(({ name, table }) => [name, table])),
  sections: { main: section('Main', {}, Object.fromEntries(tables.map(({ name, table }) => [name, resource(table)]))) },
})

/** The transaction number of some statements by psql. */
const psql = (statements: string) =>
  db.admin.sql.begin(async (tx) => {
    await tx.unsafe(statements)
    return (await tx<{ tx: string }[]>`select pg_current_xact_id()::text as tx`)[0]!.tx
  })

test.each(tables)('$type comes back byte for byte through the operations', async ({ name, values }) => {
  const rows = () =>
    db.admin.sql.unsafe(`select id, v::text, other, pg_column_size(v) as size from ${name} order by id`)
  const cases = values.map((value, at) => ({ id: at + 1, value, next: values[(at + 1) % values.length]! }))
  await db.admin.sql.unsafe(cases.map(({ id, value }) => `insert into ${name} values (${id}, ${value}, 0)`).join(';'))
  const before = (await rows()).map(({ id, v, other }) => ({ id, v, other }))
  const works = [
    cases.map(({ id, next }) => `update ${name} set v = ${next}, other = 1 where id = ${id}`).join(';'),
    `delete from ${name}`,
    cases.map(({ id, value }) => `insert into ${name} values (${id + 100}, ${value}, 0)`).join(';'),
  ]
  for (const work of works) {
    await undoChanges({ ctx: admin.ctx }, { tx: await psql(work) })
    expect((await rows()).map(({ id, v, other }) => ({ id, v, other }))).toEqual(before)
  }
  const [{ tx } = { tx: '' }] = await db.admin.sql<{ tx: string }[]>`
    select tx::text from kontor.changes where relation = ${`public.${name}`} order by id desc limit 1`
  // The undo of an undo.
  await undoChanges({ ctx: admin.ctx }, { tx })
  expect(await rows()).toHaveLength(2 * before.length)
})
