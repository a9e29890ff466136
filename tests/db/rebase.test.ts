import { and, eq, exists, inArray, or, type SQL, sql } from 'drizzle-orm'
import { alias, integer, PgDialect, pgSchema, pgTable, QueryBuilder } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { rebase } from '@/lib/db/rebase'

const shop = pgSchema('shop')
const orders = shop.table('orders', { id: integer('id').primaryKey(), teamId: integer('team_id') })
const teams = pgTable('teams', { id: integer('id').primaryKey(), leaderId: integer('leader_id') })
const db = new QueryBuilder()

const textOf = (condition: SQL | undefined) => new PgDialect().sqlToQuery(rebase(condition!, orders, 't')).sql

describe('a condition of the config', () => {
  it('is asked of the alias, however deep a column stands in it', () => {
    expect(textOf(or(eq(orders.id, 1), and(eq(orders.teamId, 2), sql`${orders.id} > ${orders.teamId}`)))).toBe(
      '("t"."id" = $1 or ("t"."team_id" = $2 and "t"."id" > "t"."team_id"))',
    )
  })

  it('may hold a subquery correlated with the rows', () => {
    const mine = db
      .select({ one: sql`1` })
      .from(teams)
      .where(and(eq(teams.id, orders.teamId), eq(teams.leaderId, 7)))
    expect(textOf(exists(mine))).toBe(
      'exists (select 1 from "teams" where ("teams"."id" = "t"."team_id" and "teams"."leader_id" = $1))',
    )
  })

  it('may hold a subquery over the same table, whose columns stay its own', () => {
    const large = db.select({ id: orders.id }).from(orders).where(eq(orders.teamId, 3))
    expect(textOf(inArray(orders.id, large))).toBe(
      '"t"."id" in (select "id" from "shop"."orders" where "shop"."orders"."team_id" = $1)',
    )
  })

  it('may hold a subquery over an alias of the same table, correlated with the rows', () => {
    const other = alias(orders, 'other')
    const twin = db.select({ id: other.id }).from(other).where(eq(other.teamId, orders.teamId))
    expect(textOf(exists(twin))).toBe(
      'exists (select "id" from "shop"."orders" "other" where "other"."team_id" = "t"."team_id")',
    )
  })
})
