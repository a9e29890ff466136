import { beforeAll, describe, expect, it } from 'vitest'
import { changesById, siteHistory, undoChunk, undoneBy, undoPlan } from '@/lib/history'
import { eraseHistory } from '@/lib/history/erase'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { logged } from '@/tests/support/history'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()
const { orm } = db.app
const run = (statement: string) => db.admin.sql.unsafe(statement)

const TABLES = ['shops', 'cakes', 'slices', 'tags', 'nodes', 'codes', 'wide']

beforeAll(async () => {
  await db.owner.sql.unsafe(`
    create table shops (id int primary key, city text, secret text);
    create table cakes (id int primary key, name text not null, price numeric(8,2), shop_id int references shops on delete cascade);
    create table slices (id int primary key, cake_id int not null references cakes on delete cascade, size int);
    create table tags (id int primary key, label text, cake_id int references cakes on delete set null);
    create table nodes (id int primary key, parent_id int references nodes on delete cascade);
    create table codes (id int primary key, code text unique, twice int generated always as (id * 2) stored);
    create table wide (id int generated always as identity primary key, a text, b text, body text);
    create table loose (a int)`)
  await db.owner.sql.unsafe(
    `grant all on all tables in schema public to kontor_app; grant all on all sequences in schema public to kontor_app`,
  )
  await installTriggers(
    db.owner.sql,
    [...TABLES, 'loose'].map((name) => ({ schema: 'public', name, redact: name === 'shops' ? ['secret'] : [] })),
  )
})

/** Everything in all tables, to compare before and after. */
const state = async () =>
  (
    await db.admin.sql.unsafe(
      TABLES.map((name) => `select '${name}' as table, to_jsonb(t)::text as row from ${name} t`).join(' union all ') +
        ' order by 1, 2',
    )
  ).map(({ table, row }) => `${table} ${row}`)

/** The transaction number of one statement (or several in one transaction). */
async function txOf(statements: string): Promise<string> {
  return db.admin.sql.begin(async (tx) => {
    await tx.unsafe(statements)
    return (await tx<{ tx: string }[]>`select pg_current_xact_id()::text as tx`)[0]!.tx
  })
}

describe('a transaction undone leaves everything as it was', () => {
  it.each([
    ['an insert', `insert into cakes values (100, 'x', 1, 1)`],
    ['updates of many rows', `update cakes set price = price * 2, name = name || '!'`],
    ['a deletion with everything it took along', 'delete from shops where id = 1'],
    ['a deletion that only emptied references', `delete from slices where cake_id = 3; delete from cakes where id = 3`],
    ['a tree deleted in one statement', 'delete from nodes where id = 1'],
    [
      'a subtree moved, its old parent deleted',
      'update nodes set parent_id = 5 where id = 2; delete from nodes where id = 4',
    ],
    [
      'unique values swapped through deletion',
      `delete from codes where id = 1; insert into codes values (9, 'a'); update codes set code = 'z' where id = 2; update codes set code = 'b' where id = 3`,
    ],
    ['a key changed', 'update codes set id = 50 where id = 2'],
    ['keys shifted', 'update codes set id = id + 1000'],
    [
      'one row many times',
      `update wide set a = '1' where id = 1; update wide set b = '2' where id = 1; update wide set a = '3' where id = 1; delete from wide where id = 1`,
    ],
    [
      'deleted and inserted again',
      `delete from wide where id = 2; insert into wide overriding system value values (2, 'new', 'row')`,
    ],
    [
      'inserted and deleted again',
      `insert into wide (a) values ('gone'); delete from wide where a = 'gone'; update wide set a = 'x' where id = 3`,
    ],
    [
      'a new parent taken up by old children',
      `insert into shops values (70, 'Nice'); update cakes set shop_id = 70 where id in (1, 2)`,
    ],
    ['a truncation', 'truncate tags'],
  ])('%s', async (_, statements) => {
    await run(`truncate shops, cakes, slices, tags, nodes, codes, wide restart identity`)
    await run(`insert into shops values (1, 'Paris'), (2, 'Lyon');
      insert into cakes select i, 'cake ' || i, i, 1 + i % 2 from generate_series(1, 6) i;
      insert into slices select i, 1 + i % 6, i from generate_series(1, 12) i;
      insert into tags select i, 't' || i, 1 + i % 6 from generate_series(1, 6) i;
      insert into nodes values (1, null), (2, 1), (3, 2), (4, 1), (5, null), (6, 3);
      insert into codes (id, code) values (1, 'a'), (2, 'b'), (3, 'c');
      insert into wide (a, b, body) values ('a', 'b', 'c'), ('d', null, 'f'), ('g', 'h', null)`)
    const before = await state()
    const tx = await txOf(statements)
    const after = await state()
    expect(after).not.toEqual(before)
    const plan = await undoPlan(orm, { tx })
    expect(plan).toMatchObject({ isClean: true, undone: [] })
    await take(db, plan)
    expect(await state()).toEqual(before)
    // Undo of the undo, by the transaction the undo was.
    const undo = (await siteHistory(orm, { source: 'undo' }, { limit: 1 })).entries[0]!.change.tx
    const redo = await undoPlan(orm, { tx: undo })
    expect(redo.isClean).toBe(true)
    await take(db, redo)
    expect(await state()).toEqual(after)
  })
})

