import { eq, sql } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { labelsFor, loadOptions, relatedPreview } from '@/lib/admin/list'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { addProduct, bakeryOptions, categories, createBakery, products, reviews } from './bakery'

const db = await createTestDatabase()
await createBakery(db)
await db.owner.sql`insert into categories select n, 'Kind ' || n, null from generate_series(101, 160) n`
await db.owner
  .sql`insert into categories values (900, 'Twin', null), (901, 'Twin', null), (902, '160 kinds', null), (903, '50%_x', null)`
await addProduct(db, { id: 1 })
await db.owner.sql`insert into reviews select n, 1, 1 + n % 2, 'Review ' || n from generate_series(1, 12) n`

const { ctx, of } = await createTestAdmin(db.app, bakeryOptions())
const labels = async (q: string) =>
  (await loadOptions(ctx, of(products), 'categoryId', q)).options.map(({ label }) => label)

const withCategories = (options: ResourceOptions<typeof categories>) =>
  createTestAdmin(db.app, {
    sections: {
      shop: section('Shop', {}, { products: resource(products), categories: resource(categories, options) }),
    },
  })

describe('a picker', () => {
  it('offers twenty records by name, and says that there are more', async () => {
    const { options, hasMore } = await loadOptions(ctx, of(products), 'categoryId', '')
    expect(options).toHaveLength(20)
    expect(hasMore).toBe(true)
    expect(options.slice(0, 3)).toEqual([
      { id: '903', label: '50%_x' },
      { id: '902', label: '160 kinds' },
      { id: '1', label: 'Bread' },
    ])
  })

  it('finds by key, then by how the name begins, then by any part of it', async () => {
    expect(await labels('160')).toEqual(['Kind 160', '160 kinds'])
    expect(await labels('k')).toHaveLength(20)
    expect(await labels('ind 15')).toEqual(['Kind 115', ...Array.from({ length: 10 }, (_, n) => `Kind 15${n}`)])
    expect(await labels('15 KIND')).toHaveLength(11)
    expect(await labels('50%_')).toEqual(['50%_x'])
    expect(await labels('%')).toEqual(['50%_x'])
    expect(await labels('nothing')).toEqual([])
  })

  it('tells records of one name apart by their key', async () => {
    expect((await loadOptions(ctx, of(products), 'categoryId', 'twin')).options).toEqual([
      { id: '900', label: 'Twin', hint: '900' },
      { id: '901', label: 'Twin', hint: '901' },
    ])
  })

  it('serves a many-to-many association', async () => {
    const { options } = await loadOptions(ctx, of(products), 'tags', 'fest')
    expect(options).toEqual([
      { id: '2', label: 'festival' },
      { id: '1', label: 'festive' },
    ])
  })

  it('takes any input for words', async () => {
    for (const q of ["'", '\\', '\0', '\ud800', '"', 'x'.repeat(5000), '99999999999999999999', '1.5', '-1']) {
      expect(await labels(q)).toEqual(expect.any(Array))
    }
  })

  it('offers only what the person may see', async () => {
    const scoped = await withCategories({ scope: () => sql`${categories.id} = 1 or ${categories.id} = 2` })
    const { options } = await loadOptions(scoped.ctx, scoped.of(products), 'categoryId', '')
    expect(options.map(({ label }) => label)).toEqual(['Bread', 'Rye'])
    expect((await loadOptions(scoped.ctx, scoped.of(products), 'categoryId', '101')).options).toEqual([])
    const refused = await withCategories({ authorize: () => false })
    await expect(loadOptions(refused.ctx, refused.of(products), 'categoryId', '')).rejects.toMatchObject({
      status: 403,
    })
  })

  it('does not exist for what is no association', async () => {
    await expect(loadOptions(ctx, of(products), 'name', '')).rejects.toMatchObject({ status: 404 })
    await expect(loadOptions(ctx, of(products), 'constructor', '')).rejects.toMatchObject({ status: 404 })
  })

  it('shows names that a function makes, and neither names nor finds by a field that may not be read', async () => {
    const made = await withCategories({
      title: (category) => `№ ${category.id}`,
      scope: () => sql`${categories.id} < 3`,
    })
    expect((await loadOptions(made.ctx, made.of(products), 'categoryId', 'rye')).options).toEqual([
      { id: '2', label: '№ 2' },
    ])
    const blind = await withCategories({ form: { fields: { name: { read: () => false } } } })
    expect((await loadOptions(blind.ctx, blind.of(products), 'categoryId', 'rye')).options).toEqual([])
    expect((await loadOptions(blind.ctx, blind.of(products), 'categoryId', '2')).options).toEqual([
      { id: '2', label: 'Category 2' },
    ])
  })

  it('answers from what the database finds in time', async () => {
    const slow = await withCategories({ scope: () => sql`(${categories.id} = 101 or pg_sleep(0.2) is not null)` })
    const started = Date.now()
    const { options } = await loadOptions(slow.ctx, slow.of(products), 'categoryId', 'ind 1')
    expect(Date.now() - started).toBeLessThan(8000)
    expect(options).toEqual([])
  })

  it('finds among many without reading them', async () => {
    const targets = pgTable('targets', { id: integer('id').primaryKey(), name: text('name').notNull() })
    const sources = pgTable('sources', {
      id: integer('id').primaryKey(),
      targetId: integer('target_id').references(() => targets.id),
    })
    await db.admin.sql.unsafe(`
      create extension if not exists pg_trgm;
      create table targets (id integer primary key, name text not null);
      create table sources (id integer primary key, target_id integer references targets);
      insert into targets select n, 'Target ' || md5(n::text) from generate_series(1, 200000) n;
      create index on targets using gin (name gin_trgm_ops);
      analyze targets;
      grant all on targets, sources to kontor_app`)
    const { ctx, of } = await createTestAdmin(db.app, {
      sections: { main: section('Main', {}, { targets: resource(targets), sources: resource(sources) }) },
    })
    const ask = async (q: string) => {
      const started = performance.now()
      const { options, hasMore } = await loadOptions(ctx, of(sources), 'targetId', q)
      return { options, hasMore, ms: performance.now() - started }
    }
    await ask('')
    const answers = {
      nothing: await ask(''),
      key: await ask('177777'),
      common: await ask('target'),
      part: await ask('c4ca4238'),
      absent: await ask('zzzzzz'),
    }
    expect(answers.nothing.options).toHaveLength(20)
    expect(answers.key.options[0]?.id).toBe('177777')
    expect(answers.common).toMatchObject({ hasMore: true })
    expect(answers.part.options.map(({ id }) => id)).toContain('1')
    expect(answers.absent.options).toEqual([])
    for (const { ms } of Object.values(answers)) expect(ms).toBeLessThan(1000)
  }, 60_000)
})

