import { describe, expect, it } from 'vitest'
import { loadList } from '@/lib/admin/list'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { addProduct, bakeryOptions, createBakery, products } from './bakery'

const db = await createTestDatabase()
await createBakery(db)
await addProduct(db, {
  id: 1,
  name: '50% rye_loaf \\ big',
  sku: 'R,1',
  categoryId: 2,
  price: '3.50',
  status: 'available',
  labels: ['dark', 'a "b", c'],
  facts: { grain: 'rye' },
  bakedOn: '2026-03-01',
  changedAt: new Date('2026-03-01T22:30:00Z'),
  isVegan: true,
  code: '0b0f0c3a-0000-4000-8000-000000000001',
})
await addProduct(db, {
  id: 2,
  name: '50x rye loaf',
  sku: 'R\\2',
  categoryId: 3,
  price: '10.00',
  status: 'low_stock',
  labels: ['dark'],
  facts: { grain: 'wheat' },
  bakedOn: '2026-03-02',
  changedAt: new Date('2026-03-01T23:30:00Z'),
  isVegan: false,
  code: '0b0f0c3a-0000-4000-8000-000000000002',
  secret: '',
})
await addProduct(db, { id: 3, name: 'Éclair', sku: '', status: 'sold_out', labels: [], secret: 'gold' })

const { ctx, of } = await createTestAdmin(db.app, bakeryOptions({}, { timeZone: 'Europe/Berlin' }))

async function ask(query: string) {
  const list = await loadList(ctx, of(products), new URLSearchParams(query))
  return {
    ids: list.rows.map(({ id }) => Number(id)).sort(),
    notices: list.notices,
    chips: list.chips.map(({ label }) => label),
  }
}

const f = (field: string, value: string) => `f.${field}=${encodeURIComponent(value)}`

