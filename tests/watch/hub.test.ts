import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liveViewers, resource, section } from '@/lib/admin'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { revokeSession, startSession, users } from '@/lib/auth'
import { installTriggers } from '@/lib/history'
import { createFeed, createHub, forgetPresence, type Hub, notePresence, type Sight } from '@/lib/watch'
import type { HubParts } from '@/lib/watch/hub'
import { createTestAdmin } from '@/tests/support/admin'
import { addUser, requestFrom } from '@/tests/support/auth'
import { createTestDatabase } from '@/tests/support/database'
import { readEvents } from '@/tests/support/events'
import { eventually } from '@/tests/support/eventually'

const cakes = pgTable('cakes', {
  id: integer('id').primaryKey(),
  name: text('name'),
  margin: text('margin'),
  shelf: text('shelf'),
})
const letters = pgTable('letters', { id: integer('id').primaryKey(), words: text('words') })
const keys = pgTable('keys', { id: integer('id').primaryKey(), door: text('door') })

const db = await createTestDatabase()
const log = pino({ level: 'silent' })
const clock = { now: () => new Date() }
const feed = createFeed({ sql: db.app.sql, listenUrl: db.urls.app, log })
const hubs: Hub[] = []
const isOwner = (ctx: { user: { role: string } }) => ctx.user.role === 'owner'

const options = {
  sections: {
    shop: section(
      'Shop',
      {},
      {
        cakes: resource(cakes, { form: { fields: { margin: { read: isOwner } } } }),
        letters: resource(letters, {
          authorize: (ctx, _operation, record) => isOwner(ctx) || record?.words !== 'secret',
        }),
        keys: resource(keys, { authorize: isOwner }),
      },
    ),
  },
}

let hub: Hub
const makeHub = async (more: Partial<HubParts> = {}) => {
  const { source } = await createTestAdmin(db.app, options)
  const made = createHub({
    feed,
    log,
    sql: db.app.sql,
    findViewers: liveViewers({ source, db: db.app, clock }),
    ...more,
  })
  hubs.push(made)
  return made
}

const signIn = async (role: string) => {
  const user = await addUser(db.admin, { role })
  const session = await startSession(db.admin.orm, user.id, requestFrom(), clock.now())
  return { user, session }
}

const follow = async (session: string, { on = hub, since }: { on?: Hub; since?: string } = {}) => {
  const { events, ...rest } = readEvents(await on.open(session, { since }))
  const told = () =>
    events
      .filter(({ event }) => event === 'changes')
      .flatMap(({ data }) => data as Sight[])
      .filter((sight) => sight.resource.startsWith('shop/'))
  return { events, told, kinds: () => events.map(({ event }) => event), ...rest }
}

beforeAll(async () => {
  await db.owner.sql.unsafe(`create table cakes (id int primary key, name text, margin text, shelf text);
    create table letters (id int primary key, words text);
    create table keys (id int primary key, door text)`)
  await db.owner.sql.unsafe('grant all on cakes, letters, keys to kontor_app')
  const { source } = await createTestAdmin(db.app, options)
  await installTriggers(db.owner.sql, trackedTables(source))
  hub = await makeHub()
})
afterAll(async () => {
  for (const made of hubs) made.close()
  await feed.close()
})

