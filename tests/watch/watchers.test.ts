import { eq } from 'drizzle-orm'
import { bigint, boolean, date, integer, numeric, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnCodec, defineAdmin, resolveAdmin, resource, section, watcher } from '@/lib/admin'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers } from '@/lib/history'
import { createFeed, createWatchers, type Message, type Watchers } from '@/lib/watch'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'

const db = await createTestDatabase()

const cakes = pgTable('cakes', {
  id: integer().primaryKey(),
  name: text(),
  price: numeric({ precision: 10, scale: 2 }),
  calories: bigint({ mode: 'bigint' }),
  bakedOn: date('baked_on', { mode: 'date' }),
  soldAt: timestamp('sold_at', { withTimezone: true }),
  isVegan: boolean('is_vegan'),
})
const slices = pgTable('slices', { cake: integer(), piece: text(), eaten: boolean() }, (t) => [
  primaryKey({ columns: [t.cake, t.piece] }),
])

const priced = watcher(cakes, {
  on: 'updated',
  label: 'priced',
  triggerColumns: ['price'],
  extraColumns: ['name', 'price', 'calories', 'bakedOn', 'soldAt', 'isVegan'],
})
const source = resolveAdmin(
  defineAdmin({
    sections: {
      shop: section(
        'Shop',
        {},
        {
          cakes: resource(cakes, {
            watch: [
              { on: 'inserted', extraColumns: ['name', 'price'] },
              { on: 'updated', extraColumns: ['name', 'price'] },
              { on: 'deleted', extraColumns: ['name'] },
              {
                on: 'updated',
                label: 'dear',
                when: ({ old, new: now }) => Number(now?.price) > 2 * Number(old?.price),
              },
            ],
          }),
        },
      ),
    },
    watch: [priced, watcher(slices, { on: 'updated', label: 'eaten' })],
  }),
)

const open: { close(): Promise<void> }[] = []
function startProcess(log = pino({ level: 'silent' })): Watchers {
  const feed = createFeed({ sql: db.app.sql, listenUrl: db.urls.app, log })
  const watchers = createWatchers({ feed, sql: db.app.sql, watchers: source.watchers, codec: columnCodec, log })
  open.push({
    async close() {
      await watchers.close()
      await feed.close()
    },
  })
  return watchers
}
const watchers = startProcess()

beforeAll(async () => {
  await db.owner.sql.unsafe(`
    create table cakes (id int primary key, name text, price numeric(10, 2), calories bigint, baked_on date, sold_at timestamptz, is_vegan boolean);
    create table slices (cake int, piece text, eaten boolean, primary key (cake, piece));
    grant all on cakes, slices to kontor_app`)
  await installTriggers(
    db.owner.sql,
    trackedTables(source).filter(({ schema }) => schema === 'public'),
  )
})
afterAll(async () => {
  await Promise.all(open.map((one) => one.close()))
})

const insert = (id: number, values: object = {}) =>
  db.admin.orm.insert(cakes).values({ id, name: `cake ${id}`, price: '1.00', ...values })

