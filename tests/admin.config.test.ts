import { expect, test } from 'vitest'
import config from '@/admin.config'
import { setUpTables } from '@/bin/supervisor/tables'
import {
  allergenDeclarations,
  cartLines,
  carts,
  categories,
  comments,
  employees,
  equipment,
  orderLines,
  orders,
  posts,
  products,
} from '@/drizzle/schema'
import { createRecord, deleteRecords, recordWriter, resolveAdmin, updateRecord } from '@/lib/admin'
import { migrateTables } from '@/lib/db/migrate'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await migrateTables(db.urls.owner)
await setUpTables(db.urls.owner)
const { ctx, of, as } = await createTestAdmin(db.owner, config.options)
const road = { ctx }
const editor = { ctx: await as(EDITOR) }

const newProduct = { name: 'Pain d’épices', sku: 'CHR-1', price: '8.00', cost: '3.00' }

test('the demo’s config has no mistakes', () => {
  const { admin } = resolveAdmin(config)
  expect(admin.sections.map(({ label }) => label)).toEqual(['Blog', 'Catalogue', 'Shop', 'Staff'])
  expect(admin.sections[1]?.resources.map(({ plural }) => plural)).toEqual([
    'Categories',
    'Products',
    'Allergen declarations',
    'Allergens',
    'Suppliers',
  ])
})

test('a slug left empty is made from the name', async () => {
  const product = await createRecord(road, of(products), { typed: newProduct })
  expect(product.texts.slug).toBe('pain-depices')
  const category = await createRecord(road, of(categories), { typed: { name: 'Überraschung' } })
  expect(category.texts.slug).toBe('uberraschung')
})

test('a product must not cost less than it costs to make, however it is changed', async () => {
  const { id } = await createRecord(road, of(products), { typed: { ...newProduct, name: 'Dear', sku: 'X-1' } })
  await expect(updateRecord(road, of(products), id, { values: { price: '2.99' } })).rejects.toMatchObject({
    details: { fields: { price: [expect.stringContaining('€ 3.00')] } },
  })
})

test('a locked product stays, an unlocked one goes, but not by an editor', async () => {
  const typed = { ...newProduct, name: 'Locked', sku: 'X-2', locked: true }
  const { id } = await createRecord(road, of(products), { typed })
  await expect(deleteRecords(road, of(products), [id])).rejects.toThrow('“Locked” is locked')
  await expect(deleteRecords(editor, of(products), [id])).rejects.toMatchObject({ code: 'forbidden' })
  await updateRecord(road, of(products), id, { values: { locked: 'false' } })
  await deleteRecords(road, of(products), [id])
})

test('a product whose stock runs out is sold out', async () => {
  const typed = { ...newProduct, name: 'Last one', sku: 'X-3', status: 'available', stock: 1 }
  const { id } = await createRecord(road, of(products), { typed })
  const { row } = await updateRecord(road, of(products), id, { values: { stock: '0' } })
  expect(row.texts.status).toBe('sold_out')
})

test('an order line takes the next number and today’s price, and its order adds up', async () => {
  const product = await createRecord(road, of(products), { typed: { ...newProduct, name: 'Loaf', sku: 'X-4' } })
  const [customer] = await db.owner.sql`insert into shop.customers (first_name, last_name, email)
    values ('Ada', 'Berg', 'ada@mail.example') returning id`
  const order = await createRecord(road, of(orders), { typed: { customerId: Number(customer?.id) } })
  const line = { orderId: Number(order.id), productId: Number(product.id), quantity: 3 }
  await createRecord(road, of(orderLines), { typed: line })
  const second = await createRecord(road, of(orderLines), { typed: { ...line, quantity: 1, unitPrice: '1.50' } })
  expect(second.id).toBe(`${order.id},2`)
  const total = async () => (await db.owner.sql`select total from shop.orders where id = ${order.id}`)[0]?.total
  expect(await total()).toBe('25.50')
  await deleteRecords(road, of(orderLines), [second.id])
  expect(await total()).toBe('24.00')
})

