import { beforeAll, describe, expect, it } from 'vitest'
import { installTriggers, triggerState } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { logged } from '@/tests/support/history'

const db = await createTestDatabase()

const loggedBy = (relation: string, work: () => Promise<unknown>) => logged(db, relation, work)
const run = (statement: string) => db.admin.sql.unsafe(statement)

async function table(name: string, columns: string, redact: string[] = []) {
  await db.owner.sql.unsafe(`create table ${name} (${columns})`)
  await db.owner.sql.unsafe(`grant select, insert, update, delete, truncate on ${name} to kontor_app`)
  return installTriggers(db.owner.sql, [{ schema: 'public', name, redact }])
}

describe('what is logged', () => {
  beforeAll(() => table('cakes', 'id int primary key, name text, price numeric(8,2), note text'))

  it('an insert has the whole row after, a delete the whole row before', async () => {
    const rows = await loggedBy('public.cakes', async () => {
      await run(`insert into cakes values (1, 'Opera', 4.50, null)`)
      await run('delete from cakes where id = 1')
    })
    const whole = { id: 1, name: 'Opera', price: '4.50', note: null }
    expect(rows).toMatchObject([
      { record_id: '1', op: 'insert', before: null, after: whole, changed: null },
      { record_id: '1', op: 'delete', before: whole, after: null, changed: null },
    ])
  })

  it('an update has the columns that changed, before and after', async () => {
    await run(`insert into cakes values (2, 'Sacher', 5, 'x')`)
    const rows = await loggedBy('public.cakes', () =>
      run(`update cakes set price = 5.5, note = null, name = name where id = 2`),
    )
    expect(rows).toMatchObject([
      {
        op: 'update',
        before: { price: '5.00', note: 'x' },
        after: { price: '5.50', note: null },
        changed: ['price', 'note'],
      },
    ])
    expect(Object.keys(rows[0]!.before!)).toEqual(['note', 'price'])
  })

  it('an update that changes nothing is not logged', async () => {
    expect(await loggedBy('public.cakes', () => run('update cakes set name = name'))).toEqual([])
    await run(`insert into cakes select i, 'Many', 1 from generate_series(100, 110) i`)
    expect(await loggedBy('public.cakes', () => run('update cakes set price = price where id >= 100'))).toEqual([])
  })

  it('a statement over many rows logs each row that changed', async () => {
    const rows = await loggedBy('public.cakes', () =>
      run('update cakes set price = greatest(price, 2), note = null where id between 100 and 110'),
    )
    expect(rows).toHaveLength(11)
    expect(rows.every(({ op, changed }) => op === 'update' && changed?.join() === 'price')).toBe(true)
  })

  it('a changed key is a delete and an insert, one row or many', async () => {
    const one = await loggedBy('public.cakes', () => run('update cakes set id = 200 where id = 100'))
    expect(one.map(({ op, record_id }) => `${op} ${record_id}`).sort()).toEqual(['delete 100', 'insert 200'])
    expect(one.find(({ op }) => op === 'insert')?.after).toEqual({ id: 200, name: 'Many', price: '2.00', note: null })
    const shifted = await loggedBy('public.cakes', () =>
      run('update cakes set id = id + 500 where id between 101 and 103'),
    )
    expect(shifted.map(({ op, record_id }) => `${op} ${record_id}`).sort()).toEqual([
      'delete 101',
      'delete 102',
      'delete 103',
      'insert 601',
      'insert 602',
      'insert 603',
    ])
  })

  it('an upsert logs what it inserted and what it updated', async () => {
    const rows = await loggedBy('public.cakes', () =>
      run(
        `insert into cakes values (200, 'Known', 9), (900, 'New', 1) on conflict (id) do update set name = excluded.name`,
      ),
    )
    expect(rows.map(({ op, record_id }) => `${op} ${record_id}`).sort()).toEqual(['insert 900', 'update 200'])
  })

  it('a statement rolled back leaves nothing', async () => {
    const rows = await loggedBy('public.cakes', () =>
      db.admin.sql
        .begin(async (tx) => {
          await tx`delete from cakes`
          throw new Error('no')
        })
        .catch(() => {}),
    )
    expect(rows).toEqual([])
  })
})