describe('one change of several', () => {
  it('a deletion undone alone brings its cascaded children back too', async () => {
    await run(
      `truncate shops, cakes, slices, tags cascade; insert into shops values (1, 'Paris'); insert into cakes values (1, 'a', 1, 1); insert into slices values (1, 1, 1), (2, 1, 2); insert into tags values (1, 't', 1)`,
    )
    const before = await state()
    const [change] = await logged(db, 'public.shops', () => run('delete from shops'))
    const plan = await undoPlan(orm, { ids: [change!.id] })
    expect(plan.steps.map(({ kind, relation }) => `${kind} ${relation}`)).toEqual([
      'restore public.shops',
      'restore public.cakes',
      expect.stringMatching(/slices|tags/),
      expect.any(String),
      expect.any(String),
    ])
    expect(plan.changeIds).toHaveLength(5)
    await take(db, plan)
    expect(await state()).toEqual(before)
  })

  it('a deletion undone alone brings back what its transaction had to delete before it', async () => {
    await db.owner.sql.unsafe(`create table invoices (id int primary key);
      create table items (id int primary key, invoice_id int references invoices on delete restrict);
      create table notes (id int primary key, item_id int references items);
      grant all on invoices, items, notes to kontor_app`)
    await installTriggers(
      db.owner.sql,
      ['invoices', 'items', 'notes'].map((name) => ({ schema: 'public', name })),
    )
    await run(`insert into invoices values (1), (2); insert into items values (1, 1), (2, 1), (3, 1), (4, 2);
      insert into notes values (1, 2), (2, 4)`)
    await run('delete from items where id = 3')
    const [change] = await logged(db, 'public.invoices', () =>
      txOf('delete from notes; delete from items; delete from invoices where id = 1'),
    )
    const plan = await undoPlan(orm, { ids: [change!.id] })
    expect(plan.steps.map(({ kind, relation, recordId }) => `${kind} ${relation} ${recordId}`).sort()).toEqual([
      'restore public.invoices 1',
      'restore public.items 1',
      'restore public.items 2',
      'restore public.notes 1',
    ])
    await take(db, plan)
    expect(await db.admin.sql`select id from items order by id`).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('a deletion undone alone out of a cascade larger than an undo may be', async () => {
    await db.owner.sql.unsafe(`create table many (id int primary key);
      create table parts (id int primary key, many_id int references many on delete cascade);
      grant all on many, parts to kontor_app`)
    await installTriggers(
      db.owner.sql,
      ['many', 'parts'].map((name) => ({ schema: 'public', name })),
    )
    await run(
      'insert into many select generate_series(1, 10); insert into parts select n, 1 + n % 10 from generate_series(1, 10100) n',
    )
    await run('delete from parts where many_id <> 3 and id % 10 > 5')
    await run('insert into parts select n + 100000, 5 from generate_series(1, 8000) n')
    const deleted = await logged(db, 'public.many', () => run('delete from many'))
    const third = deleted.find(({ record_id }) => record_id === '3')!
    const { steps, isClean } = await undoPlan(orm, { ids: [third.id] })
    expect(isClean).toBe(true)
    expect(steps).toHaveLength(1011)
    expect(steps[0]).toMatchObject({ relation: 'public.many', kind: 'restore' })
  })

  it('says that it is undone, until that is undone', async () => {
    const [change] = await logged(db, 'public.cakes', () => run('update cakes set price = 7 where id = 1'))
    expect((await undoneBy(orm, [change!.id])).size).toBe(0)
    const [undo] = await logged(db, 'public.cakes', async () => take(db, await undoPlan(orm, { ids: [change!.id] })))
    expect([...(await undoneBy(orm, [change!.id]))]).toEqual([[change!.id, undo!.id]])
    const again = await undoPlan(orm, { ids: [change!.id] })
    expect(again).toMatchObject({
      isClean: false,
      undone: [{ changeId: change!.id, by: undo!.id }],
      steps: [],
    })
    await take(db, await undoPlan(orm, { ids: [undo!.id] }))
    expect((await undoneBy(orm, [change!.id, undo!.id])).has(change!.id)).toBe(false)
    expect((await undoPlan(orm, { ids: [change!.id] })).isClean).toBe(true)
    expect((await changesById(orm, [undo!.id]))[0]!.undoes).toEqual([change!.id])
  })
})

describe('what is in the way', () => {
  /** The single step of undoing the changes of a table that `work` makes; `later` happens before the plan. */
  async function stepAfter(relation: string, work: string, later: string) {
    const changes = await logged(db, relation, () => run(work))
    await run(later)
    const plan = await undoPlan(orm, { ids: changes.map(({ id }) => id) })
    expect(plan.isClean).toBe(false)
    return plan.steps[0]!
  }

  beforeAll(() =>
    run(`truncate shops, cakes, slices, tags, codes cascade;
    insert into shops values (1, 'Paris'), (2, 'Lyon'); insert into cakes values (1, 'a', 1, 1), (2, 'b', 2, 1), (3, 'c', 3, 2), (4, 'd', 4, 1); insert into codes (id, code) values (1, 'a'), (2, 'b')`),
  )

  it('a later change of the same column, named with both values; another column is no conflict', async () => {
    const step = await stepAfter(
      'public.cakes',
      `update cakes set price = 10, name = 'A' where id = 1`,
      `update cakes set price = 11 where id = 1`,
    )
    expect(step).toMatchObject({ kind: 'set', values: { price: '1.00', name: 'a' }, blockers: [] })
    expect(step.conflicts).toEqual([
      { column: 'price', expected: '10.00', now: '11.00', changeIds: [expect.stringMatching(/^\d+$/)] },
    ])
  })

  it('a change between two of those to undo', async () => {
    const changes = await logged(db, 'public.cakes', () =>
      run(
        `update cakes set price = 20 where id = 2; update cakes set price = 21 where id = 2; update cakes set price = 22 where id = 2`,
      ),
    )
    const plan = await undoPlan(orm, { ids: [changes[0]!.id, changes[2]!.id] })
    expect(plan.steps[0]!.conflicts).toMatchObject([{ column: 'price', changeIds: [changes[1]!.id] }])
  })

  it('an inserted record that was changed since', async () => {
    const step = await stepAfter(
      'public.cakes',
      `insert into cakes values (30, 'new', 1)`,
      `update cakes set name = 'renamed' where id = 30`,
    )
    expect(step).toMatchObject({ kind: 'remove', conflicts: [{ column: 'name', expected: 'new', now: 'renamed' }] })
  })

  it('an inserted record others point at by now', async () => {
    const step = await stepAfter(
      'public.cakes',
      `insert into cakes values (31, 'new', 1)`,
      `insert into slices values (310, 31, 1)`,
    )
    expect(step.blockers).toEqual([
      {
        kind: 'children',
        columns: ['cake_id'],
        records: [{ relation: 'public.slices', recordId: '310' }],
        canSkip: false,
      },
    ])
  })

  it('a record deleted since, or come again', async () => {
    expect(
      (await stepAfter('public.cakes', `update cakes set price = 40 where id = 4`, `delete from cakes where id = 4`))
        .blockers,
    ).toMatchObject([{ kind: 'gone' }])
    expect(
      (
        await stepAfter(
          'public.codes',
          `delete from codes where id = 2`,
          `insert into codes (id, code) values (2, 'other')`,
        )
      ).blockers,
    ).toMatchObject([{ kind: 'exists' }])
  })

  it('a parent that is gone', async () => {
    const step = await stepAfter('public.cakes', `delete from cakes where id = 3`, `delete from shops where id = 2`)
    expect(step.blockers).toEqual([
      {
        kind: 'parent_gone',
        columns: ['shop_id'],
        records: [{ relation: 'public.shops', recordId: '2' }],
        canSkip: true,
      },
    ])
  })

  it('a unique value somebody else has now', async () => {
    const step = await stepAfter(
      'public.codes',
      `update codes set code = 'free' where id = 1`,
      `insert into codes (id, code) values (70, 'a')`,
    )
    expect(step.blockers).toEqual([
      {
        kind: 'unique_taken',
        columns: ['code'],
        records: [{ relation: 'public.codes', recordId: '70' }],
        canSkip: true,
      },
    ])
  })

  it('a column that was dropped, one that is required, and one too large for the log', async () => {
    await db.owner.sql.unsafe(`create table shifting (id int primary key, a text, b text, big text)`)
    await db.owner.sql.unsafe('grant all on shifting to kontor_app')
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'shifting' }])
    await run(`insert into shifting values (1, 'a', 'b', repeat('x', 2000000))`)
    const step = await stepAfter(
      'public.shifting',
      `delete from shifting`,
      `alter table shifting drop column b; alter table shifting add column needed int not null`,
    )
    expect(step.values).toEqual({ id: '1', a: 'a' })
    expect(step.blockers).toEqual(
      expect.arrayContaining([
        { kind: 'column_gone', columns: ['b'], canSkip: true },
        { kind: 'too_large', columns: ['big'], canSkip: true },
        { kind: 'column_required', columns: ['needed'], canSkip: false },
      ]),
    )
  })

  it('a column renamed since: its old name is gone, and what the new one needs is asked for', async () => {
    await db.owner.sql.unsafe(
      `create table renamed (id int primary key, before text not null); grant all on renamed to kontor_app`,
    )
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'renamed' }])
    await run(`insert into renamed values (1, 'a'), (2, 'b')`)
    const updated = await txOf(`update renamed set before = 'a2' where id = 1`)
    const deleted = await txOf('delete from renamed where id = 2')
    await run('alter table renamed rename column before to after')
    expect((await undoPlan(orm, { tx: updated })).steps).toMatchObject([
      { values: {}, blockers: [{ kind: 'column_gone', columns: ['before'], canSkip: true }] },
    ])
    expect((await undoPlan(orm, { tx: deleted })).steps).toMatchObject([
      {
        values: { id: '2' },
        blockers: [
          { kind: 'column_gone', columns: ['before'] },
          { kind: 'column_required', columns: ['after'] },
        ],
      },
    ])
  })

  it('a value that no longer fits its column: a label renamed, a column narrowed, a key of another type', async () => {
    await db.owner.sql.unsafe(`create type mood as enum ('fine', 'bad');
      create table fitted (id text primary key, mood mood not null, code varchar(20) unique, note text);
      grant all on fitted to kontor_app`)
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'fitted' }])
    await run(
      `insert into fitted values ('1', 'fine', 'a long code', 'x'), ('2', 'fine', 'b', 'x'), ('three', 'bad', 'c', 'x')`,
    )
    const updated = await txOf(`update fitted set mood = 'bad', code = 'a', note = 'y' where id = '1'`)
    const deleted = await txOf(`delete from fitted where id in ('2', 'three')`)
    await db.owner.sql.unsafe(`alter type mood rename value 'fine' to 'well';
      alter table fitted alter column code type varchar(5), alter column id type int using id::int`)
    expect((await undoPlan(orm, { tx: updated })).steps).toMatchObject([
      {
        values: { note: 'x' },
        conflicts: [],
        blockers: [
          { kind: 'unfit', columns: ['mood'], canSkip: true },
          { kind: 'unfit', columns: ['code'], canSkip: true },
        ],
      },
    ])
    const { steps } = await undoPlan(orm, { tx: deleted })
    expect(new Map(steps.map(({ recordId, blockers }) => [recordId, blockers]))).toEqual(
      new Map([
        ['2', [{ kind: 'column_required', columns: ['mood'], canSkip: false }]],
        ['three', [{ kind: 'unfit', columns: ['id'], canSkip: false }]],
      ]),
    )
  })

  it('a record whose key was erased, which nobody can name any more', async () => {
    await run(`insert into wide (a) values ('Ada'), ('Bob')`)
    const tx = await txOf(`update wide set b = 'x' where a in ('Ada', 'Bob'); delete from wide where a = 'Ada'`)
    const [ada] = await db.admin
      .sql`select record_id as id from kontor.changes where tx = ${tx}::xid8 and op = 'delete'`
    await eraseHistory(
      db.owner.sql,
      { relation: 'public.wide', recordId: ada?.id, includeKey: true },
      { actor: 'user:admin', reason: 'asked to be forgotten' },
    )
    const { steps } = await undoPlan(orm, { tx })
    expect(steps.filter(({ blockers }) => blockers.length === 0)).toMatchObject([{ kind: 'set', values: { b: null } }])
    const erased = steps.filter(({ blockers }) => blockers.length > 0)
    expect(erased.length).toBeGreaterThan(0)
    for (const step of erased) expect(step.blockers).toEqual([{ kind: 'erased', canSkip: false }])
  })

  it('a large value left alone is no conflict', async () => {
    await run(`insert into wide (a, body) values ('large', repeat('y', 2000000))`)
    const changes = await logged(db, 'public.wide', () =>
      run(`insert into wide (a, body) values ('second', repeat('z', 2000000))`),
    )
    const plan = await undoPlan(orm, { ids: changes.map(({ id }) => id) })
    expect(plan.isClean).toBe(true)
  })

  it('a secret that changed cannot be set back', async () => {
    const changes = await logged(db, 'public.shops', () =>
      run(`update shops set secret = 's', city = 'x' where id = 1`),
    )
    const plan = await undoPlan(orm, { ids: changes.map(({ id }) => id) })
    expect(plan.steps[0]).toMatchObject({ kind: 'set', values: { city: 'Paris' }, unknown: ['secret'] })
  })

  it('a table without a key, a table that is gone, a mark', async () => {
    expect((await stepAfter('public.loose', 'insert into loose values (1)', '')).blockers).toMatchObject([
      { kind: 'no_key' },
    ])
    await run(
      `set session_replication_role = replica; insert into loose select generate_series(1, 100001); set session_replication_role = origin`,
    )
    expect((await stepAfter('public.loose', 'truncate loose', '')).blockers).toMatchObject([{ kind: 'mark' }])
    await db.owner.sql.unsafe('create table passing (id int primary key)')
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'passing' }])
    expect(
      (await stepAfter('public.passing', 'insert into passing values (1)', 'drop table passing')).blockers,
    ).toMatchObject([{ kind: 'no_table' }])
  })

  it('an id nobody knows finds nothing; too many changes are refused', async () => {
    expect(await undoPlan(orm, { ids: ['999999999', 'x'] })).toMatchObject({ steps: [], changeIds: [] })
    expect(await undoPlan(orm, { tx: "1'; --" })).toMatchObject({ steps: [] })
    const tx = await txOf(`insert into wide (a) select 'many' from generate_series(1, 10001)`)
    await expect(undoPlan(orm, { tx })).rejects.toMatchObject({ code: 'too_large' })
  })
})

describe('large undos', () => {
  it('ten thousand rows are planned set-wise', async () => {
    const tx = await txOf(`delete from wide where a = 'many' and id % 2 = 0`)
    const started = performance.now()
    const plan = await undoPlan(orm, { tx })
    expect(plan.steps.length).toBeGreaterThan(4_900)
    expect(plan.isClean).toBe(true)
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  it('more go in chunks, newest first, and a chunk can be resumed', async () => {
    const tx = await txOf(
      `update wide set b = 'once' where a = 'many'; update wide set b = 'twice' where a = 'many' and id % 100 = 1`,
    )
    const before = (await db.admin.sql`select count(*)::int as n from wide where b is not null`)[0]!.n
    let next: string | null = null
    let chunks = 0
    do {
      const chunk = await undoChunk(orm, { tx }, next, 2_000)
      const plan = await undoPlan(orm, { ids: chunk.ids })
      expect(plan.isClean).toBe(true)
      await take(db, plan)
      next = chunk.next
      chunks++
    } while (next)
    expect(chunks).toBe(3)
    expect((await db.admin.sql`select count(*)::int as n from wide where b in ('once', 'twice')`)[0]!.n).toBe(0)
    expect(before).toBeGreaterThan(5_000)
  }, 120_000)
})
