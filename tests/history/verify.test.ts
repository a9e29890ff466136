import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeDigest, type DigestParts, digestParts } from '@/lib/history/digest'
import { eraseHistory } from '@/lib/history/erase'
import { exportSeal, sealChanges, sealedUpTo } from '@/lib/history/seals'
import { installTriggers } from '@/lib/history/triggers'
import { verifyHistory } from '@/lib/history/verify'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const by = { actor: 'user:admin', reason: 'GDPR request 17' }

/** As a superuser who first switches off what guards the log. */
async function tamper(statement: string) {
  await db.admin.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx.unsafe(statement)
  })
}

const seal = () => sealChanges(db.app.orm)
const verify = () => verifyHistory(db.app.sql)

beforeAll(async () => {
  await db.owner.sql.unsafe(`create table people (id int primary key, name text, email text, score float8)`)
  await db.owner.sql`grant all on people to kontor_app`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'people' }])
  await db.app
    .sql`insert into people select i, 'Name ' || i, 'p' || i || '@example.org', i / 3.0 from generate_series(1, 40) i`
  await db.app.sql`update people set name = 'Ünï"\\ ' || id where id <= 20`
  await db.app.sql`delete from people where id > 30`
  await seal()
})

const change = async (where: string) =>
  (
    await db.admin.sql.unsafe<{ id: string }[]>(
      `select id::text as id from kontor.changes where ${where} order by id limit 1`,
    )
  )[0]!.id

describe('an honest log', () => {
  it('verifies: every sealed row is intact, later ones wait', async () => {
    await db.app.sql`update people set score = 'NaN' where id = 1`
    expect(await verify()).toEqual({ findings: [], seals: 1, intact: 70, erased: 0, unsealed: 1, moves: [] })
    expect(await sealedUpTo(db.app.orm)).toMatch(/^\d{4}-/)
    expect(await seal()).toBe(1)
    expect(await seal()).toBe(0)
    expect(await verify()).toMatchObject({ findings: [], seals: 2, unsealed: 0 })
  })

  it('a writer open across seals is sealed when it commits, and nobody waits for it', async () => {
    const open = await db.admin.sql.reserve()
    await open`begin`
    await open`update people set name = 'slow' where id = 2`
    await db.app.sql`update people set name = 'fast' where id = 3`
    expect(await seal()).toBe(1)
    await db.app.sql`update people set name = 'faster' where id = 4`
    expect(await seal()).toBe(1)
    await open`commit`
    open.release()
    expect(await seal()).toBe(1)
    expect(await verify()).toMatchObject({ findings: [], unsealed: 0 })
  })

  it('a large transaction is sealed in batches, resumed where the last call stopped', async () => {
    await db.app.sql`insert into people select i, 'n' from generate_series(1000, 1999) i`
    const [first] = await db.app.sql`select kontor.seal_changes(100, 3) as n`
    expect(first!.n).toBe(300)
    expect(await verify()).toMatchObject({ findings: [], unsealed: 700 })
    await db.app.sql`insert into people values (5000, 'meanwhile')`
    expect((await db.app.sql`select kontor.seal_changes(100, 100) as n`)[0]!.n).toBe(700)
    expect((await db.app.sql`select kontor.seal_changes(100, 100) as n`)[0]!.n).toBe(1)
    expect(await verify()).toMatchObject({ findings: [], unsealed: 0 })
  })

  it('eight at once seal each change once', async () => {
    await db.app.sql`update people set name = 'raced'`
    const counts = await Promise.all(Array.from({ length: 8 }, seal))
    expect(counts.filter((count) => count > 0)).toHaveLength(1)
    expect((await verify()).findings).toEqual([])
  })

  it('the digest computed outside the database is the one inside', async () => {
    const rows = await db.admin.sql.unsafe<(DigestParts & { digest: Buffer })[]>(
      `select ${digestParts('c')}, kontor.change_digest(c) as digest from kontor.changes as c limit 500`,
    )
    for (const row of rows) expect(changeDigest(row).equals(row.digest)).toBe(true)
  })
})