describe('who and why', () => {
  beforeAll(() => table('notes', 'id int primary key, body text'))

  it('psql is source "sql" and the database user; a claim does not change db_user', async () => {
    const rows = await loggedBy('public.notes', async () => {
      await run(`insert into notes values (1, 'a')`)
      await db.app.sql.begin(async (tx) => {
        await tx`select set_config('kontor.actor', 'user:7', true), set_config('kontor.source', 'form', true),
          set_config('kontor.request_id', 'r1', true), set_config('kontor.reason', 'typo', true)`
        await tx`update notes set body = 'b'`
      })
      await db.app.sql`update notes set body = 'c'`
    })
    expect(rows).toMatchObject([
      { actor: 'postgres', db_user: 'postgres', source: 'sql', request_id: null, reason: null },
      { actor: 'user:7', db_user: 'kontor_app', source: 'form', request_id: 'r1', reason: 'typo' },
      { actor: 'kontor_app', db_user: 'kontor_app', source: 'sql', request_id: null, reason: null },
    ])
  })

  it('nonsense in the settings neither fails the write nor the log', async () => {
    const rows = await loggedBy('public.notes', () =>
      db.app.sql.begin(async (tx) => {
        for (const name of ['actor', 'source', 'request_id', 'reason', 'undoes', 'mute', 'upkeep']) {
          await tx`select set_config(${`kontor.${name}`}, ${'ü\'"\\{[;--'.repeat(20_000)}, true)`
        }
        await tx`insert into notes values (2, 'x')`
      }),
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]!.actor).toHaveLength(200)
  })

  it('nonsense about what a change undoes says nothing, and what is said of one record holds for it alone', async () => {
    const said = async (value: string, id: number) => {
      const rows = await loggedBy('public.notes', () =>
        db.app.sql.begin(async (tx) => {
          await tx`select set_config('kontor.undoes', ${value}, true)`
          await tx`insert into notes values (${id}, 'x'), (${id + 1}, 'y')`
        }),
      )
      const ids = rows.map(({ id: change }) => change)
      return (await db.admin.sql`select undoes from kontor.changes c where c.id = any(${ids}) order by c.id`).map(
        ({ undoes }) => undoes,
      )
    }
    const nonsense = [
      '17',
      '[1, 2]',
      '{"public.notes": 5}',
      '{"public.notes": {"300": "1; drop", "301": "99999999999999999999"}}',
      '{"public.notes": ',
      `${'['.repeat(100_000)}`,
      '{"public.notes": {"300": "\\u0000"}}',
    ]
    for (const [at, value] of nonsense.entries()) expect(await said(value, 300 + 10 * at)).toEqual([null, null])
    expect(await said('{"public.notes": {"401": "5,6"}, "public.other": {"400": "7"}}', 400)).toEqual([
      null,
      ['5', '6'],
    ])
  })

  it('any session settings give the same text', async () => {
    await table('moments', 'id int primary key, at timestamptz, span interval, ratio float8, bytes bytea, day date')
    const rows = await loggedBy('public.moments', () =>
      db.admin.sql.begin(async (tx) => {
        await tx.unsafe(`set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local intervalstyle = 'iso_8601';
          set local extra_float_digits = -5; set local bytea_output = 'escape'; set local standard_conforming_strings = off`)
        await tx.unsafe(
          `insert into moments values (1, '2026-01-31 00:00:00.123456+00', '1 day 2 hours', 0.1::float8 + 0.2, '\\\\001ab', '2026-03-02')`,
        )
      }),
    )
    expect(rows[0]!.after).toEqual({
      id: 1,
      at: '2026-01-31 00:00:00.123456+00',
      span: '1 day 02:00:00',
      ratio: '0.30000000000000004',
      bytes: '\\x016162',
      day: '2026-03-02',
    })
  })
})

