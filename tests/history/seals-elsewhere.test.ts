import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Database } from '@/lib/db/client'
import { startTemporary } from '@/lib/db/embedded'
import { retainHistory } from '@/lib/history/retention'
import { sealChanges } from '@/lib/history/seals'
import { installTriggers } from '@/lib/history/triggers'
import { verifyHistory } from '@/lib/history/verify'
import { createTestDatabase } from '@/tests/support/database'
import { databaseUrl, prepareTemplate, TEMPLATE } from '@/tests/support/template'

/** A database with the log: of this cluster (`here`), whose transaction numbers are far ahead, or of a new one (`there`). */
interface Place {
  admin: Database
  app: Database
  owner: Database
}

const here = await createTestDatabase()
const opened: Database[] = []
let other: Awaited<ReturnType<typeof startTemporary>>
let made = 0

beforeAll(async () => {
  other = await startTemporary({ max_connections: '60' })
  await prepareTemplate(other.url)
  await burn(here)
  await makeTable(here)
})
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()))
  await other.stop()
})

/** Uses up transaction numbers. */
const burn = ({ admin }: Place) =>
  admin.sql.unsafe(`create temp table if not exists burnt (); do $$ begin
    for i in 1..20000 loop begin insert into burnt default values; exception when others then null; end; end loop; end $$`)

async function makeTable({ owner }: Place) {
  await owner.sql.unsafe('create table if not exists people (id int primary key, name text)')
  await owner.sql`grant all on people to kontor_app`
  await installTriggers(owner.sql, [{ schema: 'public', name: 'people' }])
}

async function newDatabase(url: string): Promise<Place> {
  const name = `moved_${++made}`
  const server = connect(url, { max: 1, statementTimeoutMs: 0 })
  await server.sql.unsafe(`create database ${name} template ${TEMPLATE} owner kontor_owner`)
  await server.close()
  const place = {
    admin: connect(databaseUrl(url, name), { max: 3, statementTimeoutMs: 0 }),
    app: connect(databaseUrl(url, name, 'kontor_app'), { max: 3 }),
    owner: connect(databaseUrl(url, name, 'kontor_owner'), { max: 3 }),
  }
  opened.push(...Object.values(place))
  return place
}

const LOG = ['kontor.changes', 'kontor.seals', 'kontor.upkeep', 'kontor.erasures']

/** What pg_dump and pg_restore do to the log: its rows as they are, then the sequence, then the triggers. */
async function restoreInto(url: string, from: Place): Promise<Place> {
  const to = await newDatabase(url)
  const session = await to.admin.sql.reserve()
  await session`set session_replication_role = replica`
  for (const table of LOG) {
    const [rows] = await from.admin.sql.unsafe(`select coalesce(json_agg(t), '[]')::text as json from ${table} as t`)
    await session.unsafe(
      `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, $1)`,
      [rows!.json],
    )
  }
  const [sequence] = await from.admin.sql`select last_value::text as n from kontor.changes_id_seq`
  await session`select setval('kontor.changes_id_seq', ${sequence!.n})`
  await session`reset session_replication_role`
  session.release()
  await makeTable(to)
  await to.admin.sql`truncate kontor.tracked`
  return to
}

/** As a superuser who first switches off what guards the log. */
const tamper = ({ admin }: Place, statement: string) =>
  admin.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx.unsafe(statement)
  })

const seal = ({ app }: Place) => sealChanges(app.orm)
const verify = ({ app }: Place) => verifyHistory(app.sql)
const nextXid = async ({ app }: Place) =>
  Number((await app.sql`select pg_snapshot_xmax(pg_current_snapshot())::text as n`)[0]!.n)
let id = 0
const write = ({ app }: Place, count = 1) =>
  app.sql`insert into people select ${id}::int + i, 'n' from generate_series(1, ${count}) as i`.then(() => {
    id += count
  })

/** Writes without committing; the returned function commits. */
async function open({ admin }: Place): Promise<() => Promise<void>> {
  const session = await admin.sql.reserve()
  await session`begin`
  await session`insert into people values (${++id}, 'open')`
  return async () => {
    await session`commit`
    session.release()
  }
}

/** A log of which all but the last is sealed: a transaction that was open then, whose id is lower, and ten newer changes. */
async function source(): Promise<Place> {
  await write(here, 30)
  const commit = await open(here)
  await write(here, 5)
  await seal(here)
  await commit()
  await write(here, 10)
  return here
}

it('a dump restored into a cluster with lower transaction numbers is sealed on, and verifies', async () => {
  const there = await restoreInto(other.url, await source())
  const left = await nextXid(here)
  expect(await nextXid(there)).toBeLessThan(left)
  expect(await verify(there)).toMatchObject({ findings: [], unsealed: 11, moves: [] })
  await write(there, 3)
  expect(await verify(there)).toMatchObject({ findings: [], unsealed: 14 })
  const commit = await open(there)
  await write(there)
  expect(await seal(there)).toBe(15)
  expect(await seal(there)).toBe(0)
  await write(there)
  await commit()
  expect(await verify(there)).toMatchObject({ findings: [], unsealed: 2, moves: [{}] })
  expect(await seal(there)).toBe(2)
  const { findings, unsealed, intact } = await verify(there)
  const [log] = await there.app.sql`select count(*)::int as n from kontor.changes`
  expect({ findings, unsealed, intact }).toEqual({ findings: [], unsealed: 0, intact: log!.n })
  // The numbers of the other cluster come up here: nothing that came along is taken for new.
  while ((await nextXid(there)) <= left) await burn(there)
  expect(await seal(there)).toBe(0)
  expect(await verify(there)).toMatchObject({ findings: [], intact: log!.n })
})