test('a cart is given a code, adds up, is kept by its lines and takes them along', async () => {
  const { id: productId } = await createRecord(road, of(products), {
    typed: { ...newProduct, name: 'Roll', sku: 'X-5' },
  })
  const cart = await createRecord(road, of(carts), {})
  expect(cart.texts.code).toMatch(/^C-[0-9A-F]{4}$/)
  await db.owner.sql`update shop.carts set expires_at = now() + interval '1 minute' where id = ${cart.id}`
  const typed = { cartId: cart.id, productId: Number(productId), quantity: 2 }
  expect((await createRecord(road, of(cartLines), { typed })).id).toBe(`${cart.id},1`)
  const [row] = await db.owner.sql`select total, expires_at > now() + interval '29 minutes' as kept from shop.carts`
  expect(row).toEqual({ total: '16.00', kept: true })
  await deleteRecords(road, of(carts), [cart.id])
  expect(await db.owner.sql`select 1 from shop.cart_lines`).toHaveLength(0)
})

test('somebody fills a cart from time to time, and it adds up', async () => {
  await createRecord(road, of(products), {
    typed: { ...newProduct, name: 'Pretzel', sku: 'X-7', status: 'available', stock: 5 },
  })
  const fill = config.options.tasks?.find(({ options: { name } }) => name === 'Let somebody fill a cart')?.options
  const writer = { actorId: 'task:Let somebody fill a cart', name: 'Carts', road: 'task', requestId: 'test' } as const
  const clock = { now: () => new Date() }
  const records = recordWriter({ source: resolveAdmin(config), db: db.owner, clock }, writer)
  expect(await fill?.run(0, { ...records, db: db.owner } as never)).toEqual({ is: 'ok', value: 1 })
  const [cart] = await db.owner.sql`select total from shop.carts where channel = 'web' and total > 0`
  expect(cart?.total).toBe('8.00')
})

test('a declaration is kept in versions, one a product', async () => {
  const { id: productId } = await createRecord(road, of(products), {
    typed: { ...newProduct, name: 'Bun', sku: 'X-6' },
  })
  const typed = { number: 'AD-1', productId: Number(productId), contains: ['gluten'] }
  const { id } = await createRecord(road, of(allergenDeclarations), { typed })
  await db.owner.sql`insert into catalogue.allergens (code, name) values ('milk', 'Milk')`
  await updateRecord(road, of(allergenDeclarations), id, { values: { contains: '{milk}' } })
  const versions = await db.owner.sql`select contains from catalogue.allergen_declarations order by entry_version`
  expect(versions.map(({ contains }) => contains)).toEqual([['gluten'], ['milk']])
  await expect(
    createRecord(road, of(allergenDeclarations), { typed: { ...typed, number: 'AD-2' } }),
  ).rejects.toMatchObject({ details: { fields: { productId: [expect.stringContaining('AD-1')] } } })
})

test('a post that is scheduled says when, one that is published is dated now', async () => {
  const [author] = await db.owner.sql`insert into blog.authors (name, email, writes_since)
    values ('Margot', 'margot@mail.example', '2020-01-01') returning id`
  const typed = { title: 'On crust', authorId: author?.id }
  await expect(createRecord(road, of(posts), { typed: { ...typed, status: 'scheduled' } })).rejects.toMatchObject({
    details: { fields: { publishedAt: ['When shall it be published?'] } },
  })
  const post = await createRecord(road, of(posts), { typed: { ...typed, status: 'published' } })
  expect(post.texts.publishedAt).toMatch(/^\d{4}-/)
})

test('editors see no salaries, no spam, and nobody who works part time', async () => {
  const salary = of(employees).fields.get('salary')
  expect(salary?.read(ctx)).toBe(true)
  expect(salary?.read(editor.ctx)).toBe(false)
  expect(of(employees).scope(editor.ctx)).toBeDefined()
  expect(await of(comments).authorize(editor.ctx, 'list')).not.toBe(true)
  expect(await of(comments).authorize(editor.ctx, 'delete')).toBe(false)
})

test('nothing of the type gallery is of an unknown kind', () => {
  const unknown = [...of(equipment).fields.values()].filter(({ kind }) => kind.name === 'unknown')
  expect(unknown.map(({ name }) => name)).toEqual([])
})
