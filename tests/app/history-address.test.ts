import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { historyFilters, historyHref, readHistorySearch } from '@/app/admin/history/filters'
import { loadActivity, loadRecordHistory } from '@/lib/admin/history/load-history'
import { installTriggers } from '@/lib/history'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { addProduct, bakeryOptions, createBakery, products } from '../admin/list/bakery'

const db = await createTestDatabase()
await createBakery(db)
await installTriggers(db.owner.sql, [{ schema: 'public', name: 'products' }])
await addProduct(db, { id: 1 })

const { ctx, of } = await createTestAdmin(db.app, bakeryOptions())

/** What the pages of the site and of a record show for an address. */
async function shown(search: Record<string, string | string[]>) {
  const { asked, notices } = readHistorySearch(search)
  const filters = historyFilters(asked, ctx.timeZone)
  const resources = asked.resource ? [asked.resource] : undefined
  const site = await loadActivity(ctx, { resources, filters, cursor: asked.before, limit: 25 })
  const record = await loadRecordHistory(ctx, of(products), '1', { filters, cursor: asked.before, limit: 25 })
  return { notices, site: site.changes.length, record: record.changes.length }
}

const NAMES = ['q', 'resource', 'who', 'op', 'source', 'from', 'to', 'field', 'tx', 'before'] as const
const NASTY = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  "'; drop table products --",
  '%',
  '\\',
  '9'.repeat(40),
  '-1',
  '1e9',
  '🥐',
]

describe('the address of a history page', () => {
  it.each(NAMES)('is answered whatever `%s` is', async (name) => {
    for (const value of NASTY) await expect(shown({ [name]: value }), value).resolves.toBeDefined()
    await expect(shown({ [name]: 'x'.repeat(100_000) })).resolves.toBeDefined()
    await expect(shown({ [name]: ['one', 'two'] })).resolves.toMatchObject({ site: 1, record: 1 })
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20 }), async (value) => {
        await shown({ [name]: value })
      }),
      { numRuns: 25 },
    )
  })

  it('says which day is none, and narrows nothing by it', async () => {
    for (const value of ['2030-02-31', 'yesterday', '2030-1-1']) {
      expect(await shown({ from: value, to: value })).toEqual({
        notices: Array(2).fill(expect.stringContaining(`“${value}” is not a date`)),
        site: 1,
        record: 1,
      })
    }
  })

  it('that asks for nothing there is shows nothing', async () => {
    expect(await shown({ resource: 'shop/nothing', who: 'user:nobody' })).toMatchObject({ site: 0, record: 0 })
    expect(await shown({ tx: '1' })).toMatchObject({ site: 0, record: 0 })
  })

  it('leads back to what was asked', () => {
    const { asked } = readHistorySearch({ q: 'a & b', op: 'update', from: '2030-01-31', before: 'x' })
    const again = new URL(historyHref('/admin/changes', asked), 'http://x').searchParams
    expect(Object.fromEntries(again)).toEqual({ q: 'a & b', op: 'update', from: '2030-01-31' })
  })
})