describe('labels', () => {
  it('are found for many ids in one question, and not for what does not exist or may not be opened', async () => {
    const found = await labelsFor(ctx, of(categories), ['1', '2', '1', '77777'])
    expect(found).toEqual(
      new Map([
        ['1', 'Bread'],
        ['2', 'Rye'],
      ]),
    )
    expect(await labelsFor(ctx, of(categories), ['not a number'])).toEqual(new Map())
    expect(await labelsFor(ctx, of(categories), [])).toEqual(new Map())
    const some = await withCategories({ authorize: () => eq(categories.id, 2) })
    expect(await labelsFor(some.ctx, some.of(categories), ['1', '2'])).toEqual(new Map([['2', 'Rye']]))
    const none = await withCategories({ authorize: (_, operation) => operation !== 'read' })
    expect(await labelsFor(none.ctx, none.of(categories), ['1'])).toEqual(new Map())
  })
})

describe('a related list', () => {
  it('shows the newest five of how many', async () => {
    const related = of(products).related.find(({ name }) => name === 'reviews')!
    const preview = await relatedPreview(ctx, of(reviews), related, { id: '1' })
    expect(preview.count).toEqual({ kind: 'exact', count: 12 })
    expect(preview.rows.map(({ id }) => id)).toEqual(['12', '11', '10', '9', '8'])
    expect(preview.rows[0]).toMatchObject({ href: '/admin/shop/reviews/12', title: 'Review 12' })
    expect(preview.rows[0]?.display).toContain('Ada Lovelace')
    expect(await relatedPreview(ctx, of(reviews), related, { id: '2' })).toEqual({
      count: { kind: 'exact', count: 0 },
      rows: [],
    })
    expect((await relatedPreview(ctx, of(reviews), related, { id: null })).rows).toEqual([])
  })
})
