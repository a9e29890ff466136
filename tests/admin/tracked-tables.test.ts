import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { expect, it } from 'vitest'
import { type ConfigError, defineAdmin, resolveAdmin, resource, section } from '@/lib/admin'
import type { AdminOptions } from '@/lib/admin/define'
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

it('takes signing in for no change of a person', () => {
  expect(tracked.get('kontor.users')?.ignore).toEqual(['last_seen_at', 'updated_at'])
})

const people = pgTable('people', {
  id: integer().primaryKey(),
  name: text(),
  pin: text('pin_code'),
  token: text(),
})
const site = (options: Parameters<typeof resource<typeof people>>[1], admin: Partial<AdminOptions> = {}) =>
  resolveAdmin(
    defineAdmin({
      schema: { people },
      sections: { main: section('Main', {}, { people: resource(people, options) }) },
      ...admin,
    }),
  )
const own = (source: ReturnType<typeof site>) => trackedTables(source).find(({ name }) => name === 'people')

it('keeps secret fields and redacted ones out, by their columns', () => {
  expect(own(site({ redact: ['token'], form: { fields: { pin: { secret: true } } } }))?.redact).toEqual([
    'pin_code',
    'token',
  ])
  expect(own(site({}, { redact: { 'public.people': ['pin'] } }))?.redact).toEqual(['pin_code'])
})

it('records nothing of a resource without history, or of a site without', () => {
  expect(own(site({ history: false }))).toBeUndefined()
  expect(own(site({}, { history: false }))).toBeUndefined()
  expect(own(site({ history: true }, { history: false }))).toBeDefined()
})

it('says what cannot be redacted', () => {
  const problemsOf = (work: () => unknown) => {
    try {
      work()
      return []
    } catch (error) {
      return (error as ConfigError).problems.map(({ id }) => id)
    }
  }
  expect(problemsOf(() => site({ redact: ['id'] }))).toEqual(['redact.key'])
  expect(problemsOf(() => site({ redact: ['pni' as 'pin'] }))).toEqual(['field.unknown'])
})