it('goes on in a third cluster, and in the first again', async () => {
  const there = await restoreInto(other.url, await source())
  await write(there, 4)
  await seal(there)
  const commit = await open(there)
  await write(there, 2)
  await seal(there)
  await commit()
  await write(there, 2)
  const back = await restoreInto(here.urls.admin, there)
  await write(back, 2)
  expect(await verify(back)).toMatchObject({ findings: [], unsealed: 5 })
  expect(await seal(back)).toBe(5)
  const again = await restoreInto(other.url, back)
  await write(again)
  expect(await seal(again)).toBe(1)
  expect(await verify(again)).toMatchObject({ findings: [], unsealed: 0, moves: [{}, {}, {}] })
})

it('many changes at once are sealed in batches after a move, too, also where the dump was taken between two', async () => {
  await source()
  await write(here, 50)
  await here.app.sql`select kontor.seal_changes(20, 1)`
  const there = await restoreInto(other.url, here)
  await write(there, 30)
  for (let calls = 0; calls < 3; calls++) {
    await there.app.sql`select kontor.seal_changes(10, 1)`
    await write(there)
    expect((await verify(there)).findings).toEqual([])
  }
  while ((await seal(there)) > 0);
  expect(await verify(there)).toMatchObject({ findings: [], unsealed: 0, moves: [{}] })
})

it('a log without any seal is sealed after a move', async () => {
  const empty = await newDatabase(here.urls.admin)
  await makeTable(empty)
  await write(empty, 5)
  await empty.app.sql`select kontor.seal_changes(2, 1)`
  const there = await restoreInto(other.url, empty)
  await write(there, 2)
  while ((await seal(there)) > 0);
  expect(await verify(there)).toMatchObject({ findings: [], unsealed: 0 })
})

it('pg_upgrade keeps the numbers and changes the identifier: nothing is lost, nothing sealed twice', async () => {
  const place = await restoreInto(here.urls.admin, await source())
  await seal(place)
  const commit = await open(place)
  await write(place, 2)
  await seal(place)
  await commit()
  await write(place, 2)
  await tamper(place, `update kontor.seals set system = '1' where system is not null`)
  expect(await verify(place)).toMatchObject({ findings: [], unsealed: 3 })
  await write(place, 2)
  expect(await seal(place)).toBe(5)
  await write(place)
  expect(await seal(place)).toBe(1)
  const { findings, unsealed, intact, moves } = await verify(place)
  const [log] = await place.app.sql`select count(*)::int as n from kontor.changes`
  expect({ findings, unsealed, intact, moves: moves.length }).toEqual({
    findings: [],
    unsealed: 0,
    intact: log!.n,
    moves: 1,
  })
})

const asOld = (place: Place) =>
  tamper(place, 'update kontor.seals set system = null, newest = null where floor is null')

it('seals made before the identifier was kept verify as before, and the chain goes on', async () => {
  const place = await restoreInto(here.urls.admin, await source())
  await seal(place)
  await asOld(place)
  expect(await verify(place)).toMatchObject({ findings: [], unsealed: 0 })
  await write(place, 2)
  expect(await seal(place)).toBe(2)
  expect(await verify(place)).toMatchObject({ findings: [], unsealed: 0, moves: [] })
})

it('they are known as those of another cluster where its numbers have not come yet', async () => {
  // Whatever was used up there meanwhile: the numbers here are ahead again.
  while ((await nextXid(here)) <= (await nextXid(await newDatabase(other.url)))) await burn(here)
  const copy = await restoreInto(here.urls.admin, await source())
  await seal(copy)
  await asOld(copy)
  const younger = await restoreInto(other.url, copy)
  await write(younger, 2)
  expect((await verify(younger)).findings).toEqual([])
  while ((await seal(younger)) > 0);
  expect(await verify(younger)).toMatchObject({ findings: [], unsealed: 0, moves: [{}] })
})

it('what is put among sealed changes after a move is found', async () => {
  const there = await restoreInto(other.url, await source())
  await write(there, 2)
  await seal(there)
  await write(there)
  await seal(there)
  const forge = (row: string) => tamper(there, `insert into kontor.changes (id, tx, relation, record_id, op) ${row}`)
  // With a number still to come here, beside what came along; with an old one; copied.
  await forge(`select min(id) - 1, '4000000000', 'public.people', '1', 'insert' from kontor.changes`)
  await forge(`select nextval('kontor.changes_id_seq'), '5', 'public.people', '1', 'insert'`)
  const { findings } = await verify(there)
  expect(findings.map(({ kind }) => kind)).toEqual(['inserted', 'inserted'])
  await tamper(there, 'update kontor.seals set floor = 0 where floor is not null')
  expect((await verify(there)).findings.map(({ kind }) => kind)).toContain('chain')
})

it('retention waits until a restored log is sealed again', async () => {
  await source()
  await here.owner.sql`select kontor.add_change_partitions()`
  const there = await restoreInto(other.url, here)
  await tamper(
    there,
    `create table kontor.changes_2020_01 (like kontor.changes including defaults);
    alter table kontor.changes attach partition kontor.changes_2020_01 for values from ('2020-01-01') to ('2020-02-01');
    insert into kontor.changes (at, relation, record_id, op) values ('2020-01-05', 'public.people', '1', 'insert')`,
  )
  const options = { before: '2021-01-01', actor: 'a', reason: 'r' }
  await there.admin.sql`alter table kontor.changes_2020_01 owner to kontor_owner`
  await expect(retainHistory(there.owner.sql, options)).rejects.toMatchObject({ code: 'conflict' })
  while ((await seal(there)) > 0);
  expect((await retainHistory(there.owner.sql, options)).detached).toMatchObject([{ rows: 1 }])
})