describe('keys and names', () => {
  it('a composite key is joined by commas and escaped', async () => {
    await table('lines', 'order_no text, line int, qty int, primary key (order_no, line)')
    const rows = await loggedBy('public.lines', () =>
      run(`insert into lines values ('a,b\\c', 1, 5); update lines set qty = 6`),
    )
    expect(rows.map(({ record_id }) => record_id)).toEqual(['a\\,b\\\\c,1', 'a\\,b\\\\c,1'])
  })

  it('a table without a key is logged with whole rows', async () => {
    await table('loose', 'a int, b text')
    const rows = await loggedBy('public.loose', () =>
      run(`insert into loose values (1, 'x'); update loose set b = 'y'; update loose set b = b; delete from loose`),
    )
    expect(rows).toMatchObject([
      { op: 'insert', record_id: null, after: { a: 1, b: 'x' } },
      { op: 'update', record_id: null, before: { a: 1, b: 'x' }, after: { a: 1, b: 'y' }, changed: ['b'] },
      { op: 'delete', record_id: null, before: { a: 1, b: 'y' } },
    ])
  })

  it('hostile names of 63 bytes in tables and columns work, and two such tables stay apart', async () => {
    const long = `t"'$kontor$\\ ${'é'.repeat(25)}`
    const twin = `${long.slice(0, -1)}è`
    for (const name of [long, twin]) {
      const quoted = `"${name.replaceAll('"', '""')}"`
      await db.owner.sql.unsafe(`create table ${quoted} ("id'" int primary key, "we""i\\rd $q$" text)`)
      expect((await installTriggers(db.owner.sql, [{ schema: 'public', name }])).installed).toHaveLength(1)
      const rows = await loggedBy(`public.${name}`, () =>
        run(
          `insert into ${quoted} values (1, 'x'); update ${quoted} set "we""i\\rd $q$" = 'y'; insert into ${quoted} select generate_series(2,4), 'z'; update ${quoted} set "we""i\\rd $q$" = 'q'`,
        ),
      )
      expect(rows.map(({ op }) => op)).toEqual([
        'insert',
        'update',
        'insert',
        'insert',
        'insert',
        'update',
        'update',
        'update',
        'update',
      ])
      expect(rows[1]).toMatchObject({ after: { 'we"i\\rd $q$': 'y' }, changed: ['we"i\\rd $q$'] })
    }
  })

  it('a key as long as Postgres allows does not fail the write', async () => {
    await table('long_keys', 'id text primary key')
    const { randomBytes } = await import('node:crypto')
    const key = randomBytes(1300).toString('hex')
    const rows = await loggedBy('public.long_keys', () => db.app.sql`insert into long_keys values (${key})`)
    expect(rows[0]!.record_id).toBe(key)
  })

  it('a table of 900 columns is logged', async () => {
    const columns = Array.from({ length: 899 }, (_, i) => `c${i} int`)
    await table('wide', `id int primary key, ${columns.join(', ')}`)
    const rows = await loggedBy('public.wide', () =>
      run('insert into wide (id, c7) values (1, 2); update wide set c800 = 5'),
    )
    expect(rows[0]!.after).toMatchObject({ id: 1, c7: 2, c898: null })
    expect(rows[1]).toMatchObject({ before: { c800: null }, after: { c800: 5 }, changed: ['c800'] })
  })

  it('a table of 300 columns is logged set-wise too', async () => {
    const columns = Array.from({ length: 299 }, (_, i) => `c${i} int`)
    await table('broad', `id int primary key, ${columns.join(', ')}`)
    const rows = await loggedBy('public.broad', () =>
      run(
        'insert into broad (id, c7) values (1, 2), (2, 3); update broad set c200 = 5; update broad set c201 = 1 where id = 1',
      ),
    )
    expect(rows.map(({ op, after }) => [op, after?.c200 ?? null])).toEqual([
      ['insert', null],
      ['insert', null],
      ['update', 5],
      ['update', 5],
      ['update', null],
    ])
  })
})

