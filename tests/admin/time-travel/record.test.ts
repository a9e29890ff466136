import { beforeAll, describe, expect, it } from 'vitest'
import { loadRecordView } from '@/lib/admin/record-view'
import { travel } from '@/lib/admin/time-travel/travel'
import type { RecordView } from '@/lib/admin/view'
import { installTriggers } from '@/lib/history'
import { eraseHistory } from '@/lib/history/erase'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { bakeryOptions, createBakery, products } from '../list/bakery'

const db = await createTestDatabase()
await createBakery(db)
await db.owner.sql`alter table products add column oven text`
const install = () =>
  installTriggers(
    db.owner.sql,
    ['categories', 'products', 'tags', 'products_tags', 'people', 'reviews'].map((name) => ({
      schema: 'public',
      name,
    })),
  )
await install()
const now = async () => (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at

async function record(
  id: string,
  at?: string,
  options: Parameters<typeof bakeryOptions>[0] = {},
  actor?: typeof EDITOR,
) {
  const { ctx, as, of } = await createTestAdmin(db.app, bakeryOptions(options))
  const then = await travel(actor ? await as(actor) : ctx, of(products), at, 'record')
  return loadRecordView(then.ctx, then.resource, id)
}

/** What a person reads on a record's page. */
const seen = ({ title, groups, manyToMany, related }: RecordView) => ({
  title,
  fields: groups.flatMap(({ fields }) =>
    fields.map(({ name, display, reference }) => [name, display, reference?.label]),
  ),
  links: manyToMany.map(({ name, selected }) => [name, selected]),
  related: related.map(({ name, count, rows }) => [
    name,
    count,
    rows.map(({ id, title: of, display }) => [id, of, display]),
  ]),
})

describe('a record as of a moment', () => {
  let at: string
  let before: RecordView
  beforeAll(async () => {
    await db.admin.sql.unsafe(`
      insert into products (id, name, sku, category_id, price, sold, status, facts, labels, oven) values
        (1, 'Rye loaf', 'R-1', 2, 4.20, 7, 'available', '{"a": 1}', '{x,y}', 'stone'), (2, 'Bun', 'B-1', 1, 1, 0, 'available', null, null, null);
      insert into reviews values (1, 1, 1, 'Good'), (2, 1, 2, 'Sour'), (3, 2, 1, 'Dry');
      insert into products_tags values (1, 1), (1, 2)`)
    before = await record('1')
    at = await now()
    await db.admin.sql.unsafe(`
      update products set name = 'Rye loaf, large', price = 5, category_id = 3, facts = null, labels = '{z}' where id = 1;
      update categories set name = 'Dark bread' where id = 2;
      update reviews set body = 'Very good' where id = 1; delete from reviews where id = 2; insert into reviews values (9, 1, 1, 'Later');
      update people set name = 'Countess' where id = 1;
      delete from products_tags where tag_id = 2; insert into products_tags values (1, 3); update tags set word = 'x' where id = 1`)
  })

  it('shows values, labels, links and related lists of then', async () => {
    const then = await record('1', at)
    expect(seen(then)).toEqual(seen(before))
    expect(seen(await record('1'))).not.toEqual(seen(before))
  })

  it('is read-only, and its addresses keep the moment', async () => {
    const then = await record('1', at)
    expect(then.can).toEqual({ create: false, update: false, delete: false })
    expect(then.groups.flatMap(({ fields }) => fields.map(({ access }) => access))).not.toContain('editable')
    expect(then.manyToMany.map(({ isEditable }) => isEditable)).not.toContain(true)
    expect(then.related.map(({ newHref }) => newHref)).not.toContain(expect.anything())
    const hrefs = then.related.flatMap(({ href, rows }) => [href, ...rows.map((row) => row.href)])
    const references = then.groups.flatMap(({ fields }) => fields.flatMap(({ reference }) => reference?.href ?? []))
    expect(references).toHaveLength(1)
    for (const href of [...hrefs, ...references]) expect(href).toMatch(/at=20\d\d-/)
  })

  it('one that came later was not there, one that is gone since was', async () => {
    await db.admin.sql`insert into products (id, name, sku, sold, status) values (5, 'New', 'N', 0, 'available')`
    await db.admin.sql.unsafe(`delete from reviews where product_id = 2; delete from products where id = 2`)
    await expect(record('5', at)).rejects.toMatchObject({ code: 'not_found' })
    expect(await record('2', at)).toMatchObject({ title: 'Bun' })
    await expect(record('abc', at)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is shown only where the policy allows what it was and what it is', async () => {
    const options: Parameters<typeof bakeryOptions>[0] = {
      authorize: (ctx, operation, product) =>
        ctx.user.role === 'owner' || operation !== 'read' || product === undefined || product.price !== '5.00',
    }
    await expect(record('1', at, options, EDITOR)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await record('1', at, options)).toMatchObject({ title: 'Rye loaf' })
    await db.admin.sql.unsafe(`delete from products_tags; delete from reviews; delete from products where id = 1`)
    await expect(record('1', at, options, EDITOR)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await record('1', at, options)).toMatchObject({ title: 'Rye loaf' })
  })

  it('keeps what its column cannot hold any more, for those who may read the field', async ({ skip }) => {
    const [server] = await db.admin.sql`select current_setting('server_version_num')::int as version`
    skip(server?.version < 160_000)
    await db.admin.sql.unsafe(
      `insert into products (id, name, sku, sold, status) values (70, 'Bun', 'B', 0, 'sold_out')`,
    )
    const then = (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
    await db.admin.sql`update products set status = 'available' where id = 70`
    await db.owner.sql`alter type status rename value 'sold_out' to 'gone'`
    try {
      const shown = await record('70', then)
      expect(shown.dropped).toEqual([{ name: 'Status', text: 'sold_out' }])
      expect(shown.texts.status).toBeNull()
      const closed = await record('70', then, { form: { fields: { status: { read: () => false } } } })
      expect(closed.dropped).toEqual([])
    } finally {
      await db.owner.sql`alter type status rename value 'gone' to 'sold_out'`
      await db.admin.sql`delete from products where id = 70`
    }
  })

  it('says what an erasure took, and shows nothing in its place', async () => {
    await db.admin.sql`insert into products (id, name, sku, sold, status) values (71, 'Old name', 'B', 0, 'available')`
    const then = (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
    await db.admin.sql`update products set name = 'New name', sku = 'C' where id = 71`
    const erasure = { relation: 'public.products', recordId: '71', columns: ['name'] }
    await eraseHistory(db.owner.sql, erasure, { actor: 'user:admin', reason: 'asked' })
    const shown = await record('71', then)
    expect(shown.texts).toMatchObject({ name: null, sku: 'B' })
    expect(shown.notices).toEqual(['Erased from the history, so what it held then is not known: Name.'])
    expect((await record('71')).notices).toEqual([])
    await db.admin.sql`delete from products where id = 71`
  })

  it('keeps what stood in a column that is gone, and knows nothing of one that came', async () => {
    await db.owner.sql.unsafe('alter table products drop column oven; alter table products add column shelf text')
    await install()
    const then = await record('1', at)
    expect(then.dropped).toEqual([{ name: 'oven', text: 'stone' }])
    expect(seen(then).fields).toEqual(seen(before).fields)
  })
})
