import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { asOfTable, changedRecords, countUnfit } from '@/lib/history'
import { asOfRecords, asOfSource, holdsNow } from '@/lib/history/as-of'
import { eraseHistory } from '@/lib/history/erase'
import { historyBounds, resolveMoment } from '@/lib/history/moment'
import { restorePlan } from '@/lib/history/restore-plan'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const { orm } = db.app
const by = { actor: 'user:admin', reason: 'asked' }
const [{ version } = { version: 0 }] = await db.admin.sql<
  { version: number }[]
>`select current_setting('server_version_num')::int as version`

const track = (name: string) => installTriggers(db.owner.sql, [{ schema: 'public', name }])
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at

/** A table's rows as JSON texts in key order: now, or as of a moment. */
async function rowsOf(name: string, at?: string): Promise<string[]> {
  const table = await asOfTable(orm, { schema: 'public', name })
  const source = at ? asOfSource(table, await resolveMoment(orm, at)) : sql.raw(name)
  const fields = sql.join(
    table.columns.map((column) => sql`t.${sql.identifier(column.name)}::text`),
    sql`, `,
  )
  const key = sql.raw(table.key.map((column) => `t."${column}"`).join(', '))
  const rows = await orm.execute<{ row: unknown }>(
    sql`select json_build_array(${fields}) as row from ${source} as t order by ${key}`,
  )
  return rows.map(({ row }) => JSON.stringify(row))
}

describe('every moment of a table that changes in every way', () => {
  const moments: { at: string; rows: string[] }[] = []
  beforeAll(async () => {
    await db.owner.sql.unsafe(
      `create table cakes (id int primary key, name text, price numeric, tags text[], data jsonb, made timestamptz, raw bytea)`,
    )
    await track('cakes')
    await db.admin.sql`grant select on cakes to kontor_app`
    const steps = [
      `insert into cakes select i, 'cake ' || i, i * 1.10, array['a', null, 'b,c'], jsonb_build_object('i', i, 'x', null), '2026-01-01', '\\x00ff' from generate_series(1, 8) i`,
      `update cakes set price = price + 0.10 where id <= 4`,
      `update cakes set name = null where id = 2`,
      `delete from cakes where id in (1, 5)`,
      `update cakes set price = 'NaN', made = 'infinity', data = 'null', tags = '{}' where id = 3`,
      `insert into cakes values (1, 'again', 9)`,
      `update cakes set id = id + 100 where id = 4`,
      `update cakes set id = id + 1 where id between 6 and 7 and false; update cakes set id = id + 10 where id >= 6 and id < 100`,
      `insert into cakes values (4, 'new four', 4) on conflict (id) do update set name = 'x'`,
      `update cakes set name = 'cut', data = null where id in (2, 104)`,
      `update cakes set name = 'cut' where id = 2; update cakes set name = 'twice' where id = 2; update cakes set price = 0`,
      `delete from cakes`,
      `insert into cakes select i, 'last', i from generate_series(1, 3) i`,
    ]
    for (const step of steps) {
      moments.push({ at: await now(), rows: await rowsOf('cakes') })
      await db.admin.sql.unsafe(step)
    }
    moments.push({ at: await now(), rows: await rowsOf('cakes') })
  })

  it('is shown as it was', async () => {
    expect(moments[3]!.rows).toHaveLength(8)
    for (const { at, rows } of moments) expect(await rowsOf('cakes', at)).toEqual(rows)
  })

  it('record by record too', async () => {
    const table = await asOfTable(orm, { schema: 'public', name: 'cakes' })
    const ids = ['1', '2', '3', '4', '16', '104', '777']
    for (const { at, rows } of moments) {
      const moment = await resolveMoment(orm, at)
      const found = await orm.execute<{ id: string; name: string }>(
        sql`select t.id::text as id, t.name from ${asOfRecords(table, moment, ids)} as t order by t.id`,
      )
      const expected = rows.map((row) => JSON.parse(row) as string[]).filter(([id]) => ids.includes(id!))
      expect(found.map(({ id, name }) => [id, name])).toEqual(expected.map(([id, name]) => [id, name]))
    }
  })

  it('WHERE, ORDER BY, LIMIT, count and single columns work on top', async () => {
    const table = await asOfTable(orm, { schema: 'public', name: 'cakes' })
    const moment = await resolveMoment(orm, moments[6]!.at)
    const rows = await orm.execute<{ id: number }>(
      sql`select t.id from ${asOfSource(table, moment, { columns: ['price'] })} as t where t.price > 3 and t.price <> 'NaN' order by t.price desc, t.id limit 2`,
    )
    expect(rows.map(({ id }) => id)).toEqual([1, 8])
    const [count] = await orm.execute<{ n: number }>(
      sql`select count(*)::int as n from ${asOfSource(table, moment, { columns: [] })} as t`,
    )
    expect(count!.n).toBe(moments[6]!.rows.length)
  })
})

