import { type SQL, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { asOfSource, asOfTable, columnsNamed, idsToday, type Requirement, resolveMoment } from '@/lib/history'
import { installTriggers } from '@/lib/history/triggers'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const { orm } = db.app
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at

type Condition = (alias: string) => SQL
const on = (name: string, rest: string): Condition => {
  return (alias) => sql`${sql.identifier(alias)}.${sql.identifier(name)} ${sql.raw(rest)}`
}

/** Each holds for some of the rows at some of the moments; those that hold for nulls are the easiest to get wrong. */
const CONDITIONS: Condition[] = [
  on('id', '= 3'),
  on('id', '= any(array[2, 5, 104])'),
  on('name', `= any(array['CAKE 2', 'Cake 6', 'cake 8', 'again'])`),
  on('name', `= 'CUT'`),
  on('name', 'is null'),
  on('name', 'is not null'),
  on('name', `is distinct from 'cut'`),
  on('price', '>= 5'),
  on('price', '= 0'),
  on('tags', `@> array['a']`),
  on('note', `ilike '%x%'`),
  on('note', 'is null'),
  on('added', '= 7'),
  on('added', 'is null'),
  (alias) => sql`coalesce(${sql.identifier(alias)}.note, ${sql.identifier(alias)}.name, '') = 'cut'`,
  () => sql`false`,
]

const STEPS = [
  `insert into cakes (id, name, price, tags, note) select i, 'cake ' || i, i * 1.10, array['a', null, 'b,c'], repeat('x', i % 3) from generate_series(1, 8) i`,
  `update cakes set price = price + 0.10 where id <= 4`,
  `update cakes set name = null where id = 2`,
  `delete from cakes where id in (1, 5)`,
  `update cakes set price = 'NaN', tags = '{}' where id = 3`,
  `insert into cakes (id, name, price) values (1, 'again', 9)`,
  `update cakes set id = id + 100 where id = 4`,
  `insert into cakes (id, name, price) values (4, 'new four', 4)`,
  `update cakes set name = 'cut', note = repeat('x', 1100000) where id in (2, 104)`,
  `alter table cakes add column added int default 7`,
  `update cakes set added = 8 where id in (1, 2); update cakes set note = 'short' where id = 104`,
  `update cakes set name = 'cut' where id = 2; update cakes set name = 'twice' where id = 2; update cakes set price = 0`,
  `delete from cakes where id in (1, 3, 104)`,
  `insert into cakes (id, name, added) values (3, 'Cut', null), (104, 'new', 9)`,
  `update cakes set added = null where id in (3, 7)`,
]

describe('rows that cannot meet what is required are left out, and no others', () => {
  const moments: string[] = []

  beforeAll(async () => {
    await db.owner.sql.unsafe(`
      create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table cakes (id int primary key, name text collate blind, price numeric, tags text[], note text);
      grant all on cakes to kontor_app`)
    const install = () => installTriggers(db.owner.sql, [{ schema: 'public', name: 'cakes' }])
    await install()
    for (const step of STEPS) {
      moments.push(await now())
      await db.owner.sql.unsafe(step)
      if (step.startsWith('alter')) await install()
    }
    moments.push(await now())
  })

  /** The records listed as of a moment, as a list asks for them. */
  async function listed(at: string, words: readonly (readonly Condition[])[], required?: readonly Requirement[]) {
    const table = await asOfTable(orm, { schema: 'public', name: 'cakes' })
    const where = sql.join(
      words.map(
        (word) =>
          sql`(${sql.join(
            word.map((over) => over('t')),
            sql` or `,
          )})`,
      ),
      sql` and `,
    )
    const rest = sql`where ${where} order by t.price, t.id`
    const columns = columnsNamed(table, rest)
    const source = asOfSource(table, await resolveMoment(orm, at), { columns, required })
    const rows = await orm.execute<{ id: string }>(sql`select t."kontor.id" as id from ${source} as t ${rest}`)
    return rows.map(({ id }) => id)
  }

  async function today(anyOf: readonly Condition[]): Promise<string[]> {
    const table = await asOfTable(orm, { schema: 'public', name: 'cakes' })
    const all: Condition = (alias) =>
      sql.join(
        anyOf.map((over) => over(alias)),
        sql` or `,
      )
    const rows = await orm.execute<{ id: string }>(idsToday(table, all))
    return rows.map(({ id }) => id)
  }

  it('whatever is asked, of every moment, with and without the records of today', { timeout: 60_000 }, async () => {
    const word = fc.uniqueArray(fc.constantFrom(...CONDITIONS), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(word, fc.boolean()), { minLength: 1, maxLength: 3 }),
        fc.nat({ max: STEPS.length }),
        async (asked, at) => {
          const words = asked.map(([anyOf]) => anyOf)
          const required = await Promise.all(
            asked.map(async ([anyOf, isListed]) => ({ anyOf, today: isListed ? await today(anyOf) : undefined })),
          )
          expect(await listed(moments[at]!, words, required)).toEqual(await listed(moments[at]!, words))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('a record that changes between the two questions is neither lost nor shown as it is now', async () => {
    const at = await now()
    const word = [on('name', `= any(array['CAKE 2', 'Cake 6', 'cake 8', 'again'])`), on('note', `ilike '%later%'`)]
    const before = await listed(at, [word])
    const required = [{ anyOf: word, today: await today(word) }]
    await db.owner.sql.unsafe(
      `update cakes set note = 'later' where id = 4; update cakes set name = 'other' where id = 8`,
    )
    expect(before).toContain('8')
    expect(await listed(at, [word], required)).toEqual(before)
  })

  it('nothing is looked up for records that the log alone tells apart', async () => {
    await db.owner.sql.unsafe(
      `insert into cakes (id, name, price, note) select i, 'many', i, 'old' from generate_series(1000, 1999) i`,
    )
    const at = await now()
    await db.owner.sql.unsafe(`update cakes set note = 'new' where id between 1000 and 1999; analyze cakes`)
    const table = await asOfTable(orm, { schema: 'public', name: 'cakes' })
    const word = [on('note', `ilike '%nowhere%'`), on('name', `= 'nobody'`)]
    const where = sql`where ${sql.join(
      word.map((over) => over('t')),
      sql` or `,
    )} order by t.id`
    const lookups = async (required?: Requirement[]) => {
      const source = asOfSource(table, await resolveMoment(orm, at), { columns: columnsNamed(table, where), required })
      const plan = await orm.execute<{ 'QUERY PLAN': string }>(
        sql`explain (analyze, costs off, timing off) select t.id from ${source} as t ${where}`,
      )
      const lines = plan.map((row) => row['QUERY PLAN']).filter((line) => line.includes('cakes_pkey on cakes t'))
      return lines.map((line) => /loops=(\d+)|never executed/.exec(line)?.[1] ?? '0')
    }
    expect(await lookups()).toEqual(['1000'])
    expect(await lookups([{ anyOf: word, today: await today(word) }])).toEqual(['0'])
  })
})
