import { sql } from 'drizzle-orm'
import { pgTable } from 'drizzle-orm/pg-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { kindFor } from '@/lib/admin/fields'
import { describeRelation } from '@/lib/db/table-shape'
import { createTestDatabase } from '@/tests/support/database'
import { COLUMNS } from './columns'
import { berlin } from './support'

const db = await createTestDatabase()

beforeAll(async () => {
  await db.owner.sql`create type mood as enum ('sad', 'so so', 'über-happy')`
})

describe.each(COLUMNS)('a column of type $name', ({ column, texts, kind: expectedKind, lossy = [], name }) => {
  const tableName = `t_${name.replace(/\W+/g, '_')}_${COLUMNS.findIndex((entry) => entry.name === name)}`
  const table = pgTable(tableName, { v: column() as never })
  const shape = describeRelation(table).columns[0]!
  const kind = kindFor(shape)
  const field = { name: 'v', label: 'Value', column: shape }

  beforeAll(async () => {
    const type = shape.sqlType.replace(/^numeric\(3, (-2|5)\)/, (whole) => whole)
    await db.owner.sql.unsafe(`create table ${tableName} (v ${type})`)
  })

  /** What Postgres holds after the text was assigned to the column, as the road of writes does it. */
  async function write(text: string): Promise<string> {
    await db.owner.orm.execute(sql`delete from ${table}`)
    await db.owner.orm.execute(sql`insert into ${table} (v) values (${text})`)
    const rows = await db.owner.orm.execute<{ v: string }>(sql`select v::text from ${table}`)
    return rows[0]?.v ?? 'NULL'
  }

  test(`is served by the kind ${expectedKind}`, () => {
    expect(kind.name).toBe(expectedKind)
  })

  test.each(texts)('gives %j back as it was written', async (text) => {
    expect(await write(text)).toBe(text)
    const parsed = kind.parse(text, field, berlin)
    if (kind.isEditable) {
      expect(parsed).toMatchObject({ ok: true })
      expect(parsed.ok && parsed.text !== null && (await write(parsed.text))).toBe(text)
    } else expect(parsed.ok).toBe(false)
  })

  test.each(texts.filter((text) => !lossy.includes(text)))(
    'reads %j as Drizzle does, and writes it back',
    async (text) => {
      await write(text)
      const [row] = await db.owner.orm.select().from(table)
      const value = kind.toValue(text, shape)
      expect(value).toEqual((row as { v: unknown }).v)
      expect(await write(kind.toText(value, shape) ?? 'NULL')).toBe(text)
    },
  )

  test.each(texts)('shows %j in one line without failing', (text) => {
    const shown = kind.format(text, field, berlin)
    expect(typeof shown).toBe('string')
    if (text !== '' && expectedKind !== 'text') expect(shown).not.toMatch(/\n|undefined|\[object/)
  })

  test('lists what its kind selects', async () => {
    await write(texts[0] ?? '')
    const selected = kind.select?.(sql`v`) ?? sql`v::text`
    const rows = await db.owner.orm.execute<{ shown: unknown }>(sql`select ${selected} as shown from ${table}`)
    expect(typeof rows[0]?.shown).toBe('string')
    expect(() => kind.format(String(rows[0]?.shown), field, berlin)).not.toThrow()
  })
})
