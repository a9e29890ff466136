import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { connect } from '@/lib/db/client'
import { createTestDatabase } from '@/tests/support/database'

const { urls } = await createTestDatabase()

describe('a statement of Drizzle’s', () => {
  it('is prepared from its second time on, in transactions too', async () => {
    const db = connect(urls.app, { max: 1, plansEach: true })
    try {
      const prepared = async (needle: string) => {
        const [row] = await db.sql<{ count: number }[]>`
          select count(*)::int from pg_prepared_statements where statement like ${`%${needle}%`} and statement not like '%pg_prepared%'`
        return row?.count
      }
      const ask = (name: string) =>
        db.orm.execute<{ told: string }>(sql`select ${name}::text as told, 'asked' as "often"`)
      await ask('Ada')
      expect(await prepared('"often"')).toBe(0)
      await ask('Bea')
      expect(await ask('Cleo')).toMatchObject([{ told: 'Cleo' }])
      expect(await prepared('"often"')).toBe(1)

      const inside = (n: number) =>
        db.orm.transaction((tx) => tx.execute<{ told: string }>(sql`select ${n}::int as told, 'asked' as "inside"`))
      for (const n of [1, 2, 3]) expect(await inside(n)).toMatchObject([{ told: n }])
      expect(await prepared('"inside"')).toBe(1)
    } finally {
      await db.close()
    }
  })

  it('is not kept by the server where each is another', async () => {
    const db = connect(urls.app, { max: 1, plansEach: true })
    try {
      for (let round = 0; round < 2; round++)
        for (let n = 0; n < 700; n++) await db.orm.execute(sql`select ${n}::int, ${sql.raw(String(n))} as "rare"`)
      const [row] = await db.sql<{ count: number }[]>`select count(*)::int from pg_prepared_statements`
      expect(row?.count).toBeLessThan(520)
    } finally {
      await db.close()
    }
  })
})
