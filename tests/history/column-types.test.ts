import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { asOfRecords, asOfSource, asOfTable, resolveMoment, undoPlan } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'
import { logged } from '@/tests/support/history'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()

/** For each type some values that are hard to keep, as SQL. */
const TYPES: Record<string, string[]> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '0'],
  bigint: ['-9223372036854775808', '9007199254740993', '42'],
  numeric: [`'NaN'`, `'Infinity'`, '1.10', '-0.00000000000000000001', '12345678901234567890.1234567890', '1e200'],
  'numeric(8,2)': ['1.1', `'NaN'`, '-999999.99'],
  real: ['0.1', `'NaN'`, `'-Infinity'`, `'-0'`, '1e-45'],
  'double precision': ['0.1::float8 + 0.2', `'NaN'`, `'Infinity'`, `'-0'`, '5e-324', '1.7976931348623157e308'],
  money: [`'-1234567.89'`, `'92233720368547758.07'`],
  text: [`''`, `'ünï "q" \\ '' , {}'`, `E'line\\nbreak\\ttab\\u0001'`, `repeat('long', 100000)`, `'null'`],
  'varchar(10)': [`'ab  '`, `''`],
  'char(6)': [`'ab'`, `'ab c'`],
  bpchar: [`'trailing   '`],
  '"char"': [`'x'`],
  name: [`'a name'`],
  bytea: [`'\\x'`, `'\\x00ff5c27'`, `decode(repeat('ab', 300000), 'hex')`],
  boolean: ['true', 'false'],
  date: [`'0044-03-15 BC'`, `'infinity'`, `'2026-02-28'`],
  time: [`'24:00:00'`, `'23:59:59.999999'`],
  'time with time zone': [`'12:00:00.5+05:30'`],
  timestamp: [`'-infinity'`, `'2026-01-01 00:00:00.000001'`, `'0001-01-01 BC'`],
  'timestamp with time zone': [`'2026-06-01 12:00+02'`, `'infinity'`, `'1883-11-18 12:03:58-04:56:02'`],
  'timestamp(0)': [`'2026-01-01 00:00:01'`],
  interval: [`'1 mon'`, `'30 days'`, `'-1 year 2 mons -3 days 04:05:06.789'`, `'24:00:00'`, `'1 day'`],
  uuid: [`'00000000-0000-0000-0000-00000000000a'`],
  json: [`'{"a":1,  "a": 2, "z": "\\u0000"}'`, `'null'`, `'"s"'`, `'1.0'`],
  jsonb: [
    `'{"b": 1.0, "a": [null, "x"]}'`,
    `'null'`,
    `'"s"'`,
    `'1.10'`,
    `'[]'`,
    `'true'`,
    `'{"size": 1, "sha256": "x"}'`,
    `to_jsonb(repeat('w', 300000))`,
    `'1e400'`,
  ],
  jsonpath: [`'$.a[*] ? (@ > 1)'`],
  xml: [`'<a b="c">d &amp; e</a>'`],
  inet: [`'10.0.0.1/8'`, `'::1'`],
  cidr: [`'10.0.0.0/8'`],
  macaddr: [`'08:00:2b:01:02:03'`],
  macaddr8: [`'08:00:2b:01:02:03:04:05'`],
  'bit(5)': [`B'10110'`],
  'bit varying': [`B''`, `B'101'`],
  tsvector: [`to_tsvector('simple', 'a fat ''cat'' sat:1,2')`],
  tsquery: [`'fat & (rat | !cat)'`],
  point: [`'(1.5,-0)'`],
  line: [`'{1,2,3}'`],
  lseg: [`'[(0,0),(1,1)]'`],
  box: [`'(2,2),(1,1)'`],
  path: [`'[(0,0),(1,1),(2,0)]'`, `'((0,0),(1,1))'`],
  polygon: [`'((0,0),(1,1),(2,0))'`],
  circle: [`'<(1,2),3>'`],
  int4range: [`'empty'`, `'[1,)'`],
  numrange: [`'(1.10,2.0]'`],
  tstzrange: [`'["2026-01-01 00:00+00",infinity)'`],
  int4multirange: [`'{[1,3),[5,7)}'`],
  pg_lsn: [`'16/B374D848'`],
  pg_snapshot: [`'10:20:10,14,15'`],
  regclass: [`'pg_class'`],
  oid: ['4294967295'],
  'integer[]': [`'{}'`, `'{1,NULL,3}'`, `'[0:1]={1,2}'`, `'{{1,2},{3,4}}'`],
  'text[]': [`array['a,b', null, 'NULL', '"', '\\', '']`, `'{{a},{b}}'`],
  'jsonb[]': [`array['{"a": 1}'::jsonb, 'null']`],
  'bytea[]': [`array['\\x00'::bytea]`],
  'timestamp with time zone[]': [`array['2026-01-01'::timestamptz]`],
  'public.mood': [`'so, so "ok"'`, `'fine'`],
  'public.mood[]': [`array['fine', 'so, so "ok"']::public.mood[]`],
  'public.positive': ['7'],
  'public.price': ['1.5'],
  'public.doc': [`'{"a": 1}'`, `'"x"'`],
  'public.tags': [`array['a', 'b,c']`],
  'public.address': [`row('12, "High" St', null, array[1, 2])::public.address`],
  'public.span': [`'[1.5,2.5)'`],
}