describe('partitioned tables', () => {
  beforeAll(async () => {
    await db.owner.sql.unsafe(
      `create table visits (id int, day date, page text, primary key (id, day)) partition by range (day)`,
    )
    await db.owner.sql.unsafe(
      `create table visits_a partition of visits for values from ('2026-01-01') to ('2026-02-01')`,
    )
    // other column order than the root's
    await db.owner.sql.unsafe(
      `create table visits_b (extra int, page text, day date not null, id int not null); alter table visits_b drop column extra`,
    )
    await db.owner.sql.unsafe(
      `alter table visits attach partition visits_b for values from ('2026-02-01') to ('2026-03-01')`,
    )
    await installTriggers(db.owner.sql, [
      { schema: 'public', name: 'visits' },
      { schema: 'public', name: 'visits_a' },
    ])
  })

  it('writes to the root and to a partition are logged once, under the root', async () => {
    const rows = await loggedBy('public.visits', () =>
      run(
        `insert into visits values (1, '2026-01-05', '/'); insert into visits_b (id, day, page) values (2, '2026-02-05', '/b'); update visits_b set page = '/c'`,
      ),
    )
    expect(rows.map(({ op, record_id, after }) => [op, record_id, after?.page])).toEqual([
      ['insert', '1,2026-01-05', '/'],
      ['insert', '2,2026-02-05', '/b'],
      ['update', '2,2026-02-05', '/c'],
    ])
  })

  it('a row that moves between partitions is a delete and an insert', async () => {
    const rows = await loggedBy('public.visits', () => run(`update visits set day = '2026-02-06' where id = 1`))
    expect(rows.map(({ op, record_id }) => `${op} ${record_id}`)).toEqual([
      'delete 1,2026-01-05',
      'insert 1,2026-02-06',
    ])
  })

  it('a partition added later is recorded', async () => {
    await db.owner.sql.unsafe(
      `create table visits_c partition of visits for values from ('2026-03-01') to ('2026-04-01')`,
    )
    const rows = await loggedBy('public.visits', () => run(`insert into visits_c values (3, '2026-03-05', '/')`))
    expect(rows).toMatchObject([{ op: 'insert', record_id: '3,2026-03-05' }])
    const drift = await triggerState(db.owner.sql, [{ schema: 'public', name: 'visits' }])
    expect(drift.filter(({ relation }) => relation === 'public.visits')).toMatchObject([
      { kind: 'missing', message: expect.stringContaining('TRUNCATE') },
    ])
  })

  it('TRUNCATE of one partition logs its rows', async () => {
    const rows = await loggedBy('public.visits', () => run('truncate visits_b'))
    expect(rows.map(({ op, record_id }) => `${op} ${record_id}`).sort()).toEqual([
      'delete 1,2026-02-06',
      'delete 2,2026-02-05',
    ])
  })
})

describe('TRUNCATE', () => {
  it('logs the removed rows as deletes, above 100,000 only a mark', async () => {
    await table('bulk', 'id int primary key, v text')
    await run(`insert into bulk select i, 'v' from generate_series(1, 3) i`)
    const few = await loggedBy('public.bulk', () => run('truncate bulk'))
    expect(few.map(({ op, before }) => [op, before])).toEqual(
      [1, 2, 3].map((id) => ['delete', { id: `${id}`, v: 'v' }]),
    )
    await run(
      `set session_replication_role = replica; insert into bulk select i, 'v' from generate_series(1, 100001) i; set session_replication_role = origin`,
    )
    const mark = await loggedBy('public.bulk', () => run('truncate bulk'))
    expect(mark).toMatchObject([{ op: 'truncate', record_id: null, before: null, after: null, source: 'sql' }])
  })
})

