import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { beforeEach, expect, it } from 'vitest'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { countRestore, type RestoreRequest, restoreRecords } from '@/lib/admin/operations/restore'
import { undoChanges } from '@/lib/admin/operations/undo'
import { installTriggers } from '@/lib/history'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create table orders (id integer primary key, note text);
  create table lines (id integer primary key, order_id integer not null references orders on delete cascade, qty integer);
  create table letters (id integer primary key, order_id integer references orders on delete set null);
  grant all on orders, lines, letters to kontor_app`)
const orders = pgTable('orders', { id: integer().primaryKey(), note: text() })
const lines = pgTable('lines', {
  id: integer().primaryKey(),
  orderId: integer('order_id')
    .notNull()
    .references(() => orders.id, { onDelete: 'cascade' }),
  qty: integer(),
})
const letters = pgTable('letters', {
  id: integer().primaryKey(),
  orderId: integer('order_id').references(() => orders.id, { onDelete: 'set null' }),
})
await installTriggers(
  db.owner.sql,
  ['orders', 'lines', 'letters'].map((name) => ({ schema: 'public', name })),
)
const rows = async () =>
  (await db.admin.sql`select 'o' || o::text as row from orders o union all select 'l' || l::text from lines l
    union all select 'm' || m::text from letters m order by 1`) as unknown as { row: string }[]

async function road(options: ResourceOptions<typeof lines> = {}, isEditor = false) {
  const { ctx, as, of } = await createTestAdmin(db.app, {
    schema: { orders, lines, letters },
    sections: {
      shop: section(
        'Shop',
        {},
        {
          orders: resource(orders),
          lines: resource(lines, options),
          letters: resource(letters),
        },
      ),
    },
  })
  return { road: { ctx: isEditor ? await as(EDITOR) : ctx }, orders: of(orders) }
}

let at = ''
let before: { row: string }[] = []
beforeEach(async () => {
  await db.admin.sql.unsafe(`delete from letters; delete from orders;
    insert into orders values (1, 'a'), (2, 'b'); insert into lines values (10, 1, 1), (11, 1, 2), (20, 2, 1); insert into letters values (5, 1)`)
  at = (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
  before = await rows()
  await db.admin.sql`delete from orders where id = 1`
})
const what: RestoreRequest['what'] = { id: '1' }

it('what went along with a deleted record comes back by its own operations, counted, and goes with one undo', async () => {
  const seen: unknown[] = []
  const { road: own, orders: resource } = await road({
    hooks: { beforeInsert: (_ctx, changeset) => void seen.push(changeset.values.id) },
  })
  const gone = await rows()
  const counts = { changed: 0, returned: 1, removed: 0, links: 0, along: 3 }
  expect(await countRestore(own, resource, { at, what })).toEqual(counts)
  expect(await restoreRecords(own, resource, { at, what })).toEqual(counts)
  expect(await rows()).toEqual(before)
  expect(seen).toEqual([10, 11])
  const [last] = await db.admin.sql<
    { tx: string }[]
  >`select tx::text as tx from kontor.changes order by id desc limit 1`
  await undoChanges(own, { tx: last!.tx })
  expect(await rows()).toEqual(gone)
})

it('all that a list showed comes back the same way', async () => {
  await db.admin.sql`delete from orders`
  const { road: own, orders: resource } = await road()
  expect(await restoreRecords(own, resource, { at, what: { query: '' } })).toMatchObject({ returned: 2, along: 4 })
  expect(await rows()).toEqual(before)
})

it('whoever may not create what went along is refused, and nothing comes back', async () => {
  const mayNot: ResourceOptions<typeof lines> = {
    authorize: (ctx, operation) => ctx.user.role === 'owner' || operation !== 'create',
  }
  const gone = await rows()
  const { road: editor, orders: resource } = await road(mayNot, true)
  await expect(restoreRecords(editor, resource, { at, what })).rejects.toMatchObject({ code: 'forbidden' })
  expect(await rows()).toEqual(gone)
})