describe('other keys', () => {
  it('a composite key with commas and backslashes', async () => {
    await db.owner.sql.unsafe(`create table lines (code text, "no" bigint, qty int, primary key (code, "no"))`)
    await track('lines')
    await db.admin.sql`grant select on lines to kontor_app`
    await db.admin.sql`insert into lines values (${'a,b\\'}, 1, 1), (${'\\,'}, 2, 2), (${''}, 3, 3), ('plain', 4, 4)`
    const before = await rowsOf('lines')
    const at = await now()
    await db.admin.sql`update lines set qty = 9 where "no" < 3`
    await db.admin.sql`delete from lines where "no" > 1`
    expect(await rowsOf('lines', at)).toEqual(before)
    const table = await asOfTable(orm, { schema: 'public', name: 'lines' })
    const keys = await orm.execute<{ code: string }>(
      sql`select t.code from ${asOfSource(table, await resolveMoment(orm, at), { columns: [] })} as t order by t."no"`,
    )
    expect(keys.map(({ code }) => code)).toEqual(['a,b\\', '\\,', '', 'plain'])
  })

  it('a table of nothing but its key, row by row too', async () => {
    await db.owner.sql.unsafe(
      `create table paired (a int, b int, primary key (a, b)); grant select on paired to kontor_app`,
    )
    await track('paired')
    await db.admin.sql`insert into paired select 1, n from generate_series(1, 4) n`
    const at = await now()
    await db.admin.sql`delete from paired where b = 2`
    await db.admin.sql`update paired set b = 30 where b = 3`
    await db.admin.sql`insert into paired values (1, 5)`
    expect(await rowsOf('paired', at)).toEqual(
      ['["1", "1"]', '["1", "2"]', '["1", "3"]', '["1", "4"]'].map((row) => row.replace(' ', '')),
    )
    const table = await asOfTable(orm, { schema: 'public', name: 'paired' })
    const ids = ['1,1', '1,2', '1,3', '1,30', '1,5', '1,6']
    const rows = await orm.execute<{ b: number }>(
      sql`select t.b from ${asOfRecords(table, await resolveMoment(orm, at), ids)} as t order by t.b`,
    )
    expect(rows.map(({ b }) => b)).toEqual([1, 2, 3])
  })

  it('a partitioned table, rows moved between partitions', async () => {
    await db.owner.sql.unsafe(`create table visits (id int, day date, page text, primary key (id, day)) partition by range (day);
      create table visits_a partition of visits for values from ('2026-01-01') to ('2026-02-01');
      create table visits_b partition of visits for values from ('2026-02-01') to ('2026-03-01')`)
    await track('visits')
    await db.admin.sql`grant select on visits to kontor_app`
    await db.admin.sql`insert into visits values (1, '2026-01-05', '/'), (2, '2026-02-05', '/b')`
    const [before, at] = [await rowsOf('visits'), await now()]
    await db.admin.sql`update visits set day = '2026-02-07', page = 'moved' where id = 1`
    await db.admin.sql`delete from visits_b where id = 2`
    expect(await rowsOf('visits', at)).toEqual(before)
  })

  it.each(['whole', 'cut'])('keys that change hands within one statement: %s', async (name) => {
    await db.owner.sql.unsafe(
      name === 'whole'
        ? `create table whole (id int, v text, primary key (id) deferrable)`
        : `create table cut (id int, v text, primary key (id) deferrable) partition by range (id);
          create table cut_1 partition of cut for values from (0) to (1000)`,
    )
    await track(name)
    await db.admin.sql.unsafe(
      `grant select on ${name} to kontor_app; insert into ${name} values (1, 'a'), (2, 'b'), (3, 'c')`,
    )
    const seen: { at: string; rows: string[] }[] = []
    for (const statement of [
      `update ${name} set id = case id when 1 then 2 else 1 end where id < 3`,
      `update ${name} set id = id % 3 + 1`,
      `insert into ${name} values (9, 'x'); delete from ${name} where id = 9; update ${name} set v = v || '!' where id = 2`,
      `update ${name} set id = 5 - id where id > 1; delete from ${name} where id = 3`,
    ]) {
      seen.push({ at: await now(), rows: await rowsOf(name) })
      await db.admin.sql.unsafe(statement)
    }
    for (const { at, rows } of seen) expect(await rowsOf(name, at)).toEqual(rows)
    const scope = { schema: 'public', name, past: sql`true`, present: sql`true` }
    const { steps } = await restorePlan(orm, [scope], seen[0]!.at)
    expect(steps.map(({ kind }) => kind)).not.toContain('remove')
  })

  it('a table without a key is refused with the reason', async () => {
    await db.owner.sql`create table loose (a int)`
    await expect(asOfTable(orm, { schema: 'public', name: 'loose' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('no primary key'),
    })
  })
})

describe('columns added and gone', () => {
  it('rows of before show what those columns had, and new columns as today', async () => {
    await db.owner.sql.unsafe(`create table shifting (id int primary key, kept text, gone text)`)
    await track('shifting')
    await db.admin.sql`grant select on shifting to kontor_app`
    await db.admin.sql`insert into shifting values (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')`
    const at = await now()
    await db.admin.sql`update shifting set kept = 'a2', gone = 'x2' where id = 1`
    await db.owner.sql`alter table shifting drop column gone`
    await db.owner.sql`alter table shifting add column added int default 7`
    await track('shifting')
    await db.admin.sql`update shifting set added = 8 where id = 2`
    await db.admin.sql`delete from shifting where id = 3`
    expect(await rowsOf('shifting', at)).toEqual(['["1","a","7"]', '["2","b","7"]', '["3","c","7"]'])
  })

  it('a value that a column’s type of today cannot hold is not shown there, and hides nothing else', async () => {
    await db.owner.sql.unsafe(`create type mood as enum ('fine', 'sad'); create domain small as int check (value < 1000);
      create table retyped (id int primary key, size text, mood mood, price numeric(8, 2), label text, count small)`)
    await track('retyped')
    await db.admin.sql`grant select on retyped to kontor_app`
    await db.admin.sql`insert into retyped values (1, 'big', 'sad', 123.45, 'a', 900), (2, '7', 'fine', 1.5, 'b', 1)`
    const at = await now()
    await db.admin.sql`update retyped set size = '1', mood = 'fine', price = 0, label = 'c', count = 2`
    await db.owner.sql.unsafe(`alter table retyped alter column size type int using size::int;
      alter type mood rename value 'sad' to 'blue'; alter table retyped alter column price type numeric(4, 2);
      alter domain small add constraint smaller check (value < 100)`)
    await track('retyped')
    await db.admin.sql`delete from retyped where id = 2`
    const table = await asOfTable(orm, { schema: 'public', name: 'retyped' })
    if (!table.canTryTypes) return expect(rowsOf('retyped', at)).rejects.toThrow()
    expect(await rowsOf('retyped', at)).toEqual(['["1",null,null,null,"a",null]', '["2","7","fine","1.50","b","1"]'])
    const moment = await resolveMoment(orm, at)
    const [one] = await orm.execute(sql`select t.size, t.mood, t.label from ${asOfRecords(table, moment, ['1'])} as t`)
    expect(one).toEqual({ size: null, mood: null, label: 'a' })
  })

  it('a record whose id the key’s type of today cannot hold is left out and counted, and hides nothing else', async () => {
    await db.owner.sql.unsafe(`create table rekeyed (id text primary key, name text);
      create table rekeyed_parts (code text, no int, name text, primary key (code, no))`)
    for (const name of ['rekeyed', 'rekeyed_parts']) await track(name)
    await db.admin.sql`grant select on rekeyed, rekeyed_parts to kontor_app`
    const before = await now()
    await db.admin
      .sql`insert into rekeyed values ('abc', 'letters'), ('7', 'seven'), ('8', 'eight'), ('99999999999999999999', 'long')`
    await db.admin.sql`insert into rekeyed_parts values ('a,b', 1, 'letters'), ('5', 1, 'five')`
    const at = await now()
    await db.admin.sql`update rekeyed set name = 'changed' where id = '7'`
    await db.admin.sql`delete from rekeyed where id in ('abc', '99999999999999999999')`
    await db.admin.sql`delete from rekeyed_parts where no = 1`
    await db.owner.sql.unsafe(`alter table rekeyed alter column id type bigint using id::bigint;
      alter table rekeyed_parts alter column code type int using code::int`)
    for (const name of ['rekeyed', 'rekeyed_parts']) await track(name)
    await db.admin.sql`update rekeyed set name = 'again'`
    const [table, parts] = [
      await asOfTable(orm, { schema: 'public', name: 'rekeyed' }),
      await asOfTable(orm, { schema: 'public', name: 'rekeyed_parts' }),
    ]
    if (!table.canTryTypes) return expect(rowsOf('rekeyed', at)).rejects.toThrow()
    expect(await rowsOf('rekeyed', at)).toEqual(['["7","seven"]', '["8","eight"]'])
    expect(await rowsOf('rekeyed_parts', at)).toEqual(['["5","1","five"]'])
    const moment = await resolveMoment(orm, at)
    expect(await countUnfit(orm, table, moment)).toBe(2)
    expect(await countUnfit(orm, parts, moment)).toBe(1)
    // They came later than that; and since the last of them went, none is there.
    expect(await countUnfit(orm, table, await resolveMoment(orm, before))).toBe(0)
    expect(await countUnfit(orm, table, await resolveMoment(orm, await now()))).toBe(0)
    expect(await countUnfit(orm, table, moment)).toBe(2)
    const some = await orm.execute(
      sql`select t.id, t.name from ${asOfRecords(table, moment, ['abc', '7', '8'])} as t order by 1`,
    )
    expect(some).toMatchObject([{ name: 'seven' }, { name: 'eight' }])
    const held = await orm.execute(sql`select t.id from ${asOfSource(table, moment)} as t
      where ${holdsNow(table, 't', (alias) => sql`${sql.identifier(alias)}.name = 'again'`)} order by 1`)
    expect(held).toHaveLength(2)
    const plan = await restorePlan(
      orm,
      [{ schema: 'public', name: 'rekeyed', past: sql`true`, present: sql`true` }],
      at,
    )
    expect(plan.steps.map(({ recordId, values }) => [recordId, values.name])).toEqual([
      ['7', 'seven'],
      ['8', 'eight'],
    ])
  })

  it('what an erasure took is not known: neither today’s value nor a later one stands in its place', async () => {
    await db.owner.sql.unsafe('create table erasing (id int primary key, name text, email text, data jsonb)')
    await track('erasing')
    await db.admin.sql`grant all on erasing to kontor_app`
    const moments: string[] = [await now()]
    const step = async (statement: string) => {
      await db.admin.sql.unsafe(statement)
      moments.push(await now())
    }
    await step(
      `insert into erasing select i, 'n' || i, 'e' || i, '{"size": 1, "sha256": "x"}' from generate_series(1, 4) i`,
    )
    await step(`update erasing set email = 'f' || id, data = null`)
    await step(
      `update erasing set name = 'm' || id; delete from erasing where id = 2; delete from erasing where id = 3`,
    )
    for (const recordId of ['1', '2', '3'])
      await eraseHistory(db.owner.sql, { relation: 'public.erasing', recordId, columns: ['email'] }, by)
    await step(`update erasing set email = 'g' || id; insert into erasing values (3, 'new', 'new', null)`)
    await step(`update erasing set email = 'h' || id`)
    const at = async (place: number) =>
      (await rowsOf('erasing', moments[place])).map((row) => JSON.parse(row).slice(0, 3).join(' '))
    expect(await at(1)).toEqual(['1 n1 ', '2 n2 ', '3 n3 ', '4 n4 e4'])
    expect(await at(2)).toEqual(['1 n1 f1', '2 n2 ', '3 n3 ', '4 n4 f4'])
    expect(await at(3)).toEqual(['1 m1 f1', '4 m4 f4'])
    expect(await at(4)).toEqual(['1 m1 g1', '3 new new', '4 m4 g4'])
    const table = await asOfTable(orm, { schema: 'public', name: 'erasing' })
    const moment = await resolveMoment(orm, moments[1]!)
    const found = await orm.execute<{ id: number }>(
      sql`select t.id from ${asOfSource(table, moment, { columns: ['email'] })} as t where t.email is null order by 1`,
    )
    expect(found.map(({ id }) => id)).toEqual([1, 2, 3])
    const states = await orm.execute<{ erased: string[]; state: Record<string, string> }>(
      sql`select * from (${changedRecords(table, moment, ['1', '4'])}) as r order by 1`,
    )
    expect(states.map(({ erased, state }) => [erased, state.email])).toEqual([
      [['email'], undefined],
      [[], 'e4'],
    ])
    // A restore leaves it as it is.
    const scope = { schema: 'public', name: 'erasing', recordIds: ['1', '2'] }
    const { steps } = await restorePlan(orm, [scope], moments[1]!)
    expect(steps.map(({ kind, values, unknown }) => [kind, values.email, unknown])).toEqual([
      ['set', undefined, []],
      ['restore', undefined, ['email']],
    ])
  })

  it('an erased actor or another column takes no value that the log never had', async () => {
    await db.owner.sql.unsafe('create table signing (id int primary key, name text, email text, secret text)')
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'signing', redact: ['secret'] }])
    await db.admin.sql`grant all on signing to kontor_app`
    await db.admin.sql`insert into signing values (1, 'a', 'e', 's'), (2, 'a', 'e', 's')`
    const at = await now()
    await db.admin.sql.begin(async (tx) => {
      await tx`select set_config('kontor.actor', 'user:leaving', true)`
      await tx`update signing set name = 'b', email = 'f', secret = 't'`
    })
    await eraseHistory(db.owner.sql, { actor: 'user:leaving' }, by)
    expect(await rowsOf('signing', at)).toEqual(['["1","a","e","t"]', '["2","a","e","t"]'])
    await eraseHistory(db.owner.sql, { relation: 'public.signing', recordId: '1', columns: ['email'] }, by)
    expect(await rowsOf('signing', at)).toEqual(['["1","a",null,"t"]', '["2","a","e","t"]'])
  })

  it('a virtual generated column is computed from what the others held', async ({ skip }) => {
    skip(version < 180_000)
    await db.owner.sql.unsafe(`create table computing (id int primary key, price numeric, "per ""kg" numeric, name text,
      total numeric generated always as (price * coalesce("per ""kg", 1)) virtual, label text generated always as (upper(name)) virtual)`)
    await track('computing')
    await db.admin.sql`grant all on computing to kontor_app`
    await db.admin.sql`insert into computing values (1, 2, 3, 'a'), (2, 5, null, 'b'), (3, 1, 1, 'c')`
    const [at, before] = [await now(), await rowsOf('computing')]
    await db.admin.sql.unsafe(`update computing set price = 10, name = 'x' where id = 1; delete from computing where id = 2;
      update computing set "per ""kg" = 7 where id = 3`)
    expect(await rowsOf('computing', at)).toEqual(before)
    const table = await asOfTable(orm, { schema: 'public', name: 'computing' })
    const moment = await resolveMoment(orm, at)
    const isDear = (alias: string) => sql`${sql.identifier(alias)}.total >= 5`
    const today = [{ anyOf: [isDear], today: ['1', '3'] }]
    for (const required of [[{ anyOf: [isDear] }], today]) {
      const found = await orm.execute<{ id: number; label: string }>(
        sql`select t.id, t.label from ${asOfSource(table, moment, { columns: ['total', 'label'], required })} as t
          where ${isDear('t')} order by 1`,
      )
      expect(found.map(({ id, label }) => `${id} ${label}`)).toEqual(['1 A', '2 B'])
    }
    const [one] = await orm.execute(sql`select t.total from ${asOfRecords(table, moment, ['1'])} as t`)
    expect(one).toEqual({ total: '6' })
  })

  it('a renamed column is one that is gone and one that came: what was under the old name is not lost', async () => {
    await db.owner.sql.unsafe(`create table renamed (id int primary key, kept text, before text not null)`)
    await track('renamed')
    await db.admin.sql`grant select on renamed to kontor_app`
    await db.admin.sql`insert into renamed values (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')`
    const at = await now()
    await db.admin.sql`update renamed set kept = 'a2', before = 'x2' where id = 1`
    await db.owner.sql`alter table renamed rename column before to after`
    // Before anybody ran migrate, and after.
    await db.admin.sql`update renamed set after = 'y2' where id = 2`
    await track('renamed')
    await db.admin.sql`update renamed set kept = 'c2', after = 'z2' where id = 3`
    expect(await rowsOf('renamed', at)).toEqual(['["1","a","x2"]', '["2","b","y"]', '["3","c","z"]'])
    const table = await asOfTable(orm, { schema: 'public', name: 'renamed' })
    const states = await orm.execute<{ recordId: string; state: Record<string, string> }>(
      changedRecords(table, await resolveMoment(orm, at), ['1', '2', '3']),
    )
    expect(new Map(states.map(({ recordId, state }) => [recordId, state]))).toEqual(
      new Map([
        ['1', { kept: 'a', before: 'x' }],
        ['2', { after: 'y' }],
        ['3', { kept: 'c', after: 'z' }],
      ]),
    )
  })
})