describe('a message', () => {
  it('has field names and the types Drizzle gives them, with values that did not change too', async () => {
    const told: Message[] = []
    await insert(1, {
      calories: 9007199254740993n,
      bakedOn: new Date('2026-01-02'),
      soldAt: new Date('2026-01-03T04:05:06Z'),
      isVegan: true,
    })
    const subscription = await watchers.subscribe(priced, { all: true }, (message) => {
      const typed: { price: string | null; calories: bigint | null } = message.extra
      told.push({ ...message, extra: { ...message.extra, price: typed.price } })
    })
    await db.admin.orm.update(cakes).set({ price: '10.10' }).where(eq(cakes.id, 1))
    await eventually(() => expect(told).toHaveLength(1))
    const unchanged = {
      name: 'cake 1',
      calories: 9007199254740993n,
      bakedOn: new Date('2026-01-02'),
      soldAt: new Date('2026-01-03T04:05:06Z'),
      isVegan: true,
    }
    expect(told[0]).toMatchObject({
      watcher: 'priced',
      key: { id: 1 },
      extra: { ...unchanged, price: '10.10' },
      old: { ...unchanged, price: '1.00' },
      changed: ['price'],
      isTruncate: false,
    })
    expect(told[0]?.at).toBeInstanceOf(Date)
    await watchers.unsubscribe(subscription)
  })

  it('tells each change with the values of its own moment, however late it is read', async () => {
    const told: string[] = []
    await insert(2)
    const subscription = await watchers.subscribe({ resource: cakes, op: 'updated' }, { key: 2 }, ({ extra, old }) => {
      told.push(`${old?.name} ${old?.price} → ${extra.name} ${extra.price}`)
    })
    await db.admin.sql.begin(async (tx) => {
      await tx`update cakes set price = 2 where id = 2`
      await tx`update cakes set name = 'tart' where id = 2`
      await tx`update cakes set price = 3 where id = 2`
      await tx`delete from cakes where id = 2`
    })
    await eventually(() =>
      expect(told).toEqual(['cake 2 1.00 → cake 2 2.00', 'cake 2 2.00 → tart 2.00', 'tart 2.00 → tart 3.00']),
    )
    await watchers.unsubscribe(subscription)
  })
})