describe('a filter', () => {
  it.each<[field: string, value: string, ids: number[], chip: string]>([
    ['name', 'eq:Éclair', [3], 'Name is “Éclair”'],
    ['name', 'not:Éclair', [1, 2], 'Name is not “Éclair”'],
    ['name', 'contains:RYE', [1, 2], 'Name contains “RYE”'],
    ['name', 'contains:50%', [1], 'Name contains “50%”'],
    ['name', 'contains:rye_', [1], 'Name contains “rye_”'],
    ['name', 'contains:\\', [1], 'Name contains “\\”'],
    ['name', 'starts:50', [1, 2], 'Name starts with “50”'],
    ['name', 'starts:rye', [], 'Name starts with “rye”'],
    ['name', 'in:Éclair,50x rye loaf', [2, 3], 'Name is “Éclair” or “50x rye loaf”'],
    ['sku', 'in:R\\,1,R\\\\2', [1, 2], 'Sku is “R,1” or “R\\2”'],
    ['sku', 'empty:yes', [3], 'Sku is empty'],
    ['secret', 'empty:', [1, 2], 'Secret is empty'],
    ['secret', 'empty:no', [3], 'Secret is not empty'],
    ['categoryId', 'eq:2', [1], 'Category is Rye'],
    ['categoryId', 'in:2,3', [1, 2], 'Category is Rye or Cakes'],
    ['categoryId', 'not:2', [2, 3], 'Category is not Rye'],
    ['categoryId', 'empty:true', [3], 'Category is empty'],
    ['price', 'eq:3.5', [1], 'Price is 3.50'],
    ['price', 'gte:3.50', [1, 2], 'Price is at least 3.50'],
    ['price', 'lte:9.99', [1], 'Price is at most 9.99'],
    ['price', 'not:3.50', [2, 3], 'Price is not 3.50'],
    ['price', 'empty:true', [3], 'Price is empty'],
    ['sold', 'in:1,3', [1, 3], 'Sold is 1 or 3'],
    ['status', 'eq:low_stock', [2], 'Status is Low stock'],
    ['status', 'not:low_stock', [1, 3], 'Status is not Low stock'],
    ['status', 'in:available,sold_out', [1, 3], 'Status is Available or Sold out'],
    ['labels', 'contains:dark', [1, 2], 'Labels has “dark”'],
    ['labels', 'contains:a "b", c', [1], 'Labels has “a "b", c”'],
    ['labels', 'empty:true', [3], 'Labels is empty'],
    ['labels', 'empty:false', [1, 2], 'Labels is not empty'],
    ['facts', 'contains:Wheat', [2], 'Facts contains “Wheat”'],
    ['facts', 'empty:true', [3], 'Facts is empty'],
    ['bakedOn', 'eq:2026-03-01', [1], 'Baked on is 1 Mar 2026'],
    ['bakedOn', 'gte:2026-03-02', [2], 'Baked on is from 2 Mar 2026'],
    ['bakedOn', 'lte:2026-03-01', [1], 'Baked on is until 1 Mar 2026'],
    // 23:30 in Berlin is still the first of March; half past midnight is not.
    ['changedAt', 'lte:2026-03-01', [1], 'Changed at is until 1 Mar 2026'],
    ['changedAt', 'gte:2026-03-02', [2], 'Changed at is from 2 Mar 2026'],
    ['changedAt', 'gte:2026-03-02 00:30', [2], 'Changed at is from 2 Mar 2026, 00:30'],
    ['changedAt', 'empty:no', [1, 2], 'Changed at is not empty'],
    ['isVegan', 'eq:yes', [1], 'Is vegan is Yes'],
    ['isVegan', 'not:true', [2, 3], 'Is vegan is not Yes'],
    ['isVegan', 'empty:1', [3], 'Is vegan is empty'],
    ['code', 'eq:0B0F0C3A-0000-4000-8000-000000000002', [2], 'Code is “0b0f0c3a-0000-4000-8000-000000000002”'],
  ])('on %s answers %s', async (field, value, ids, chip) => {
    expect(await ask(f(field, value))).toEqual({ ids, notices: [], chips: [chip] })
  })

  it('joins others by and, on one field too', async () => {
    const both = await ask(`${f('price', 'gte:1')}&${f('price', 'lte:4')}&${f('name', 'contains:rye')}`)
    expect(both).toMatchObject({ ids: [1], notices: [] })
  })

  it.each([
    ['no such field', f('colour', 'eq:red'), /does not filter by “colour”/],
    ['no operator', f('price', '3.50'), /Price was left out: “3.50” has no operator/],
    ['an unknown operator', f('price', 'like:3'), /has no operator/],
    ['an operator that does not go with it', f('price', 'contains:3'), /“contains” does not go with it/],
    ['words for a number', f('price', 'gte:abc'), /Price was left out/],
    ['too large a number', f('sold', 'eq:99999999999'), /Sold was left out/],
    ['a day that is none', f('bakedOn', 'eq:2026-02-30'), /Baked on was left out/],
    ['a value the enum lacks', f('status', 'eq:gone'), /Status was left out/],
    ['a NUL', f('name', 'eq:a\0b'), /Name was left out/],
    ['a key of the wrong type', f('categoryId', 'eq:x'), /Category was left out/],
    ['no uuid', f('code', 'eq:12'), /Code was left out/],
    ['an empty list', f('status', 'in:'), /no value is given/],
    ['an odd answer', f('isVegan', 'empty:perhaps'), /yes or no/],
    ['too many values', f('sold', `in:${Array.from({ length: 300 }, (_, at) => at)}`), /at most 200/],
  ])('with %s is left out, and the page says so', async (_, query, notice) => {
    const { ids, notices, chips } = await ask(query)
    expect({ ids, chips }).toEqual({ ids: [1, 2, 3], chips: [] })
    expect(notices).toEqual([expect.stringMatching(notice)])
  })

  it('whose value only Postgres can refuse is left out too', async () => {
    const { ctx, of } = await createTestAdmin(db.app, bakeryOptions({ form: { fields: { status: { kind: 'text' } } } }))
    const list = await loadList(
      ctx,
      of(products),
      new URLSearchParams(`${f('status', 'eq:nonsense')}&${f('sold', 'lte:2')}`),
    )
    expect(list.rows.map(({ id }) => id).sort()).toEqual(['1', '2'])
    expect(list.notices).toEqual([
      expect.stringMatching(/Status was left out: the database cannot compare it with “nonsense”/),
    ])
  })

  it('on a field the person may not read is refused like one that does not exist', async () => {
    const { ctx, of } = await createTestAdmin(
      db.app,
      bakeryOptions({ form: { fields: { secret: { read: () => false } } } }),
    )
    const list = await loadList(ctx, of(products), new URLSearchParams('f.secret=eq:gold'))
    expect(list.rows).toHaveLength(3)
    expect(list.notices).toEqual(['This list does not filter by “secret”; that was left out.'])
    expect(list.filters.map(({ field }) => field)).not.toContain('secret')
  })

  it('can be removed from the address by its chip alone', async () => {
    const list = await loadList(
      ctx,
      of(products),
      new URLSearchParams(`q=rye&${f('price', 'gte:1')}&${f('price', 'lte:4')}&sort=-name`),
    )
    expect(list.chips.map(({ removeHref }) => removeHref)).toEqual([
      '/admin/shop/products?q=rye&f.price=lte:4&sort=-name',
      '/admin/shop/products?q=rye&f.price=gte:1&sort=-name',
    ])
    expect(list.clearHref).toBe('/admin/shop/products?sort=-name')
  })
})

describe('filter controls', () => {
  it('offer what a type or the config names', async () => {
    const { ctx, of } = await createTestAdmin(
      db.app,
      bakeryOptions({
        list: {
          filters: ['status', { field: 'sku', label: 'Number', choices: async () => [['First', 'R,1']] }, 'categoryId'],
        },
      }),
    )
    const { filters } = await loadList(ctx, of(products), {})
    expect(filters.map(({ field, label, control }) => [field, label, control])).toEqual([
      ['status', 'Status', 'choice'],
      ['sku', 'Number', 'choice'],
      ['categoryId', 'Category', 'reference'],
    ])
    expect(filters[0]?.choices?.[1]).toEqual({ label: 'Low stock', value: 'low_stock' })
    expect(filters[1]?.choices).toEqual([{ label: 'First', value: 'R,1' }])
    expect(filters[2]?.optionsUrl).toBe('/api/options/shop/products/categoryId')
  })
})