describe('what was erased', () => {
  const by = { actor: 'user:admin', reason: 'asked to be forgotten' }
  it('is not shown any more: not the values, and where the key went too, not that there was a record', async () => {
    await db.owner.sql.unsafe(`create table guests (id int primary key, name text, city text)`)
    await track('guests')
    await db.admin.sql`grant select on guests to kontor_app`
    await db.admin.sql`insert into guests select i, 'guest ' || i, 'Ulm' from generate_series(1, 4) i`
    const at = await now()
    await db.admin.sql`update guests set name = 'renamed' where id in (1, 2)`
    await db.admin.sql`delete from guests where id in (2, 3)`
    await eraseHistory(db.owner.sql, { relation: 'public.guests', recordId: '1' }, by)
    await eraseHistory(db.owner.sql, { relation: 'public.guests', recordId: '2', includeKey: true }, by)
    await eraseHistory(db.owner.sql, { relation: 'public.guests', recordId: '3', columns: ['name'] }, by)
    expect(await rowsOf('guests', at)).toEqual(['["1",null,"Ulm"]', '["3",null,"Ulm"]', '["4","guest 4","Ulm"]'])
    const plan = await restorePlan(orm, [{ schema: 'public', name: 'guests', past: sql`true`, present: sql`true` }], at)
    expect(plan.steps.map(({ kind, recordId }) => `${kind} ${recordId}`)).toEqual(['restore 3'])
  })
})