describe('a stream', () => {
  it('tells which record changed, how and by whom, and no values', async () => {
    const { session } = await signIn('owner')
    const { told, wire, cancel } = await follow(session)
    await db.admin.sql`insert into cakes values (1, 'Sachertorte', '70', 'top')`
    await db.admin.sql`update cakes set name = 'Prinzregententorte', margin = '71' where id = 1`
    await db.admin.sql`delete from cakes where id = 1`
    const base = { resource: 'shop/cakes', who: 'postgres', source: 'sql' }
    // It may be gone before anybody could be asked whether it may be read: then only its end is told.
    await eventually(() => expect(told()).toContainEqual({ ...base, id: '1', op: 'delete' }))
    await db.admin.sql`insert into cakes values (2, 'Sachertorte', '70', 'top')`
    await eventually(() => expect(told()).toContainEqual({ ...base, id: '2', op: 'insert' }))
    await db.admin.sql`update cakes set name = 'Prinzregententorte', margin = '71 percent' where id = 2`
    await eventually(() =>
      expect(told()).toContainEqual({ ...base, id: '2', op: 'update', fields: ['Name', 'Margin'] }),
    )
    expect(wire.text).not.toMatch(/torte|percent/)
    await cancel()
    expect(hub.state().streams).toBe(0)
  })

  it('names no field, record or resource that the person may not see', async () => {
    const [owner, editor] = [await signIn('owner'), await signIn('editor')]
    const [all, some] = [await follow(owner.session), await follow(editor.session)]
    await db.admin.sql`insert into keys values (1, 'vault')`
    await db.admin.sql`insert into letters values (1, 'secret'), (2, 'open')`
    await db.admin.sql`insert into cakes values (10, 'Gugelhupf', '50', 'top')`
    await eventually(() => expect(all.told()).toHaveLength(4))
    await db.admin.sql`update cakes set margin = '51' where id = 10`
    await db.admin.sql`update cakes set margin = '52', name = 'Napfkuchen' where id = 10`
    await eventually(() => expect(all.told()).toHaveLength(6))
    await eventually(() => expect(some.told()).toContainEqual(expect.objectContaining({ id: '10', fields: ['Name'] })))
    await db.admin.sql`delete from letters where id = 1`
    await eventually(() => expect(all.told()).toHaveLength(7))
    await eventually(() => expect(some.told()).toContainEqual({ resource: 'shop/letters' }))
    const wire = some.wire.text
    expect(wire).not.toMatch(/keys|Margin|vault/)
    expect(some.told().filter((sight) => 'id' in sight && sight.id === '1')).toEqual([])
    await Promise.all([all.cancel(), some.cancel()])
  })

  it('goes on after an event, and says reload where it cannot', async () => {
    const { session } = await signIn('owner')
    const first = await follow(session)
    await db.admin.sql`insert into cakes values (20, 'a', 'b', 'c')`
    await eventually(() => expect(first.told()).toHaveLength(1))
    await first.cancel()
    await db.admin.sql`insert into cakes values (21, 'a', 'b', 'c')`
    const second = await follow(session, { since: first.events.at(-1)?.id })
    await db.admin.sql`insert into cakes values (22, 'a', 'b', 'c')`
    await eventually(() => expect(second.told()).toMatchObject([{ id: '21' }, { id: '22' }]))
    for (const since of ['nonsense', '1.2.3.4:5:', 'x'.repeat(5000)]) {
      const lost = await follow(session, { since })
      await eventually(() => expect(lost.kinds()).toEqual(['hello', 'reload']))
      expect(lost.events[1]?.id).toBeDefined()
      await lost.cancel()
    }
    await second.cancel()
  })

  it('tells of many changes at once by the resource alone', async () => {
    const { session } = await signIn('owner')
    const { told, cancel } = await follow(session)
    await db.admin.sql`insert into cakes select g, 'a', 'b', 'c' from generate_series(1000, 4999) g`
    await eventually(() => expect(told()).toEqual([{ resource: 'shop/cakes' }]))
    await cancel()
  })
})