describe('redaction', () => {
  beforeAll(() => table('people', 'id int primary key, name text, password text', ['password']))

  it('the value never enters the log; that it changed does', async () => {
    const rows = await loggedBy('public.people', () =>
      run(`insert into people values (1, 'Ann', 'hunter2'), (2, 'Bob', 'hunter2'); update people set password = 'hunter3' where id = 1; update people set password = 'hunter3x';
        delete from people where id = 1; truncate people`),
    )
    expect(JSON.stringify(rows)).not.toContain('hunter')
    expect(rows[2]).toMatchObject({ op: 'update', before: {}, after: {}, changed: ['password'] })
    expect(rows.map(({ op }) => op)).toEqual(['insert', 'insert', 'update', 'update', 'update', 'delete', 'delete'])
  })

  it('a key cannot be redacted', async () => {
    await expect(
      installTriggers(db.owner.sql, [{ schema: 'public', name: 'people', redact: ['id'] }]),
    ).rejects.toMatchObject({ code: 'misconfigured' })
  })
})

describe('columns that change under the triggers', () => {
  it('a column added, renamed, dropped or retyped in one session never fails a write and is logged at once', async () => {
    await table('shifting', 'id int primary key, price numeric, secret text, note text', ['secret'])
    const connection = await db.admin.sql.reserve()
    const rows = await loggedBy('public.shifting', async () => {
      await connection.unsafe(`insert into shifting values (1, 1.50, 's', 'n')`)
      await connection.unsafe(`update shifting set price = 2.50`)
      await connection.unsafe(`alter table shifting add column extra numeric`)
      await connection.unsafe(`update shifting set extra = 1.10`)
      await connection.unsafe(`alter table shifting rename price to cost`)
      await connection.unsafe(`update shifting set cost = 3`)
      await connection.unsafe(`alter table shifting drop column note`)
      await connection.unsafe(`update shifting set cost = 4`)
      await connection.unsafe(`alter table shifting alter column cost type text`)
      await connection.unsafe(`update shifting set cost = 'five'`)
      await connection.unsafe(`insert into shifting values (2, 'x', 's2', '7')`)
      await connection.unsafe(`delete from shifting where id = 2`)
    })
    connection.release()
    expect(rows.map(({ op, after }) => [op, after])).toEqual([
      ['insert', { id: 1, price: '1.50', note: 'n' }],
      ['update', { price: '2.50' }],
      ['update', { extra: '1.10' }],
      ['update', { cost: '3' }],
      ['update', { cost: '4' }],
      ['update', { cost: 'five' }],
      ['insert', { id: '2', cost: 'x', extra: '7' }],
      ['delete', null],
    ])
  })

  it('statements of many rows are logged after a column was renamed, dropped or retyped, in another session too', async () => {
    await table('moving', 'id int primary key, price numeric(10,2), note text, size text')
    await run(`insert into moving values (1, 1, 'n', '1'), (2, 2, 'n', '2')`)
    const old = await db.admin.sql.reserve()
    const rows = await loggedBy('public.moving', async () => {
      await old.unsafe(`update moving set price = price + 1`)
      await run(`alter table moving rename price to cost`)
      await old.unsafe(`update moving set cost = 4`)
      await run(`alter table moving drop column note, alter column size type int using size::int`)
      await old.unsafe(`update moving set size = 7`)
      await run(`update moving set size = 8`)
      await run(`delete from moving`)
    })
    old.release()
    expect(
      rows.filter(({ record_id }) => record_id === '2').map(({ op, before, after }) => [op, before, after]),
    ).toEqual([
      ['update', { price: '2.00' }, { price: '3.00' }],
      ['update', { cost: '3.00' }, { cost: '4.00' }],
      ['update', { size: '2' }, { size: '7' }],
      ['update', { size: '7' }, { size: '8' }],
      ['delete', { id: '2', cost: '4.00', size: '8' }, null],
    ])
  })

  it('a retyped column alone is logged in the same session', async () => {
    await table('retyped', 'id int primary key, v int')
    const connection = await db.admin.sql.reserve()
    const rows = await loggedBy('public.retyped', async () => {
      await connection.unsafe(
        `insert into retyped values (1, 1), (2, 2); update retyped set v = 3; update retyped set v = 4 where id = 1`,
      )
      await connection.unsafe(`alter table retyped alter column v type text`)
      await connection.unsafe(`update retyped set v = 'x'; update retyped set v = 'y' where id = 1`)
      await connection.unsafe(`alter table retyped alter column v type bigint using 9007199254740993`)
      await connection.unsafe(
        `update retyped set v = v + 2; update retyped set v = 5 where id = 1; delete from retyped`,
      )
    })
    connection.release()
    expect(rows.filter(({ op }) => op === 'update').map(({ after }) => after?.v)).toEqual([
      3,
      3,
      4,
      'x',
      'x',
      'y',
      '9007199254740995',
      '9007199254740995',
      '5',
    ])
  })

  it('the same on a partitioned table', async () => {
    await db.owner.sql.unsafe(
      `create table drifting (id int primary key, a text, b text) partition by hash (id); create table drifting_0 partition of drifting for values with (modulus 1, remainder 0)`,
    )
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'drifting' }])
    const connection = await db.admin.sql.reserve()
    const rows = await loggedBy('public.drifting', async () => {
      await connection.unsafe(`insert into drifting values (1, 'a', 'b'); update drifting set a = 'a2'`)
      await connection.unsafe(`alter table drifting add column c int; alter table drifting drop column b`)
      await connection.unsafe(
        `update drifting set a = 'a3', c = 1; update drifting set c = c; update drifting set id = 2`,
      )
    })
    connection.release()
    expect(rows.map(({ op, after }) => [op, after])).toEqual([
      ['insert', { id: 1, a: 'a', b: 'b' }],
      ['update', { a: 'a2' }],
      ['update', { a: 'a3', c: '1' }],
      ['delete', null],
      ['insert', { id: '2', a: 'a3', c: '1' }],
    ])
  })

  it('a renamed secret stays out of the log', async () => {
    await table('vault', 'id int primary key, secret text, open text', ['secret'])
    const rows = await loggedBy('public.vault', async () => {
      await run(`alter table vault rename secret to hidden`)
      await run(`insert into vault values (1, 'hunter2', 'o'); update vault set hidden = 'hunter3', open = 'p'`)
    })
    expect(JSON.stringify(rows)).not.toContain('hunter')
    expect(rows).toMatchObject([{ after: { id: '1', open: 'o' } }, { after: { open: 'p' } }])
  })
})