describe('a subscription', () => {
  it('wants all, one key, or a value of a column, old or new, null too', async () => {
    const told: Record<string, unknown[]> = { all: [], key: [], price: [], none: [], composite: [] }
    const note =
      (kind: string) =>
      ({ key, watcher: from }: Message<never>) => {
        told[kind]!.push([typeof from === 'string' ? from : from.op, Object.values(key).join()])
      }
    const updated = { resource: cakes, op: 'updated' } as const
    const own = await Promise.all([
      watchers.subscribe(updated, { all: true }, note('all') as never),
      watchers.subscribe(updated, { key: 11 }, note('key') as never),
      watchers.subscribe(updated, { where: { price: '1.5' } }, note('price') as never),
      watchers.subscribe(updated, { where: { name: null } }, note('none') as never),
      watchers.subscribe('eaten', { key: { cake: 1, piece: 'a,b' } } as never, note('composite') as never),
    ])
    await insert(10)
    await insert(11)
    await db.admin.sql`update cakes set price = 1.5 where id = 10`
    await db.admin.sql`update cakes set price = 2 where id = 10`
    await db.admin.sql`update cakes set name = null where id = 11`
    await db.admin.sql`insert into slices values (1, 'a,b', false), (1, 'c', false)`
    await db.admin.sql`update slices set eaten = true`
    await eventually(() =>
      expect({ ...told, all: told.all?.toSorted() }).toEqual({
        all: [
          ['updated', '10'],
          ['updated', '10'],
          ['updated', '11'],
        ],
        key: [['updated', '11']],
        price: [
          ['updated', '10'],
          ['updated', '10'],
        ],
        none: [['updated', '11']],
        composite: [['eaten', '1,a,b']],
      }),
    )
    await Promise.all(own.map((one) => watchers.unsubscribe(one)))
    await db.admin.sql`update cakes set price = 7 where id = 11`
    await watchers.idle()
    expect(told.key).toHaveLength(1)
  })

  it('calls one handler once, whichever of its subscriptions want the change', async () => {
    const told: unknown[] = []
    const handler = ({ key }: { key: object }) => void told.push(key)
    const updated = { resource: cakes, op: 'updated' } as const
    await insert(20)
    const own = [
      await watchers.subscribe(updated, { all: true }, handler),
      await watchers.subscribe(updated, { key: 20 }, handler),
    ]
    await db.admin.sql`update cakes set price = 3 where id = 20`
    await db.admin.sql`update cakes set price = 4 where id = 20`
    await eventually(() => expect(told).toEqual([{ id: 20 }, { id: 20 }]))
    await Promise.all(own.map((one) => watchers.unsubscribe(one)))
  })

  it('hears of a change only where the columns named really changed, and where its condition holds', async () => {
    const told: string[] = []
    await insert(30)
    const own = [
      await watchers.subscribe(priced, { key: 30 }, ({ extra }) => void told.push(`priced ${extra.price}`)),
      await watchers.subscribe('dear', { all: true }, ({ key }) => void told.push(`dear ${key.id}`)),
    ]
    await db.admin.sql`update cakes set name = 'x' where id = 30`
    await db.admin.sql`update cakes set price = 1.00 where id = 30`
    await db.admin.sql`update cakes set price = 1.50, name = 'y' where id = 30`
    await db.admin.sql`update cakes set price = 5.00 where id = 30`
    await eventually(() => expect(told.toSorted()).toEqual(['dear 30', 'priced 1.50', 'priced 5.00']))
    await Promise.all(own.map((one) => watchers.unsubscribe(one)))
  })

  it('is told one record’s changes one after the other, and others meanwhile; an error harms none of them', async () => {
    const order: string[] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await insert(40)
    await insert(41)
    const subscription = await watchers.subscribe(
      { resource: cakes, op: 'updated' },
      { all: true },
      async ({ key, extra }) => {
        if (key.id === 40 && extra.price === '2.00') await held
        order.push(`${key.id}: ${extra.price}`)
        if (key.id === 41) throw new Error('a mistake of one handler')
      },
    )
    await db.admin.sql`update cakes set price = 2 where id = 40`
    await db.admin.sql`update cakes set price = 3 where id = 40`
    await db.admin.sql`update cakes set price = 2 where id = 41`
    await db.admin.sql`update cakes set price = 3 where id = 41`
    await eventually(() => expect(order).toEqual(['41: 2.00', '41: 3.00']))
    release()
    await eventually(() => expect(order.slice(2)).toEqual(['40: 2.00', '40: 3.00']))
    expect(watchers.details({ resource: cakes, op: 'updated' })).toMatchObject({ failed: 2, subscriptions: 1 })
    await watchers.unsubscribe(subscription)
  })

  it('of deleted is told of a truncate, by record', async () => {
    const told: unknown[] = []
    const subscription = await watchers.subscribe(
      { resource: cakes, op: 'deleted' },
      { all: true },
      ({ key }) => void told.push(key.id),
    )
    await db.owner.sql`delete from cakes`
    await eventually(() => expect(told.length).toBeGreaterThan(0))
    await insert(50)
    await insert(51)
    told.length = 0
    await db.owner.sql`truncate cakes`
    await eventually(() => expect(told.toSorted()).toEqual([50, 51]))
    await watchers.unsubscribe(subscription)
  })

  it('of all that is deleted is told once of a truncate whose records are too many to log', async () => {
    const told: [string, boolean, object][] = []
    const note = (who: string) => (message: Message) => void told.push([who, message.isTruncate, message.key])
    const deleted = { resource: cakes, op: 'deleted' } as const
    const own = [
      await watchers.subscribe(deleted, { all: true }, note('all') as never),
      await watchers.subscribe(deleted, { key: 1 }, note('key') as never),
      await watchers.subscribe(deleted, { where: { name: 'cake 1' } }, note('name') as never),
    ]
    await db.admin.sql.unsafe(`set session_replication_role = replica;
      insert into cakes (id, name) select i, 'cake ' || i from generate_series(1, 100001) as i;
      set session_replication_role = origin; truncate cakes`)
    await eventually(() => expect(told).toEqual([['all', true, {}]]))
    await Promise.all(own.map((one) => watchers.unsubscribe(one)))
  })

  it('is logged with each change while its watcher is debugged', async () => {
    const lines: { watcher: string; record: string; told: number }[] = []
    const talking = startProcess(
      pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    )
    await talking.subscribe(priced, { key: 160 }, () => {})
    await insert(160)
    await insert(161)
    talking.debug(priced, true)
    expect(talking.details(priced)).toMatchObject({ isDebugging: true, on: 'updated', triggerColumns: ['price'] })
    await db.admin.sql`update cakes set price = 2 where id in (160, 161)`
    await eventually(() => expect(lines).toHaveLength(2))
    expect(lines.map(({ watcher, record, told }) => [watcher, record, told]).toSorted()).toEqual([
      ['priced', '160', 1],
      ['priced', '161', 0],
    ])
    talking.debug(priced, false)
    await db.admin.sql`update cakes set price = 3 where id = 160`
    await talking.idle()
    expect(lines).toHaveLength(2)
  })

  it('is refused with what would be right', async () => {
    const refused = (...args: [never, never]) =>
      watchers
        .subscribe(...args, () => {})
        .then(
          () => 'accepted',
          (error: Error) => error.message,
        )
    const updated = { resource: cakes, op: 'updated' }
    expect(await refused('prcied' as never, { all: true } as never)).toMatch('Did you mean “priced”?')
    expect(await refused({ resource: cakes, op: 'inserted' } as never, { key: 1 } as never)).toMatch(
      'has no key to wait for',
    )
    expect(await refused(updated as never, { where: { isVegan: true } } as never)).toMatch(
      'not among its extraColumns (name, price)',
    )
    expect(await refused(updated as never, { where: { price: 'much' } } as never)).toMatch(
      'much is no numeric(10, 2) for price',
    )
    expect(await refused(updated as never, { key: 'x' } as never)).toMatch('x is no integer for id')
    expect(await refused(updated as never, {} as never)).toMatch('expected { all: true }')
    expect(await refused('eaten' as never, { key: 1 } as never)).toMatch('give { cake, piece }')
    expect(await refused('eaten' as never, { key: { cake: 1 } } as never)).toMatch('piece is missing')
  })

  it('reads on from the log where more happens than it keeps in memory', async () => {
    const seen: number[] = []
    const subscription = await watchers.subscribe(
      { resource: cakes, op: 'inserted' },
      { all: true },
      ({ key }) => void seen.push(key.id!),
    )
    await db.admin.sql`insert into cakes (id, name) select i, 'many' from generate_series(1001, 9000) as i`
    await eventually(() => expect(seen).toHaveLength(8000), 30_000)
    expect(new Set(seen).size).toBe(8000)
    await watchers.unsubscribe(subscription)
  })
})

