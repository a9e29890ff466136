import { sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { asOfRecords, asOfSource, asOfTable, resolveMoment, undoPlan } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { COLUMN_VALUES, OWN_TYPES } from '@/tests/support/column-values'
import { createTestDatabase } from '@/tests/support/database'
import { logged } from '@/tests/support/history'
import { take } from '@/tests/support/undo'

const db = await createTestDatabase()

beforeAll(() => db.owner.sql.unsafe(OWN_TYPES))

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
describe.each(Object.entries(COLUMN_VALUES))('%s', (type, values) => {
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