beforeAll(() =>
  db.owner.sql.unsafe(`
    create type public.mood as enum ('fine', 'so, so "ok"');
    create domain public.positive as int check (value > 0);
    create domain public.price as numeric(8,2);
    create domain public.doc as jsonb;
    create domain public.tags as text[];
    create type public.address as (street text, zip char(5), floors int[]);
    create type public.span as range (subtype = float8)`),
)

const KEYS = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'double precision',
  'money',
  'text',
  'varchar(10)',
  'char(6)',
  'bytea',
  'date',
  'timestamp',
  'timestamp with time zone',
  'interval',
  'uuid',
  'inet',
  'bit varying',
  'text[]',
  'public.mood',
  'public.price',
  'public.address',
  'int4range',
])

let number = 0
describe.each(Object.entries(TYPES))('%s', (type, values) => {
  const name = `t${++number}`
  const cases = [...values, 'null']

  beforeAll(async () => {
    await db.owner.sql.unsafe(`create table ${name} (id int primary key, v ${type}, other int default 0); create table ${name}_was (like ${name});
      grant all on ${name}, ${name}_was to kontor_app`)
    await installTriggers(db.owner.sql, [{ schema: 'public', name }])
  })

  /** Whether the table holds, byte for byte, what its copy holds. */
  async function isAsBefore(source = `${name}`): Promise<boolean> {
    const [row] = await db.admin.sql.unsafe<{ same: boolean }[]>(
      `select count(*) = (select count(*) from ${name}_was) and bool_and(t *= w) is not false as same from ${source} as t full join ${name}_was as w on w.id = t.id`,
    )
    return row!.same
  }

  it.each(cases.map((value, at) => [value.slice(0, 40), value, cases[(at + 1) % cases.length]!]))(
    '%s survives insert, update and delete undone, in ones and in sets',
    async (_, value, next) => {
      const fill = async () => {
        await db.admin.sql.unsafe(
          `truncate ${name}, ${name}_was; insert into ${name} select i, ${value} from generate_series(1, 3) i; insert into ${name}_was select * from ${name}`,
        )
      }
      for (const where of ['where id = 1', '']) {
        for (const work of [`update ${name} set v = ${next}, other = 1 ${where}`, `delete from ${name} ${where}`]) {
          await fill()
          const [{ at } = { at: '' }] = await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`
          const changes = await logged(db, `public.${name}`, () => db.admin.sql.unsafe(work))
          // As of before the change, while it stands.
          const table = await asOfTable(db.app.orm, { schema: 'public', name })
          const moment = await resolveMoment(db.app.orm, at)
          await db.app.orm.transaction(async (tx) => {
            await tx.execute(sql.raw(`create temp table then_${name} as select * from ${name} limit 0`))
            await tx.execute(
              sql`insert into ${sql.raw(`then_${name}`)} select t.id, t.v, t.other from ${asOfSource(table, moment)} as t`,
            )
            const [same] = await tx.execute<{ same: boolean }>(
              sql.raw(
                `select count(*) = 3 and bool_and(t *= w) is not false as same from then_${name} as t full join ${name}_was as w on w.id = t.id`,
              ),
            )
            expect(same!.same).toBe(true)
            const some = await tx.execute(sql`select t.v::text from ${asOfRecords(table, moment, ['1', '2'])} as t`)
            expect(some).toHaveLength(2)
            await tx.execute(sql.raw(`drop table then_${name}`))
          })
          const plan = await undoPlan(db.app.orm, { ids: changes.map(({ id }) => id) })
          expect(plan.isClean).toBe(true)
          await take(db, plan)
          expect(await isAsBefore()).toBe(true)
        }
      }
      const inserted = await logged(db, `public.${name}`, () =>
        db.admin.sql.unsafe(
          `insert into ${name} values (4, ${value}); insert into ${name} values (5, ${value}), (6, ${value})`,
        ),
      )
      const plan = await undoPlan(db.app.orm, { ids: inserted.map(({ id }) => id) })
      expect(plan.isClean).toBe(true)
      await take(db, plan)
      expect(await isAsBefore()).toBe(true)
      // Setting it to itself is no change.
      expect(
        await logged(db, `public.${name}`, () =>
          db.admin.sql.unsafe(`update ${name} set v = v; update ${name} set v = ${value} where id = 1`),
        ),
      ).toEqual([])
    },
  )

  if (!KEYS.has(type)) return
  it('serves as a key', async () => {
    await db.owner.sql.unsafe(
      `create table ${name}_key (k ${type} primary key, v int); grant all on ${name}_key to kontor_app`,
    )
    await installTriggers(db.owner.sql, [{ schema: 'public', name: `${name}_key` }])
    for (const value of values) {
      if (/repeat/.test(value)) continue
      const changes = await logged(db, `public.${name}_key`, () =>
        db.admin.sql.unsafe(
          `insert into ${name}_key values (${value}, 1); update ${name}_key set v = 2; delete from ${name}_key`,
        ),
      )
      expect(changes.map(({ op }) => op)).toEqual(['insert', 'update', 'delete'])
      expect(new Set(changes.map(({ record_id }) => record_id)).size).toBe(1)
      const plan = await undoPlan(db.app.orm, { ids: [changes[2]!.id] })
      expect(plan).toMatchObject({ isClean: true, steps: [{ kind: 'restore', values: { v: '2' } }] })
      await take(db, plan)
      const [row] = await db.admin.sql.unsafe<{ same: boolean }[]>(
        `select row(k)::text = row((${value})::${type})::text as same from ${name}_key`,
      )
      expect(row!.same).toBe(true)
      await db.admin.sql.unsafe(`delete from ${name}_key`)
    }
  })
})