describe('large values', () => {
  it('above 1 MiB only size and digest are kept, and the write of a 10 MB row succeeds', async () => {
    await table('blobs', 'id int primary key, body text, bytes bytea, data jsonb, list text[]')
    const rows = await loggedBy('public.blobs', () =>
      run(`insert into blobs values (1, repeat('ab', 5000000), convert_to(repeat('x', 1048576), 'UTF8'), to_jsonb(repeat('y', 2000000)), array[repeat('z', 1048570)]);
        update blobs set body = repeat('b', 1048577), bytes = bytes || '\\x00'`),
    )
    const { createHash } = await import('node:crypto')
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(rows[0]!.after).toMatchObject({
      body: { size: 10_000_000, sha256: digest('ab'.repeat(5_000_000)) },
      bytes: `\\x${'78'.repeat(1_048_576)}`,
      data: { size: 2_000_002, sha256: digest(`"${'y'.repeat(2_000_000)}"`) },
      list: `{${'z'.repeat(1_048_570)}}`,
    })
    expect(rows[1]!.after).toEqual({
      body: { size: 1_048_577, sha256: digest('b'.repeat(1_048_577)) },
      bytes: { size: 1_048_577, sha256: digest(`${'x'.repeat(1_048_576)}\0`) },
    })
  })

  it('a json column with an escaped NUL, and jsonb that looks like a mark, are logged as they are', async () => {
    await table('tricky', 'id int primary key, raw json, data jsonb')
    const rows = await loggedBy('public.tricky', () =>
      run(
        `insert into tricky values (1, '{"a": "\\u0000",  "a": 1}', '{"size": 1, "sha256": "x"}'), (2, 'null', 'null'), (3, null, null), (4, '"s"', '"s"'), (5, '1.0', '[1.0]')`,
      ),
    )
    expect(rows.map(({ after }) => [after!.raw, after!.data])).toEqual([
      ['{"a": "\\u0000",  "a": 1}', '{"size": 1, "sha256": "x"}'],
      ['null', 'null'],
      [null, null],
      ['"s"', '"s"'],
      ['1.0', [1.0]],
    ])
  })
})

