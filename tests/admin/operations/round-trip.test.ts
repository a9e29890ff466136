import {
  bigint,
  bit,
  boolean,
  char,
  cidr,
  customType,
  date,
  doublePrecision,
  inet,
  integer,
  interval,
  json,
  jsonb,
  line,
  macaddr,
  macaddr8,
  numeric,
  pgEnum,
  pgTable,
  point,
  real,
  serial,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { resource, section } from '@/lib/admin/define'
import { createRecord } from '@/lib/admin/operations/create'
import { updateRecord } from '@/lib/admin/operations/update'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const mood = pgEnum('mood', ['sad', 'so so', 'happy, very'])
const raw = (sqlType: string) => customType<{ data: string }>({ dataType: () => sqlType })

/** Column builder, and values as SQL literals whose text must survive everything. */
const MATRIX = {
  smallint: [smallint(), ['-32768', '32767']],
  integer: [integer(), ['-2147483648', '0', '2147483647']],
  bigint: [bigint({ mode: 'bigint' }), ['9007199254740993', '-9223372036854775808']],
  bigintAsNumber: [bigint({ mode: 'number' }), ['9007199254740993']],
  numeric: [
    numeric({ precision: 38, scale: 10 }),
    ['1234567890123456789012345678.0123456789', '0.1000000000', "'NaN'"],
  ],
  freeNumeric: [numeric(), ['0.10', '1e-20', "'Infinity'"]],
  real: [real(), ['0.1', "'NaN'", "'-Infinity'", '3.4028235e38']],
  double: [doublePrecision(), ['0.1', '0.30000000000000004', "'Infinity'"]],
  text: [text(), ["''", "E'line\\nbreak \\t tab'", "'ünïcödé 🥐'", "' padded '", "'null'"]],
  varchar: [varchar({ length: 10 }), ["'ten chars!'"]],
  char: [char({ length: 5 }), ["'ab'", "'abcde'"]],
  boolean: [boolean(), ['true', 'false']],
  date: [date(), ["'2026-02-28'", "'infinity'", "'0044-03-15 BC'"]],
  time: [time({ precision: 6 }), ["'23:59:59.999999'", "'24:00'"]],
  timetz: [time({ withTimezone: true }), ["'04:05:06.789+05:30'"]],
  timestamp: [timestamp({ precision: 6 }), ["'2026-03-29 02:30:00.123456'", "'-infinity'"]],
  timestamptz: [
    timestamp({ withTimezone: true, precision: 6 }),
    ["'2026-10-25 01:30:00.654321+00'", "'infinity'", "'0001-01-01 00:00:00+00 BC'"],
  ],
  interval: [interval(), ["'1 year 2 mons -3 days 04:05:06.789'", "'-00:00:01'"]],
  uuid: [uuid(), ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]],
  enum: [mood(), ["'so so'", "'happy, very'"]],
  json: [json(), [`'{"b": 1,  "a": [1, 2.50]}'`, "'null'", `'"text"'`]],
  jsonb: [jsonb(), [`'{"big": 12345678901234567890.123}'`, "'[]'"]],
  inet: [inet(), ["'192.168.0.1/24'", "'::1'"]],
  cidr: [cidr(), ["'10.0.0.0/8'"]],
  macaddr: [macaddr(), ["'08:00:2b:01:02:03'"]],
  macaddr8: [macaddr8(), ["'08:00:2b:01:02:03:04:05'"]],
  point: [point(), ["'(1.5,-2)'"]],
  line: [line(), ["'{1,2,3}'"]],
  bit: [bit({ dimensions: 3 }), ["B'101'"]],
  textArray: [text().array(), [`'{plain,"with, comma","q\\"uote",NULL,""}'`, "'{}'", "'{{a,b},{c,d}}'"]],
  numericArray: [numeric({ precision: 38, scale: 10 }).array(), ["'{1.5,2.0000000001,NULL}'"]],
  varcharArray: [varchar({ length: 3 }).array(), ["'{abc,d}'"]],
  timestamptzArray: [timestamp({ withTimezone: true }).array(), ["'{2026-01-01 00:00:00.123456+00}'"]],
  boolArray: [boolean().array(), ["'{t,f,NULL}'"]],
  jsonbArray: [jsonb().array(), [`array['{"a": 1}'::jsonb, null]`]],
  bytea: [raw('bytea')(), ["'\\xdeadbeef00'", "''"]],
  tsvector: [raw('tsvector')(), ["to_tsvector('simple', 'a fat cat')"]],
  int4range: [raw('int4range')(), ["'[1,10)'", "'empty'", "'(,5)'"]],
  tstzrange: [raw('tstzrange')(), ["'[2026-01-01 00:00+00,2026-01-02 12:30:00.5+00)'"]],
  daterange: [raw('daterange')(), ["'[2026-01-01,2026-02-01)'"]],
  multirange: [raw('int4multirange')(), ["'{[1,3),[5,9)}'"]],
  money: [raw('money')(), ["'12.34'", "'-1.00'"]],
  polygon: [raw('polygon')(), ["'((0,0),(1,1),(1,0))'"]],
  circle: [raw('circle')(), ["'<(0,0),2>'"]],
  varbit: [raw('bit varying(8)')(), ["B'1010'"]],
  xml: [raw('xml')(), ['\'<a b="1">text</a>\'']],
  domain: [raw('price')(), ['9.99']],
  composite: [raw('pair')(), ['\'(1,"a b")\'']],
  pgLsn: [raw('pg_lsn')(), ["'16/B374D848'"]],
} as const

