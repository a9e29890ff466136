import { sql } from 'drizzle-orm'
import { pgTable } from 'drizzle-orm/pg-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { kindFor } from '@/lib/admin/fields'
import { describeRelation } from '@/lib/db/table-shape'
import { createTestDatabase } from '@/tests/support/database'
import { COLUMNS } from './columns'
import { berlin } from './support'

const db = await createTestDatabase()

const INPUTS = [
  '',
  ' ',
  '0',
  '-0',
  '+7',
  '007',
  '1.5',
  '3,40',
  '1,204',
  '1e5',
  '1e-400',
  '1e999999',
  '-1e400000000000',
  '9'.repeat(50),
  '9'.repeat(3000),
  '0x1f',
  '1_000',
  'NaN',
  'inf',
  '-Infinity',
  'null',
  'NULL',
  'true',
  'T',
  'yes',
  'on',
  'maybe',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '🥐',
  'a'.repeat(64),
  "'; drop table t; --",
  '{}',
  '{a,b}',
  '{1,2}',
  '{"a"',
  '{{1},{2,3}}',
  '{{},{}}',
  '[0:1]={1,2}',
  '[5:1]={1}',
  '{NULL}',
  '{1,}',
  '[]',
  '[1,2]',
  '{"a":1}',
  '{"a":1,}',
  '"\\u0000"',
  '"\\ud800"',
  '[1e999999]',
  '"a\u0001"',
  '2026-02-30',
  '2026-02-29',
  '2024-02-29',
  '26-01-02',
  '01/02/2026',
  '2026-1-2',
  '2026-13-01',
  '0000-01-01',
  '4714-01-01 BC',
  '5000-01-01 BC',
  '999999-01-01',
  '9999999-01-01',
  'today',
  'now',
  'infinity',
  '2026-03-29 02:30',
  '2026-10-25 02:30',
  '2026-10-25 02:30+02:00',
  '2026-01-01T06:00:00Z',
  '2026-01-01 24:00',
  '2026-01-01 23:59:60',
  '2026-01-01 06:00:00.1234567',
  '2026-01-01 06:00+99',
  '06:30',
  '6:30 pm',
  '13:00 pm',
  '24:00',
  '24:01',
  '06:30+01',
  '06:30:00.1234567',
  '1 day',
  '2 weeks ago',
  '1.5 hours',
  'P1DT2H',
  'P',
  '999999999 years',
  '1 fortnight',
  '1 day 2',
  '01:02:03.0000001',
  '6F9619FF8B86D011B42D00C04FC964FF',
  '6f9619ff-8b86-d011-b42d-00c04fc964f',
  '10.0.0.1',
  '10.0.0.256',
  '10.0.0.1/24',
  '10.0.0.0/33',
  'fe80::1',
  'fe80::1%eth0',
  '::/0',
  '08-00-2b-01-02-03',
  '08002b:010203',
  '08:00:2b:01:02',
  '101',
  '102',
  '(1,2)',
  '(1,)',
  '{0,0,0}',
  '{1,2,3}',
  '<(0,0),-1>',
  '((0,0),(1,1))',
  '[(0,0),(1,1)]',
  '[1,10)',
  '(10,1]',
  '[1',
  'empty',
  '[a,b)',
  '[2026-01-01,2026-02-01)',
  '[2026-02-01,2026-01-01)',
  '["2026-01-01 00:00","2026-01-02 00:00")',
  '{[1,2),[3,4)}',
  '{[1,2)',
  '{empty}',
  '$3.40',
  '3.405',
  '(3.40)',
  '3.4.0',
  '$',
  '-$1',
  '1.000.000,00',
  '<a>',
  '<a></a>',
  '<a',
  '\\xff',
  '\\x',
  'sad',
  'Sad',
  '#fff',
  '#ggg',
  '1 e5',
  '--1',
  '٣',
  '１２',
  ' 42 ',
  '42\n',
]

beforeAll(async () => {
  await db.owner.sql`create type mood as enum ('sad', 'so so', 'über-happy')`
})

/** What Postgres decides about well-formed input itself, with an error of its own that the form then explains. */
const LEFT_TO_POSTGRES = new Set(['xml', 'line', 'circle', 'money'].flatMap((name) => [name, `${name} (abc)`]))

describe.each(COLUMNS)('a column of type $name', ({ column, name }) => {
  const tableName = `b_${COLUMNS.findIndex((entry) => entry.name === name)}`
  const table = pgTable(tableName, { v: column() as never })
  const shape = describeRelation(table).columns[0]!
  const kind = kindFor(shape)
  const field = { name: 'v', label: 'Value', column: shape }

  test('takes no input that Postgres then refuses, and says what is right where it takes none', async () => {
    await db.owner.sql.unsafe(`create table ${tableName} (v ${shape.sqlType})`)
    const refusedByPostgres: string[] = []
    for (const input of INPUTS) {
      const parsed = kind.parse(input, field, berlin)
      if (!parsed.ok) {
        expect(parsed.message, JSON.stringify(input)).toMatch(/^[\p{L}\p{N}“].*[.?]$/su)
        expect(parsed.message.length).toBeLessThan(400)
        continue
      }
      const written = await db.owner.orm.execute(sql`insert into ${table} (v) values (${parsed.text})`).then(
        () => true,
        () => false,
      )
      if (!written) refusedByPostgres.push(input)
    }
    if (!LEFT_TO_POSTGRES.has(name)) expect(refusedByPostgres).toEqual([])
  })

  test('reads any operand of an address without failing', () => {
    for (const input of INPUTS) {
      for (const operator of kind.operators) {
        const parsed = kind.parseOperand?.(input, field, berlin, operator)
        if (parsed && !parsed.ok) expect(parsed.message).not.toBe('')
      }
    }
  })

  test('shows and reads any text without failing', () => {
    for (const input of INPUTS) {
      expect(typeof kind.format(input, field, berlin)).toBe('string')
      expect(() => kind.toValue(input, shape)).not.toThrow()
    }
  })
})