describe('reactions', () => {
  it('put an effect into the outbox in the same transaction, only for what was asked', async () => {
    await db.owner.sql`create table orders (id int primary key, status text, note text)`
    await installTriggers(db.owner.sql, [
      {
        schema: 'public',
        name: 'orders',
        reactions: [
          { on: ['update'], columns: ['status'], kind: 'order.status', payload: { to: 'kitchen' } },
          { on: ['insert', 'delete'], kind: 'order.any' },
        ],
      },
    ])
    await run(
      `insert into orders values (1, 'new'), (2, 'new'); update orders set note = 'x'; update orders set status = 'paid' where id = 2; delete from orders where id = 1`,
    )
    const effects = await db.admin
      .sql`select kind, payload - 'change' as payload from kontor.effects order by created_at, payload->>'record_id'`
    const base = { relation: 'public.orders', changed: null }
    expect(effects.map(({ kind, payload }) => [kind, payload])).toEqual(
      expect.arrayContaining([
        ['order.any', { ...base, op: 'insert', record_id: '1' }],
        ['order.any', { ...base, op: 'insert', record_id: '2' }],
        ['order.status', { ...base, op: 'update', record_id: '2', changed: ['status'], to: 'kitchen' }],
        ['order.any', { ...base, op: 'delete', record_id: '1' }],
      ]),
    )
    expect(effects).toHaveLength(4)
    await db.admin.sql
      .begin(async (tx) => {
        await tx`delete from orders`
        throw new Error('back')
      })
      .catch(() => {})
    expect(await db.admin.sql`select from kontor.effects`).toHaveLength(4)
  })

  it('ask for the same of a TRUNCATE as of deletes, one for the whole where its rows are too many to log', async () => {
    for (const kind of ['', ' partition by list (id)']) {
      await db.owner.sql.unsafe(`drop table if exists boxes; create table boxes (id int primary key, v text)${kind};
        ${kind && 'create table boxes_all partition of boxes default'}`)
      await installTriggers(db.owner.sql, [
        { schema: 'public', name: 'boxes', reactions: [{ on: ['delete'], kind: 'box.gone' }] },
      ])
      const asked = async (work: string) => {
        const [row] = await db.admin.sql<{ id: string }[]>`select max(id)::text as id from kontor.changes`
        await run(work)
        return db.admin.sql<{ op: string; record: string | null }[]>`
          select payload ->> 'op' as op, payload ->> 'record_id' as record from kontor.effects
          where kind = 'box.gone' and (payload ->> 'change')::bigint > ${row!.id} order by record`
      }
      expect(await asked(`insert into boxes select i, 'v' from generate_series(1, 3) i; truncate boxes`)).toEqual(
        ['1', '2', '3'].map((record) => ({ op: 'delete', record })),
      )
      const many = `set session_replication_role = replica; insert into boxes select i, 'v' from generate_series(1, 100001) i;
        set session_replication_role = origin; truncate boxes`
      expect(await asked(many)).toEqual([{ op: 'truncate', record: null }])
    }
  })
})
