import { integer, pgSchema, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { defineAdmin, resource, section } from '@/lib/admin/define'
import { detect } from '@/lib/admin/detect'
import { resolveAdmin } from '@/lib/admin/resolve'
import { nounForms } from '@/lib/admin/words'

const blog = pgSchema('blog')
const authors = blog.table('authors', { id: integer('id').primaryKey(), name: text('name') })
const posts = blog.table('posts', {
  id: integer('id').primaryKey(),
  authorId: integer('author_id').references(() => authors.id),
  title: text('title'),
  createdAt: timestamp('created_at').defaultNow(),
  views: integer('views'),
})
const tags = blog.table('tags', { id: integer('id').primaryKey(), name: text('name') })
const postsTags = blog.table(
  'posts_tags',
  { postId: integer('post_id').references(() => posts.id), tagId: integer('tag_id').references(() => tags.id) },
  (table) => [primaryKey({ columns: [table.postId, table.tagId] })],
)
const otherTags = pgTable('tags', { id: integer('id').primaryKey(), label: text('label') })
const schema = { authors, posts, tags, postsTags, otherTags }

test('without sections every table is listed under its Postgres schema, and join tables are not', () => {
  const { admin } = resolveAdmin(defineAdmin({ schema }))
  expect(admin.sections.map(({ label, resources }) => [label, resources.map(({ plural }) => plural)])).toEqual([
    ['Blog', ['Authors', 'Posts', 'Tags']],
    ['Public', ['Tags']],
  ])
})

test('equal names in two schemas stay apart', () => {
  const { admin } = resolveAdmin(defineAdmin({ schema }))
  expect(admin.resources.get('blog/tags')?.shape.relation).toBe('blog.tags')
  expect(admin.resources.get('public/tags')?.shape.relation).toBe('public.tags')
})

test('associations follow the foreign keys, through join tables too', () => {
  const { admin } = resolveAdmin(defineAdmin({ schema }))
  const found = admin.resources.get('blog/posts')
  expect(found?.fields.get('authorId')).toMatchObject({ label: 'Author', reference: { resource: 'blog/authors' } })
  expect(found?.manyToMany).toMatchObject([{ name: 'tags', resource: 'blog/tags' }])
  expect(admin.resources.get('blog/authors')?.related).toMatchObject([
    { resource: 'blog/posts', fields: ['authorId'], ownFields: ['id'] },
  ])
})

test('a join table that is listed is a related list on both sides, and no choice of records', () => {
  const sections = {
    blog: section('Blog', {}, { posts: resource(posts), tags: resource(tags), links: resource(postsTags) }),
  }
  const { admin } = resolveAdmin(defineAdmin({ schema, sections }))
  const found = admin.resources.get('blog/posts')
  expect(found?.manyToMany).toEqual([])
  expect(found?.related).toMatchObject([{ resource: 'blog/links', fields: ['postId'], ownFields: ['id'] }])
  expect(admin.resources.get('blog/links')?.title.of({ postId: 1, tagId: 2 })).toBe('1, 2')
})

test('the default columns are the key, the label, the rest, and timestamps last', () => {
  const { admin } = resolveAdmin(defineAdmin({ schema }))
  expect(admin.resources.get('blog/posts')?.list.columns.map(({ name }) => name)).toEqual([
    'id',
    'title',
    'authorId',
    'views',
    'createdAt',
  ])
})

test('an address is whom something goes to, and no record is called by it', () => {
  const parties = blog.table('parties', {
    id: integer('id').primaryKey(),
    companyName: text('company_name'),
    contactName: text('contact_name'),
    address: text('address'),
    city: text('city'),
  })
  const orders = blog.table('orders', {
    orderId: integer('order_id').primaryKey(),
    shipName: text('ship_name'),
    shipAddress: text('ship_address'),
    shipCity: text('ship_city'),
  })
  const letters = blog.table('letters', {
    id: integer('id').primaryKey(),
    billing_name: text('billing_name'),
    billing_address_line_1: text('billing_address_line_1'),
    subject: text('subject'),
  })
  const ships = blog.table('ships', { id: integer('id').primaryKey(), imo: text('imo'), shipName: text('ship_name') })
  const shippers = blog.table('shippers', {
    id: integer('id').primaryKey(),
    shipperName: text('shipper_name'),
    shipperCity: text('shipper_city'),
  })
  const visits = blog.table('visits', { id: integer('id').primaryKey(), ipAddress: text('ip_address') })
  const { admin } = resolveAdmin(defineAdmin({ schema: { parties, orders, letters, ships, shippers, visits } }))
  const titles = [...admin.resources.values()].map(({ shape, title }) => [shape.name, title.field?.name])
  expect(Object.fromEntries(titles)).toMatchObject({
    parties: 'companyName',
    orders: 'orderId',
    letters: 'subject',
    ships: 'shipName',
    shippers: 'shipperName',
    visits: 'ipAddress',
  })
})

test('one table is customised without listing the rest', () => {
  const { admin } = resolveAdmin(
    defineAdmin({ schema, sections: detect(schema, { 'blog.posts': { plural: 'Articles' } }) }),
  )
  expect(admin.resources.get('blog/posts')?.plural).toBe('Articles')
  expect(admin.resources.size).toBeGreaterThan(4)
})

test('an override names a table and its columns, or does not compile', () => {
  detect(schema, { 'blog.posts': { title: 'title', list: { columns: ['id', 'authorId'] } }, 'public.tags': {} })
  // @ts-expect-error the table is called posts
  detect(schema, { 'blog.post': {} })
  // @ts-expect-error the column is called title
  detect(schema, { 'blog.posts': { title: 'titel' } })
})

test('a tree may be a function of the request, with everything detected as its fixed catalogue', () => {
  const source = resolveAdmin(
    defineAdmin({ schema, sections: () => ({ mine: section('Mine', {}, { posts: resource(posts) }) }) }),
  )
  expect(source.treeOf).toBeTypeOf('function')
  expect(source.admin.resources.has('blog/posts')).toBe(true)
})

test('a thousand tables resolve in well under five seconds', () => {
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [
      `t${at}`,
      pgTable(`t${at}`, { id: integer('id').primaryKey(), name: text('name'), parent: integer('parent') }),
    ]),
  )
  const { admin } = resolveAdmin(defineAdmin({ schema: many }))
  expect(admin.sections[0]?.resources).toHaveLength(1000)
})

test.each([
  ['people', 'Person', 'People'],
  ['companies', 'Company', 'Companies'],
  ['analyses', 'Analysis', 'Analyses'],
  ['statuses', 'Status', 'Statuses'],
  ['boxes', 'Box', 'Boxes'],
  ['leaves', 'Leaf', 'Leaves'],
  ['data', 'Data', 'Data'],
  ['orderLines', 'Order line', 'Order lines'],
  ['category', 'Category', 'Categories'],
])('%s is one %s, many %s', (key, singular, plural) => {
  expect(nounForms(key)).toEqual({ singular, plural })
})

test('a given singular derives its plural, an explicit plural wins', () => {
  expect(nounForms('stuff', { singular: 'Article' })).toEqual({ singular: 'Article', plural: 'Articles' })
  expect(nounForms('stuff', { singular: 'Term', plural: 'Vocabulary' })).toEqual({
    singular: 'Term',
    plural: 'Vocabulary',
  })
})
