import { expect, it } from 'vitest'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { readAdmin } from '@/lib/runtime'

const tracked = new Map(trackedTables(readAdmin()).map((table) => [`${table.schema}.${table.name}`, table]))

it('records what resources stand on, and the tables that only join them', () => {
  for (const relation of ['catalogue.products', 'shop.orders', 'blog.posts_tags'])
    expect(tracked.has(relation)).toBe(true)
})

it('leaves out what wants no history: sessions would fill it', () => {
  expect(tracked.has('kontor.sessions')).toBe(false)
})

it('records people without their passwords', () => {
  expect(tracked.get('kontor.users')?.redact).toEqual(['password_hash'])
})