describe('a named subscription', () => {
  it('goes on where it was after any absence, and is carried by one process at a time', async () => {
    const told: string[] = []
    const handler =
      (who: string) =>
      ({ key }: { key: { id?: number } }) =>
        void told.push(`${who} ${key.id}`)
    const inserted = { resource: cakes, op: 'inserted' } as const
    const first = startProcess()
    const one = await first.subscribe(inserted, { all: true }, handler('first'), { name: 'baker' })
    await insert(60)
    await eventually(() => expect(told).toEqual(['first 60']))
    await first.unsubscribe(one)
    await insert(61)
    await insert(62)
    const second = startProcess()
    const third = startProcess()
    await second.subscribe(inserted, { all: true }, handler('other'), { name: 'baker' })
    await third.subscribe(inserted, { all: true }, handler('other'), { name: 'baker' })
    await insert(63)
    await eventually(() => expect(told).toEqual(['first 60', 'other 61', 'other 62', 'other 63']))
  })

  it('is told where its place is no longer in the log', async () => {
    await db.admin.sql`insert into kontor.subscriptions (name, cursor) values ('sleeper', 'lost')`
    let gaps = 0
    const told: unknown[] = []
    await watchers.subscribe({ resource: cakes, op: 'inserted' }, { all: true }, ({ key }) => void told.push(key.id), {
      name: 'sleeper',
      onGap: () => gaps++,
    })
    await eventually(() => expect(gaps).toBe(1))
    await insert(70)
    await eventually(() => expect(told).toEqual([70]))
  })
})