await db.owner.sql.unsafe(`
  create type mood as enum ('sad', 'so so', 'happy, very');
  create domain price as numeric(10,2) check (value >= 0);
  create type pair as (a int, b text);`)

for (const [name, [builder, values]] of Object.entries(MATRIX)) {
  const tableName = `m_${name.toLowerCase()}`
  const table = pgTable(tableName, {
    id: serial('id').primaryKey(),
    note: text('note'),
    value: builder as ReturnType<typeof text>,
  })
  const type = (table.value as unknown as { getSQLType(): string }).getSQLType()
  await db.owner.sql.unsafe(
    `create table ${tableName} (id serial primary key, note text, value ${type}); grant all on ${tableName}, ${tableName}_id_seq to kontor_app`,
  )
  const { ctx, of } = await createTestAdmin(db.app, {
    sections: { main: section('Main', {}, { things: resource(table) }) },
  })
  const things = of(table)
  const whole = async (id: string) =>
    (await db.owner.sql.unsafe(`select t::text, xmin::text from ${tableName} t where id = ${id}`))[0]

  for (const literal of [...values, 'null']) {
    test(`${name}: saving ${literal} without a change leaves the row as it was`, async () => {
      const [made] = await db.owner.sql.unsafe(
        `insert into ${tableName} (value, note) values (${literal}, 'n') returning id::text`,
      )
      const id = made?.id as string
      const before = await whole(id)
      const row = await things.storage.load(ctx.db, id)
      const texts = row?.texts ?? {}
      const saved = await updateRecord({ ctx }, things, id, { values: texts, shown: texts })
      expect(saved.isChanged).toBe(false)
      expect(await whole(id)).toEqual(before)
    })

    test(`${name}: changing another field leaves ${literal} byte for byte`, async () => {
      const [made] = await db.owner.sql.unsafe(
        `insert into ${tableName} (value, note) values (${literal}, 'n') returning id::text, value::text`,
      )
      const id = made?.id as string
      const texts = (await things.storage.load(ctx.db, id))?.texts ?? {}
      await updateRecord({ ctx }, things, id, { values: { ...texts, note: 'changed' }, shown: texts })
      const [after] = await db.owner.sql.unsafe(`select value::text, note from ${tableName} where id = ${id}`)
      expect(after).toEqual({ value: made?.value, note: 'changed' })
    })

    const { kind } = things.fields.get('value')!
    if (!kind.isEditable || literal === 'null') continue
    test(`${name}: ${literal} typed into a new record is stored as that very value`, async () => {
      const [given] = await db.app.sql.unsafe(`select (${literal})::${type}::text as text`)
      const made = await createRecord({ ctx }, things, { values: { value: given?.text } })
      const [stored] = await db.app.sql.unsafe(`select value::text from ${tableName} where id = ${made.id}`)
      expect(stored?.value).toBe(given?.text)
    })
  }
}
