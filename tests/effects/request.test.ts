import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { transact } from '@/lib/db/transaction'
import { requestEffect } from '@/lib/effects/request'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()

const effectOf = async (id: string) => (await db.app.sql`select * from kontor.effects where id = ${id}`)[0]!

describe('asking for an effect', () => {
  test('kind and payload alone are enough, for any role that may insert them', async () => {
    const guest = `guest_${db.name}`
    await db.admin.sql.unsafe(`do $$ begin create role ${guest}; exception when duplicate_object then null; end $$`)
    await db.admin.sql.unsafe(
      `grant usage on schema kontor to ${guest}; grant insert (kind, payload) on kontor.effects to ${guest}`,
    )
    await db.admin.sql.begin(async (tx) => {
      await tx.unsafe(`set local role ${guest}`)
      await tx`insert into kontor.effects (kind, payload) values ('guest.kind', '{"a": 1}')`
    })
    const [row] = await db.app.sql`select * from kontor.effects where kind = 'guest.kind'`
    expect(row).toMatchObject({ status: 'pending', attempts: 0, payload: { a: 1 }, created_by: 'postgres' })
    await db.admin.sql.unsafe(`drop owned by ${guest}; drop role ${guest}`)
  })

  test('a rolled back transaction asked for nothing', async () => {
    const asked = db.app.orm.transaction(async (tx) => {
      await requestEffect(tx, { kind: 'rolled.back', payload: {} })
      throw new Error('no')
    })
    await expect(asked).rejects.toThrow('no')
    expect(await db.app.sql`select 1 from kontor.effects where kind = 'rolled.back'`).toHaveLength(0)
  })

  test('the row names the actor and request of its transaction, and the database user where nobody said', async () => {
    const provenance = { actor: 'user:7', source: 'form', requestId: 'req-1' }
    const named = await transact(db.app.orm, provenance, (tx) => requestEffect(tx, { kind: 'k', payload: null }))
    const unnamed = await requestEffect(db.app.orm, { kind: 'k', payload: null })
    expect(await effectOf(named)).toMatchObject({ created_by: 'user:7', request_id: 'req-1', payload: null })
    expect(await effectOf(unnamed)).toMatchObject({ created_by: 'kontor_app', request_id: null })
  })

  test('one dedupe key of one kind is one effect, also for requests under way together', async () => {
    const request = { kind: 'once', payload: { n: 1 }, dedupeKey: 'order-1' }
    const ids = await Promise.all(Array.from({ length: 8 }, () => requestEffect(db.app.orm, request)))
    expect(new Set(ids).size).toBe(1)
    const other = await requestEffect(db.app.orm, { ...request, kind: 'other' })
    expect(other).not.toBe(ids[0])
  })

  test('a key whose first request is rolled back goes to the second', async () => {
    let waiting: Promise<string> | undefined
    await db.app.orm
      .transaction(async (tx) => {
        await requestEffect(tx, { kind: 'race', payload: 1, dedupeKey: 'x' })
        waiting = requestEffect(db.app.orm, { kind: 'race', payload: 2, dedupeKey: 'x' })
        await sleep(100)
        throw new Error('rolled back')
      })
      .catch(() => {})
    expect(await effectOf(await waiting!)).toMatchObject({ payload: 2 })
  })

  test('a trigger on a table asks for an effect, though the writer may not insert effects', async () => {
    await db.owner.sql.unsafe(`
      create table orders (id int primary key, status text);
      create function order_changed() returns trigger language plpgsql as $$
      begin perform kontor.request_effect('order.changed', jsonb_build_object('id', new.id)); return null; end $$;
      create trigger orders_insert_effect after insert on orders for each row execute function order_changed();
      grant insert on orders to kontor_app`)
    await db.app.sql`insert into orders values (4, 'new')`
    const rows = await db.app.sql`select payload from kontor.effects where kind = 'order.changed'`
    expect(rows.map((row) => row.payload)).toEqual([{ id: 4 }])
  })

  test.each([
    ['an empty kind', { kind: '', payload: {} }],
    ['a kind of 201 bytes', { kind: 'k'.repeat(201), payload: {} }],
    ['a payload with a bigint', { kind: 'k', payload: { n: 1n } }],
    ['a payload with a NUL', { kind: 'k', payload: { text: 'a\u0000b' } }],
    ['a payload with half a surrogate pair', { kind: 'k', payload: '\ud800' }],
    ['a moment that is no date', { kind: 'k', payload: {}, runAt: new Date('soon') }],
    ['no attempts at all', { kind: 'k', payload: {}, maxAttempts: 0 }],
  ])('%s is refused with a message and leaves no row', async (_what, request) => {
    const before = await db.app.sql`select count(*) from kontor.effects`
    await expect(requestEffect(db.app.orm, request)).rejects.toMatchObject({ code: 'invalid' })
    expect(await db.app.sql`select count(*) from kontor.effects`).toEqual(before)
  })

  test.each(['kind with spaces', 'ключ:🥐', "it's; drop table kontor.effects --"])(
    'the odd kind %j is kept as it is',
    async (kind) => {
      expect(await effectOf(await requestEffect(db.app.orm, { kind, payload: {} }))).toMatchObject({ kind })
    },
  )

  test('a payload of 5 MB and a moment in the year 4000 are kept', async () => {
    const payload = { text: 'x'.repeat(5_000_000) }
    const id = await requestEffect(db.app.orm, { kind: 'big', payload, runAt: new Date('4000-01-01') })
    const row = await effectOf(id)
    expect(row.payload.text.length).toBe(5_000_000)
    expect(row.run_at).toBe('4000-01-01 00:00:00+00')
  })
})