describe('moments', () => {
  it('a transaction cut by the moment had not happened yet', async () => {
    await db.owner.sql`create table pairs (id int primary key, v int)`
    await track('pairs')
    await db.admin.sql`grant select on pairs to kontor_app`
    await db.admin.sql`insert into pairs values (1, 0), (2, 0)`
    let between = ''
    await db.admin.sql.begin(async (tx) => {
      await tx`update pairs set v = 1 where id = 1`
      between = (await tx<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
      expect((await resolveMoment(orm, between)).isProvisional).toBe(true)
      await tx`update pairs set v = 1 where id = 2`
    })
    expect(await resolveMoment(orm, between)).toMatchObject({
      isProvisional: false,
      straddling: [expect.stringMatching(/^\d+$/)],
    })
    expect(await rowsOf('pairs', between)).toEqual(['["1","0"]', '["2","0"]'])
    expect(await rowsOf('pairs', await now())).toEqual(['["1","1"]', '["2","1"]'])
  })

  const SLOW = { timeout: 120_000 }
  it(
    'an open writer of another role makes its time provisional, until a seal proves it began later',
    SLOW,
    async () => {
      const early = await now()
      const holder = await db.admin.sql.reserve()
      await holder`begin`
      await holder`insert into pairs values (50, 0)`
      const during = await now()
      expect((await resolveMoment(orm, during)).isProvisional).toBe(true)
      await holder`commit`
      await db.app.sql`select kontor.seal_changes()`
      await holder`begin`
      await holder`insert into pairs values (51, 0)`
      // A writer of another database (of another test), numbered before the seal, puts the proof off until it ends.
      await expect.poll(async () => (await resolveMoment(orm, early)).isProvisional, { timeout: 100_000 }).toBe(false)
      expect((await resolveMoment(orm, await now())).isProvisional).toBe(true)
      await holder`rollback`
      holder.release()
      expect((await resolveMoment(orm, await now())).isProvisional).toBe(false)
    },
  )

  it.each(['yesterday-ish', '2026-02-30', '', "'; drop table pairs", '9999999999999'])('%j is no time', async (at) => {
    await expect(resolveMoment(orm, at)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('is not a date and time'),
    })
  })

  it.each(['2999-01-01', 'infinity', 'tomorrow', '-infinity'])('%j is still to come or no moment', async (at) => {
    await expect(resolveMoment(orm, at)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('still to come'),
    })
  })

  it('how far back one can see: since it is recorded, or since a mark', async () => {
    expect(await historyBounds(orm, 'public.loose')).toEqual({ began: null, visibleFrom: null, because: null })
    const bounds = await historyBounds(orm, 'public.pairs')
    expect(bounds).toMatchObject({ because: 'began', visibleFrom: bounds.began })
    await db.admin.sql.unsafe(
      `set session_replication_role = replica; insert into pairs select i, 0 from generate_series(100, 100200) i; set session_replication_role = origin; truncate pairs`,
    )
    const after = await historyBounds(orm, 'public.pairs')
    expect(after).toMatchObject({ because: 'truncated', began: bounds.began })
    expect(after.visibleFrom! > bounds.began!).toBe(true)
  })
})