describe('the hub', () => {
  it('refuses whoever is not signed in', async () => {
    const empty = await makeHub()
    const nobody = empty.open('00000000-0000-4000-8000-000000000000')
    await expect(nobody).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(empty.state().streams).toBe(0)
  })

  it('gives a session its share of streams and no more, at once too', async () => {
    const own = await makeHub()
    const { session } = await signIn('owner')
    const opened = await Promise.allSettled(Array.from({ length: 100 }, () => own.open(session)))
    const open = opened.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    expect(open).toHaveLength(12)
    for (const result of opened) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'rate_limited', status: 429 })
    }
    expect(own.state()).toMatchObject({ streams: 12, sessions: 1 })
    await Promise.all(open.map((body) => body.cancel()))
    expect(own.state().streams).toBe(0)
  })

  it('refuses streams beyond what the process can carry', async () => {
    const small = await makeHub({ maxStreams: 1 })
    const [one, two] = [await signIn('owner'), await signIn('owner')]
    const body = await small.open(one.session)
    await expect(small.open(two.session)).rejects.toMatchObject({ code: 'unavailable', status: 503 })
    await body.cancel()
  })

  it('ends the streams of a session that is revoked, and of a person who is disabled at once', async () => {
    const quick = await makeHub({ checkMs: 50 })
    const [revoked, disabled] = [await signIn('owner'), await signIn('owner')]
    const [first, second] = [await follow(revoked.session, { on: quick }), await follow(disabled.session)]
    await revokeSession(db.admin.orm, revoked.session, clock.now())
    await eventually(() => expect(first.wire.isDone).toBe(true))
    expect(first.events.at(-1)).toMatchObject({ event: 'end', data: { because: 'signed out' } })
    await db.admin.orm.update(users).set({ status: 'disabled' }).where(eq(users.id, disabled.user.id))
    await eventually(() => expect(second.wire.isDone).toBe(true))
    expect(second.told()).toEqual([])
  })

  it('goes by a person’s new role from that change on', async () => {
    const { user, session } = await signIn('owner')
    const { told, cancel } = await follow(session)
    await db.admin.orm.update(users).set({ role: 'editor' }).where(eq(users.id, user.id))
    await db.admin.sql`insert into keys values (30, 'cellar')`
    await db.admin.sql`insert into cakes values (30, 'a', 'b', 'c')`
    await eventually(() => expect(told().at(-1)).toMatchObject({ resource: 'shop/cakes', id: '30' }))
    expect(told()).not.toContainEqual(expect.objectContaining({ resource: 'shop/keys' }))
    await cancel()
  })

  it('drops a client that does not read, after telling it to look anew', async () => {
    const narrow = await makeHub({ maxWaiting: 600 })
    const { session } = await signIn('owner')
    const body = await narrow.open(session)
    for (let id = 40; narrow.state().streams > 0 && id < 90; id++) {
      await db.admin.sql`insert into cakes values (${id}, 'a', 'b', 'c')`
      await feed.position()
    }
    await eventually(() => expect(narrow.state()).toEqual({ streams: 0, sessions: 0, dropped: 1 }))
    const { events, done, wire } = readEvents(body)
    await done
    expect(events.at(-1)).toMatchObject({ event: 'reload', data: { because: 'slow' } })
    expect(wire.text.length).toBeLessThan(1200)
  })

  it('beats, so that a lost connection is noticed', async () => {
    const lively = await makeHub({ heartbeatMs: 20 })
    const { session } = await signIn('owner')
    const { kinds, cancel } = await follow(session, { on: lively })
    await eventually(() => expect(kinds().filter((kind) => kind === 'beat').length).toBeGreaterThan(2))
    await cancel()
  })

  it('ends every stream when it is closed', async () => {
    const closing = await makeHub()
    const people = await Promise.all(Array.from({ length: 10 }, () => signIn('editor')))
    const open = await Promise.all(
      people.flatMap(({ session }) => Array.from({ length: 10 }, () => follow(session, { on: closing }))),
    )
    expect(closing.state().streams).toBe(100)
    closing.close()
    await Promise.all(open.map(({ done }) => done))
    expect(open.map(({ events }) => events.at(-1)?.data)).toEqual(open.map(() => ({ because: 'restart' })))
    await expect(closing.open(people[0]!.session)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('people on a record', () => {
  it('are told of each other, until their page closes, and of nobody elsewhere', async () => {
    const quick = await makeHub({ companyMs: 20 })
    const [anna, ben] = [await signIn('owner'), await signIn('editor')]
    const [hers, his] = [await follow(anna.session, { on: quick }), await follow(ben.session, { on: quick })]
    const at = ({ user, session }: typeof anna, record: string, page: string = randomUUID()) => {
      const open = { page, session, user: user.id, resource: 'shop/cakes', record }
      return notePresence(db.app.sql, open).then(() => open)
    }
    const told = ({ events }: typeof hers) => events.filter(({ event }) => event === 'company').at(-1)?.data
    const open = await at(anna, '1')
    await at(ben, '2')
    await eventually(() => expect(told(his)).toEqual([{ resource: 'shop/cakes', id: '2', people: [] }]))
    const second = await at(ben, '1')
    const people = [{ name: ben.user.name }]
    await eventually(() => expect(told(hers)).toEqual([{ resource: 'shop/cakes', id: '1', people }]))
    // Nobody closes another one's page.
    await forgetPresence(db.app.sql, second.page, anna.session)
    await at(anna, '9', second.page)
    await at(anna, '3', open.page)
    await eventually(() => expect(told(hers)).toEqual([{ resource: 'shop/cakes', id: '3', people: [] }]))
    await at(anna, '1', open.page)
    await eventually(() => expect(told(hers)).toEqual([{ resource: 'shop/cakes', id: '1', people }]))
    await forgetPresence(db.app.sql, second.page, ben.session)
    await eventually(() => expect(told(hers)).toEqual([{ resource: 'shop/cakes', id: '1', people: [] }]))
    await Promise.all([hers.cancel(), his.cancel()])
  })
})