describe('what the database itself promises', () => {
  test.each([
    ["kind = 'other'", 'request'],
    ["payload = '{}'", 'request'],
    ['created_at = now()', 'request'],
    ["created_by = 'somebody'", 'request'],
    ["dedupe_key = 'x'", 'request'],
  ])('the superuser cannot update %s, nor can the application', async (assignment) => {
    const id = await requestEffect(db.app.orm, { kind: 'fixed', payload: { a: 1 } })
    const update = `update kontor.effects set ${assignment} where id = '${id}'`
    await expect(db.admin.sql.unsafe(update)).rejects.toThrow('never changes')
    await expect(db.app.sql.unsafe(update)).rejects.toThrow('permission denied')
  })

  test('a completed effect can neither be completed again nor set back', async () => {
    const id = await requestEffect(db.app.orm, { kind: 'fixed', payload: {} })
    await db.app.sql`update kontor.effects set status = 'completed', completed_at = now() where id = ${id}`
    for (const change of ["status = 'pending'", 'completed_at = now()', "completion_payload = '1'"]) {
      const update = db.admin.sql.unsafe(`update kontor.effects set ${change} where id = '${id}'`)
      await expect(update).rejects.toThrow('stays as it is')
    }
  })

  test('rows go only by retention, and only what has ended', async () => {
    await expect(db.app.sql`delete from kontor.effects`).rejects.toThrow('permission denied')
    await expect(db.admin.sql`delete from kontor.effects`).rejects.toThrow('retention')
    await expect(db.admin.sql`truncate kontor.effects`).rejects.toThrow('retention')
    const [done, open] = [
      await requestEffect(db.app.orm, { kind: 'old', payload: {} }),
      await requestEffect(db.app.orm, { kind: 'old', payload: {} }),
    ]
    await db.app.sql`update kontor.effects set status = 'completed', completed_at = now() where id = ${done}`
    await db.app
      .sql`insert into kontor.effect_attempts (effect_id, kind, attempt, outcome) values (${done}, 'old', 1, 'completed')`
    const [result] = await db.owner.sql`select kontor.purge_effects(now() + interval '1 s') as removed`
    expect(result!.removed).toBeGreaterThanOrEqual(1)
    expect(await db.app.sql`select 1 from kontor.effects where id = ${done}`).toHaveLength(0)
    expect(await db.app.sql`select 1 from kontor.effects where id = ${open}`).toHaveLength(1)
    expect(await db.app.sql`select 1 from kontor.effect_attempts where effect_id = ${done}`).toHaveLength(0)
    await expect(db.app.sql`select kontor.purge_effects(now())`).rejects.toThrow('permission denied')
  })

  test('an insert rings the doorbell after its commit, without a payload, once for many rows', async () => {
    const rings: string[] = []
    const listener = await db.app.sql.listen('kontor_effects', (payload) => rings.push(payload))
    await db.app.sql.begin(async (tx) => {
      for (let n = 0; n < 3; n++) await tx`insert into kontor.effects (kind) select 'bell' from generate_series(1, 50)`
      await sleep(50)
      expect(rings).toEqual([])
    })
    await expect.poll(() => rings).toEqual([''])
    await listener.unlisten()
  })
})