describe('a log tampered with by a superuser', () => {
  beforeEach(async () => {
    expect((await verify()).findings).toEqual([])
    await db.admin.sql.unsafe(`create table public.saved_changes as select * from kontor.changes;
      create table public.saved_seals as select * from kontor.seals`)
  })
  afterEach(() =>
    tamper(`delete from kontor.changes; insert into kontor.changes select * from public.saved_changes;
      delete from kontor.seals; insert into kontor.seals select * from public.saved_seals;
      drop table public.saved_changes, public.saved_seals`),
  )

  it.each([
    ['a value', `after = '{"name": "forged"}'`],
    ['the actor', `actor = 'user:other'`],
    ['the time', `at = at - interval '1 second'`],
    ['the reason', `reason = 'because'`],
    ['the transaction', `tx = '3'`],
    ['the database user', `db_user = 'nobody'`],
    ['the table', `relation = 'public.other'`],
  ])('%s changed is found and named', async (_, assignment) => {
    const id = await change(`op = 'update'`)
    await tamper(`update kontor.changes set ${assignment} where id = ${id}`)
    const { findings } = await verify()
    expect(findings).toContainEqual({ kind: 'altered', changeId: id, message: expect.stringContaining(id) })
  })

  it('a removed row is found and named', async () => {
    const id = await change(`op = 'delete'`)
    await tamper(`delete from kontor.changes where id = ${id}`)
    expect((await verify()).findings).toEqual([
      { kind: 'removed', changeId: id, message: expect.stringContaining('is gone') },
    ])
  })

  it('a row put among old ones is found, with a new id or a copied one', async () => {
    await tamper(
      `insert into kontor.changes (tx, relation, record_id, op, at) values ('5', 'public.people', '1', 'insert', now() - interval '1 hour')`,
    )
    const id = await change('true')
    await tamper(`insert into kontor.changes select * from kontor.changes where id = ${id}`)
    const { findings } = await verify()
    expect(findings.filter(({ kind }) => kind === 'inserted')).toHaveLength(2)
  })

  it('a row dated back is found even after it was sealed', async () => {
    await tamper(
      `insert into kontor.changes (relation, record_id, op, at) values ('public.people', '1', 'insert', now() - interval '10 days')`,
    )
    expect(await seal()).toBe(1)
    expect((await verify()).findings).toMatchObject([{ kind: 'misdated' }])
  })

  it('a removed, rewritten or shortened chain is found', async () => {
    const exported = (await exportSeal(db.app.sql))!
    await tamper(`delete from kontor.seals where seq = 2`)
    expect((await verify()).findings.map(({ kind }) => kind)).toContain('chain')
    await tamper(
      `delete from kontor.seals; insert into kontor.seals select * from public.saved_seals; update kontor.seals set count = count + 1 where seq = 3`,
    )
    expect((await verify()).findings).toMatchObject([{ kind: 'chain', message: expect.stringContaining('Seal 3') }])
    await tamper(`delete from kontor.seals; insert into kontor.seals select * from public.saved_seals`)
    await tamper(`delete from kontor.seals where seq = (select max(seq) from kontor.seals);
      delete from kontor.changes where tx >= (select pg_snapshot_xmax(snapshot) from kontor.seals order by seq desc limit 1)`)
    expect((await verify()).findings).toEqual([])
    expect((await verifyHistory(db.app.sql, exported)).findings).toMatchObject([
      { kind: 'chain', message: expect.stringContaining('cut off') },
    ])
  })

  it('a whole chain made anew differs from the exported seal', async () => {
    const exported = (await exportSeal(db.app.sql))!
    await tamper(`update kontor.changes set actor = 'innocent' where op = 'delete'; delete from kontor.seals`)
    while ((await seal()) > 0);
    expect((await verify()).findings).toEqual([])
    expect((await verifyHistory(db.app.sql, exported)).findings).not.toEqual([])
  })
})

describe('erasure', () => {
  it('takes a record out of the log, leaves a record of itself, and verifies as erased', async () => {
    await db.app.sql`insert into people values (77, 'Eve', 'eve@example.org', 1); `
    await db.app.sql`update people set email = 'eve2@example.org' where id = 77`
    await seal()
    await db.app.sql`delete from people where id = 77`
    expect(await eraseHistory(db.owner.sql, { relation: 'public.people', recordId: '77' }, by)).toEqual({ changes: 3 })
    await seal()
    const rows = await db.app
      .sql`select op, before, after, changed from kontor.changes where record_id = '77' order by id`
    expect(rows.map(({ op, before, after, changed }) => [op, before, after, changed])).toEqual([
      ['insert', null, { id: 77 }, null],
      ['update', {}, {}, ['email']],
      ['delete', { id: 77 }, null, null],
    ])
    const everything = await db.app.sql`select coalesce(string_agg(c::text, ''), '') as text from kontor.changes c`
    expect(everything[0]!.text).not.toContain('eve')
    expect(await verify()).toMatchObject({ findings: [], erased: 2, unsealed: 0 })
    expect(await db.app.sql`select actor, reason, details from kontor.upkeep`).toMatchObject([
      { ...by, details: { what: 'record', relation: 'public.people', changes: 3 } },
    ])
    expect(await db.app.sql`select reason from kontor.erasures`).toHaveLength(3)
  })

  it('one column only, and the key where it tells who it is', async () => {
    await db.app.sql`insert into people values (78, 'Kim', 'kim@example.org', 1)`
    await eraseHistory(db.owner.sql, { relation: 'public.people', recordId: '78', columns: ['email'] }, by)
    expect((await db.app.sql`select after from kontor.changes where record_id = '78'`)[0]!.after).toEqual({
      id: 78,
      name: 'Kim',
      score: '1',
    })
    await eraseHistory(db.owner.sql, { relation: 'public.people', recordId: '78', includeKey: true }, by)
    expect(await db.app.sql`select from kontor.changes where record_id = '78'`).toHaveLength(0)
    expect((await db.app.sql`select after from kontor.changes where record_id like 'erased-%'`)[0]!.after).toEqual({})
    await seal()
    expect((await verify()).findings).toEqual([])
  })

  it('a person as the one who acted', async () => {
    await db.app.sql.begin(async (tx) => {
      await tx`select set_config('kontor.actor', 'user:bob', true), set_config('kontor.reason', 'as Bob said', true)`
      await tx`update people set score = 5 where id = 1`
    })
    await seal()
    expect(await eraseHistory(db.owner.sql, { actor: 'user:bob' }, by)).toEqual({ changes: 1 })
    expect(await db.app.sql`select reason from kontor.changes where actor = 'erased'`).toEqual([{ reason: null }])
    await seal()
    expect(await verify()).toMatchObject({ findings: [], unsealed: 0 })
  })

  it('an alteration disguised without a record is still found', async () => {
    const id = await change(`actor = 'erased'`)
    await tamper(`update kontor.changes set before = '{}' where id = ${id}`)
    expect((await verify()).findings).toMatchObject([{ kind: 'altered', changeId: id }])
  })

  it('needs a reason and the owner', async () => {
    await expect(eraseHistory(db.owner.sql, { actor: 'x' }, { ...by, reason: ' ' })).rejects.toMatchObject({
      code: 'invalid',
    })
    await expect(eraseHistory(db.app.sql, { actor: 'x' }, by)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('DATABASE_OWNER_URL'),
    })
  })
})
