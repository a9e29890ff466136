import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { asc, eq, max, ne, sum } from 'drizzle-orm'
import { z } from 'zod'
import { slugify } from '@/drizzle/demo/slug'
import * as schema from '@/drizzle/schema'
import {
  appendOnly,
  defineAdmin,
  ephemeral,
  handler,
  type OperationContext,
  type RequestContext,
  resource,
  section,
  task,
} from '@/lib/admin'
import { localFiles, s3Files } from '@/lib/files'
import { error, ok } from '@/lib/tasks'

/*
 * The demo: a bakery's back office that shows each option once. Everything has a default, so that
 * `defineAdmin({ schema })` alone is an admin of every table; what stands here is what differs.
 * docs/configuration.md explains each option.
 */

const { posts, comments, tags, authors } = schema
const { products, categories, suppliers, allergens, allergenDeclarations, currentAllergenDeclarations } = schema
const { orders, orderLines, customers, addresses, coupons, salesPerProduct, carts, cartLines } = schema
const { employees, shifts, roles, equipment, doorLog } = schema

const isOwner = (ctx: RequestContext) => ctx.user.role === 'owner'

/** Owners may everything; editors write and correct, and delete nothing. */
const onlyOwnersDelete = (ctx: RequestContext, operation: string) => operation !== 'delete' || isOwner(ctx)

const onlyOwnersChange = (ctx: RequestContext, operation: string) =>
  operation === 'list' || operation === 'read' || isOwner(ctx)

/** An order costs what its lines cost: runs in the same transaction as the line's own change. */
async function addUpOrder(ctx: OperationContext, { orderId }: { orderId: number }): Promise<void> {
  const [lines] = await ctx.tx
    .select({ total: sum(orderLines.amount) })
    .from(orderLines)
    .where(eq(orderLines.orderId, orderId))
  await ctx.update('shop/orders', String(orderId), { total: lines?.total ?? '0' })
}

/** A cart costs what is in it; whoever puts something in or takes it out is still there. */
async function addUpCart(ctx: OperationContext, { cartId }: { cartId: string }): Promise<void> {
  const [lines] = await ctx.tx
    .select({ total: sum(cartLines.amount) })
    .from(cartLines)
    .where(eq(cartLines.cartId, cartId))
  await ctx.keepAlive('shop/carts', cartId)
  await ctx.update('shop/carts', cartId, { total: lines?.total ?? '0' })
}

/** Today's allergens, by the name people know and the code that is declared. */
const allergenChoices = async (ctx: RequestContext) =>
  ctx.db.select({ label: allergens.name, value: allergens.code }).from(allergens).orderBy(asc(allergens.name))

/** Where this site keeps what is no record. */
const dataFolder = process.env.KONTOR_DATA_DIR || '.kontor'

/** Where this site is reached: what the demo's own webhook calls. */
const site = process.env.NEXTAUTH_URL?.replace(/\/$/, '') || 'http://127.0.0.1:3000'

/**
 * A webhook to whoever wants to know (ORDER_WEBHOOK_URL). Without one the demo plays the other side itself: it calls its
 * own /api/effects, signed like any program's call, and what arrives there is an effect again.
 */
function webhook(message: string, data: object) {
  if (process.env.ORDER_WEBHOOK_URL) return { url: process.env.ORDER_WEBHOOK_URL, body: { message, ...data } }
  return { url: `${site}/api/effects`, body: { kind: 'log', payload: { message, data } }, secret: 'site' }
}

export default defineAdmin({
  title: 'Corner Bakery',
  footer: 'Corner Bakery, Lindau',
  theme: { accent: '#1d6b4f', scheme: 'auto' },
  locale: 'en',
  timeZone: 'Europe/Berlin',
  home: 'dashboard',
  schema,

  // What happens outside the database because something in it changed. A worker carries it out; see Effects in the menu.
  effects: {
    'order.statusChanged': handler({
      label: 'Order has a new status',
      payload: z.object({ record_id: z.string() }),
      run: async ({ record_id: id }, ctx) => {
        const [found] = await ctx.db.orm
          .select({ order: orders, customer: customers })
          .from(orders)
          .innerJoin(customers, eq(customers.id, orders.customerId))
          .where(eq(orders.id, Number(id)))
        if (!found) return { told: null, because: 'The order is gone.' }
        const { order, customer } = found
        const { status, total } = order
        ctx.effect('email.send', {
          to: customer.email,
          subject: `Your order ${id}: ${status}`,
          text: `Dear ${customer.name},\n\nyour order of € ${total} is now ${status}.\n\nCorner Bakery`,
        })
        ctx.effect('http.request', webhook(`Order ${id} is now ${status}`, { order: order.id, status, total }))
        return { told: customer.email, status }
      },
    }),
    // Asked for with each effect that is given up. An e-mail that cannot be sent is not told by e-mail.
    'effect.dead': handler({
      payload: z.object({ id: z.string(), kind: z.string(), attempts: z.number(), error: z.string().nullish() }),
      run: ({ id, kind, attempts, error }, ctx) => {
        const text = `${kind} ${id} was given up after ${attempts} attempts: ${error ?? 'no reason given'}`
        ctx.log.error(text)
        if (kind !== 'email.send')
          ctx.effect('email.send', { to: 'owner@bakery.test', subject: `Given up: ${kind}`, text })
      },
    }),
  },
  builtIn: {
    // Without a server e-mails are not sent: they are put into a folder, and their results say so.
    email: {
      smtpUrl: process.env.SMTP_URL,
      folder: join(dataFolder, 'mail'),
      from: 'Corner Bakery <no-reply@bakery.test>',
    },
    http: {
      secrets: process.env.KONTOR_EFFECTS_SECRET ? { site: process.env.KONTOR_EFFECTS_SECRET } : {},
      // Private addresses are refused; the site's own may be one.
      allow: process.env.ORDER_WEBHOOK_URL ? [] : [URL.canParse(site) ? new URL(site).hostname : 'localhost'],
    },
    files: process.env.S3_BUCKET
      ? s3Files({
          bucket: process.env.S3_BUCKET,
          region: process.env.AWS_REGION,
          endpoint: process.env.S3_ENDPOINT,
          prefix: 'bakery',
        })
      : localFiles(join(dataFolder, 'files')),
  },

  tasks: [
    task({
      name: 'Cache product count',
      every: '15s',
      initialValue: 0,
      run: async (_count, ctx) => ok(await ctx.db.orm.$count(products)),
    }),
    // Carts live for half an hour: without new ones the demo's shop would soon be empty.
    task({
      name: 'Let somebody fill a cart',
      every: '10m',
      initialValue: 0,
      run: async (filled, ctx) => {
        const chosen = await ctx.db.sql<{ id: number }[]>`
          select id from catalogue.products where status = 'available' order by random() limit ${1 + (filled % 3)}`
        const cart = await ctx.create('shop/carts', { channel: 'web' })
        for (const { id } of chosen) await ctx.create('shop/cart-lines', { cartId: cart.id, productId: id })
        return ok(filled + 1)
      },
    }),
    task({
      name: 'Write the day’s takings',
      cron: '0 19 * * 1-6',
      zone: 'Europe/Berlin',
      initialValue: { day: '', takings: '0.00' },
      run: async (_last, ctx) => {
        const [today] = await ctx.db.sql<{ day: string; takings: string; orders: number }[]>`
          select day::text, coalesce(sum(total), 0)::text as takings, count(id)::int as orders
          from (select (now() at time zone 'Europe/Berlin')::date as day) today
          left join shop.orders on (placed_at at time zone 'Europe/Berlin')::date = day and status <> 'cancelled'
          group by day`
        if (!today) return error()
        ctx.effect('file.write', { name: `takings/${today.day}.json`, text: JSON.stringify(today, null, 2) })
        return ok({ day: today.day, takings: today.takings })
      },
    }),
  ],

  sections: {
    blog: section(
      'Blog',
      { icon: 'book-open', order: 1 },
      {
        posts: resource(posts, {
          icon: 'newspaper',
          order: 1,
          list: {
            columns: [
              'title',
              'authorId',
              'status',
              { name: 'publishedAt', label: 'Published', format: 'relative' },
              'views',
              { name: 'readingMinutes', label: 'Minutes' },
            ],
            search: ['title', 'excerpt', 'author.name', 'tags.name'],
            filters: ['status', 'authorId', 'featured', 'publishedAt'],
            sort: ['-publishedAt'],
          },
          form: {
            fields: {
              slug: {
                required: false,
                help: 'Its address on the site. Leave it empty to have it made from the title.',
              },
              status: { tones: { published: 'ok', scheduled: 'info', draft: 'quiet', archived: 'warn' } },
              excerpt: { rows: 2, placeholder: 'Two sentences that make people read on' },
              body: { label: 'Text', rows: 16 },
              views: { create: 'hidden', update: 'readonly' },
            },
            groups: [
              { label: 'Story', fields: ['title', 'slug', 'authorId', 'excerpt', 'body'] },
              { label: 'Publishing', fields: ['status', 'publishedAt', 'featured', 'views', 'readingMinutes'] },
            ],
          },
          authorize: onlyOwnersDelete,
          validate: (_ctx, post, before) => {
            const status = post.values.status ?? before?.status
            const publishedAt = post.values.publishedAt === undefined ? before?.publishedAt : post.values.publishedAt
            if (status === 'scheduled' && !publishedAt) post.addError('publishedAt', 'When shall it be published?')
          },
          hooks: {
            beforeInsert: (_ctx, post) => {
              post.values.slug ||= slugify(post.values.title ?? '')
            },
            beforeSave: (ctx, post) => {
              if (post.values.status === 'published') post.values.publishedAt ??= ctx.clock.now()
              post.values.updatedAt = ctx.clock.now()
            },
          },
        }),
        comments: resource(comments, {
          icon: 'message-square',
          order: 2,
          title: (comment) => `${comment.authorName}: ${comment.body.slice(0, 60)}`,
          list: {
            columns: ['authorName', 'body', 'postId', 'status', { name: 'createdAt', format: 'relative' }],
            search: ['body', 'authorName', 'post.title'],
            sort: ['-createdAt'],
          },
          form: {
            fields: { status: { tones: { approved: 'ok', pending: 'warn', spam: 'bad' } }, ip: { label: 'Sent from' } },
          },
          // A policy may answer with a condition on the rows: editors do not get to see spam.
          authorize: (ctx, operation) => isOwner(ctx) || (operation !== 'delete' && ne(comments.status, 'spam')),
        }),
        tags: resource(tags, {
          icon: 'tag',
          order: 3,
          list: { columns: ['name', 'slug', 'colour'], sort: ['name'], size: 50 },
          form: { fields: { colour: { kind: 'colour' } } },
          hooks: {
            beforeInsert: (_ctx, tag) => {
              tag.values.slug ||= slugify(tag.values.name ?? '')
            },
          },
        }),
        authors: resource(authors, {
          icon: 'feather',
          order: 4,
          list: { columns: ['name', 'email', 'writesSince'], sort: ['name'] },
          form: { fields: { email: { kind: 'email' }, website: { kind: 'url' } } },
          authorize: onlyOwnersChange,
        }),
      },
    ),

    catalogue: section(
      'Catalogue',
      { icon: 'cookie', order: 2 },
      {
        products: resource(products, {
          icon: 'croissant',
          order: 2,
          description: 'What the counter sells today. Prices include VAT.',
          list: {
            columns: [
              'name',
              'categoryId',
              { name: 'price', format: 'money' },
              {
                name: 'margin',
                format: 'percent',
                value: ({ price, cost }) =>
                  Number(price) === 0 ? null : Math.round(100 - (100 * Number(cost)) / Number(price)),
              },
              'sold',
              'status',
              { name: 'updatedAt', label: 'Changed', format: 'relative' },
            ],
            search: ['name', 'sku', 'category.name'],
            filters: ['status', 'price', 'categoryId', 'supplierId', 'stock', 'onSaleFrom', 'ingredients', 'locked'],
            sort: ['name'],
          },
          form: {
            fields: {
              slug: { required: false, help: 'Its address in the shop. Leave it empty to have it made from the name.' },
              sku: { label: 'Article number', placeholder: 'BRE-0042' },
              body: { label: 'Long description', rows: 8 },
              price: { kind: 'money', hint: '€, with VAT' },
              cost: { kind: 'money', hint: '€', read: isOwner },
              vat: {
                label: 'VAT',
                hint: '%',
                choices: [
                  ['Food, 7 %', '7.00'],
                  ['Drinks and other, 19 %', '19.00'],
                ],
              },
              status: {
                default: 'draft',
                tones: { available: 'ok', low_stock: 'warn', sold_out: 'bad', seasonal: 'info', draft: 'quiet' },
              },
              onSaleFrom: { hint: 'Europe/Berlin' },
              sold: { create: 'hidden', update: 'readonly' },
              views: { create: 'hidden', update: 'readonly' },
              nutrition: { help: 'Of 100 g: grams, and kilojoules for the energy.' },
              weightKg: { label: 'Weight', hint: 'kg' },
              bakedFor: { placeholder: '25 minutes' },
              colour: { kind: 'colour' },
              website: { kind: 'url' },
              locked: {
                help: 'Locked products cannot be deleted.',
                update: (ctx) => (isOwner(ctx) ? 'editable' : 'readonly'),
              },
              createdAt: { create: 'hidden', update: 'readonly' },
              updatedAt: { label: 'Changed', create: 'hidden', update: 'readonly' },
            },
            groups: [
              { label: 'What it is', fields: ['name', 'categoryId', 'slug', 'sku', 'description', 'body'] },
              { label: 'Selling', fields: ['price', 'cost', 'vat', 'status', 'stock', 'onSaleFrom', 'sold', 'views'] },
              {
                label: 'Baking',
                description: 'What stands on the label, and how it gets there.',
                fields: ['ingredients', 'nutrition', 'weightKg', 'bakedFor', 'supplierId'],
              },
              { label: 'Looks', fields: ['colour', 'website', 'photo'] },
              { label: 'Housekeeping', fields: ['locked', 'createdAt', 'updatedAt'] },
            ],
          },
          authorize: onlyOwnersDelete,
          validate: (_ctx, product, before) => {
            const price = Number(product.values.price ?? before?.price)
            const cost = Number(product.values.cost ?? before?.cost ?? 0)
            if (price < cost) product.addError('price', `Costs € ${cost.toFixed(2)} to make. Ask for at least that.`)
          },
          hooks: {
            beforeInsert: (_ctx, product) => {
              product.values.slug ||= slugify(product.values.name ?? '')
            },
            beforeSave: (ctx, product) => {
              if (product.values.stock === 0 && !product.changes('status')) product.values.status = 'sold_out'
              product.values.updatedAt = ctx.clock.now()
            },
            beforeDelete: (ctx, product) => {
              if (product.locked) ctx.reject(`“${product.name}” is locked, and locked products stay.`)
            },
          },
        }),
        categories: resource(categories, {
          icon: 'folder-tree',
          order: 1,
          list: {
            columns: ['name', 'parentId', 'position', 'slug'],
            search: ['name', 'parent.name'],
            sort: ['position'],
          },
          form: { fields: { parentId: { label: 'Within' }, position: { help: 'Smaller numbers come first.' } } },
          authorize: onlyOwnersDelete,
          hooks: {
            beforeInsert: (_ctx, category) => {
              category.values.slug ||= slugify(category.values.name ?? '')
            },
          },
        }),
        suppliers: resource(suppliers, {
          icon: 'truck',
          list: { columns: ['name', 'city', 'deliversOn', 'rating', 'isActive'], sort: ['name'] },
          form: {
            fields: { email: { kind: 'email' }, website: { kind: 'url' }, isActive: { label: 'We order from them' } },
          },
        }),
        allergens: resource(allergens, { icon: 'wheat', list: { sort: ['name'] }, authorize: onlyOwnersChange }),
        // Every update is a further version, every delete a tombstone: what was declared when can always be shown.
        declarations: resource(allergenDeclarations, {
          storage: appendOnly({ current: currentAllergenDeclarations }),
          plural: 'Allergen declarations',
          icon: 'scroll-text',
          description: 'What the labels say and said. Each save is a further version; none is ever changed or lost.',
          title: 'number',
          list: {
            columns: [
              { name: 'number', label: 'Declaration' },
              'productId',
              'contains',
              'traces',
              { name: 'entryVersion', label: 'Version' },
              { name: 'versionAt', label: 'Declared', format: 'relative' },
            ],
            search: ['number', 'product.name', 'statement'],
            filters: ['productId', 'contains', 'traces'],
            sort: ['number'],
          },
          form: {
            fields: {
              number: { placeholder: 'AD-0042', update: 'readonly' },
              productId: { update: 'readonly' },
              contains: { choices: allergenChoices },
              traces: { choices: allergenChoices, help: 'What the same oven and tables may leave on it.' },
              statement: { kind: 'textarea', rows: 2, help: 'As it stands on the label.' },
            },
            groups: [{ label: 'Declaration', fields: ['number', 'productId', 'contains', 'traces', 'statement'] }],
          },
          authorize: onlyOwnersDelete,
        }),
      },
    ),

    shop: section(
      'Shop',
      { icon: 'shopping-bag', order: 3 },
      {
        orders: resource(orders, {
          icon: 'shopping-cart',
          order: 2,
          title: (order) => `Order ${order.id.toLocaleString('en')}`,
          list: {
            columns: [
              { name: 'id', label: 'Order' },
              'customerId',
              'status',
              { name: 'total', format: 'money' },
              'channel',
              { name: 'placedAt', label: 'Placed', format: 'relative' },
              { name: 'wantedAt', label: 'Wanted', format: 'datetime' },
            ],
            search: ['id', 'customer.name', 'note'],
            filters: ['status', 'channel', 'total', 'placedAt', 'wantedAt', 'couponCode', 'isGift'],
            sort: ['-placedAt'],
          },
          form: {
            fields: {
              status: {
                tones: {
                  ...{ unpaid: 'warn', paid: 'info', baking: 'info', ready: 'ok', delivered: 'ok' },
                  ...{ late: 'bad', cancelled: 'quiet' },
                },
              },
              total: { kind: 'money', hint: '€, from its lines', create: 'hidden', update: 'readonly' },
              placedAt: { default: (ctx: RequestContext) => ctx.clock.now(), update: 'readonly' },
              deliverTo: { help: 'One of the customer’s addresses. Empty: picked up at the counter.' },
            },
            groups: [
              { label: 'Order', fields: ['customerId', 'status', 'channel', 'total', 'couponCode', 'note'] },
              { label: 'When and where', fields: ['placedAt', 'wantedAt', 'paidAt', 'deliverTo', 'isGift'] },
            ],
          },
          // By the table's own trigger, in the transaction of the change: whoever makes it, a form or psql.
          watch: [{ on: 'updated', triggerColumns: ['status'], effect: 'order.statusChanged' }],
          authorize: onlyOwnersDelete,
          hooks: {
            beforeSave: (ctx, order) => {
              if (order.values.status === 'paid') order.values.paidAt ??= ctx.clock.now()
              order.values.updatedAt = ctx.clock.now()
            },
          },
        }),
        'order-lines': resource(orderLines, {
          hidden: true,
          title: (line) => `Line ${line.lineNo} of order ${line.orderId.toLocaleString('en')}`,
          form: {
            fields: {
              orderId: { update: 'readonly' },
              lineNo: { label: 'Line', help: 'Empty: the next one.', update: 'readonly' },
              unitPrice: { kind: 'money', hint: '€', help: 'Empty: today’s price.' },
              amount: { hint: '€' },
            },
          },
          hooks: {
            beforeInsert: async (ctx, { values }) => {
              if (values.lineNo === undefined && values.orderId !== undefined) {
                const [last] = await ctx.tx
                  .select({ lineNo: max(orderLines.lineNo) })
                  .from(orderLines)
                  .where(eq(orderLines.orderId, values.orderId))
                values.lineNo = (last?.lineNo ?? 0) + 1
              }
              if (values.unitPrice === undefined && values.productId !== undefined) {
                const [product] = await ctx.tx.select().from(products).where(eq(products.id, values.productId))
                values.unitPrice = product?.price
              }
            },
            afterSave: addUpOrder,
            afterDelete: addUpOrder,
          },
        }),
        // Gone half an hour after the last touch, and after a day at the latest.
        carts: resource(carts, {
          storage: ephemeral({
            inactivityTimeout: '30m',
            maximumLifetime: '1d',
            onCreate: () => ({ code: `C-${randomBytes(2).toString('hex').toUpperCase()}` }),
          }),
          icon: 'clock',
          order: 3,
          description: 'What people are about to buy. A cart vanishes half an hour after it was last touched.',
          title: (cart) => `Cart ${cart.code}`,
          list: {
            columns: [
              { name: 'code', label: 'Cart' },
              'customerId',
              'channel',
              { name: 'total', format: 'money' },
              { name: 'expiresAt', label: 'Time left' },
            ],
            search: ['code', 'customer.name', 'note'],
            filters: ['channel', 'total', 'customerId'],
            sort: ['expiresAt'],
          },
          form: {
            fields: {
              code: { required: false, help: 'What the customer says at the counter. Empty: one is made.' },
              total: { kind: 'money', hint: '€, from its lines', create: 'hidden', update: 'readonly' },
              note: { rows: 2 },
            },
          },
        }),
        'cart-lines': resource(cartLines, {
          storage: ephemeral(),
          hidden: true,
          history: false,
          title: (line) => `Line ${line.lineNo}`,
          form: {
            fields: {
              cartId: { update: 'readonly' },
              lineNo: { label: 'Line', help: 'Empty: the next one.', required: false, update: 'readonly' },
              unitPrice: { kind: 'money', hint: '€', help: 'Empty: today’s price.', required: false },
              amount: { hint: '€' },
            },
          },
          hooks: {
            beforeInsert: async (ctx, { values }) => {
              if (values.lineNo === undefined && values.cartId !== undefined) {
                const [last] = await ctx.tx
                  .select({ lineNo: max(cartLines.lineNo) })
                  .from(cartLines)
                  .where(eq(cartLines.cartId, values.cartId))
                values.lineNo = (last?.lineNo ?? 0) + 1
              }
              if (values.unitPrice === undefined && values.productId !== undefined) {
                const [product] = await ctx.tx.select().from(products).where(eq(products.id, values.productId))
                values.unitPrice = product?.price
              }
            },
            afterSave: addUpCart,
            afterDelete: addUpCart,
          },
        }),
        customers: resource(customers, {
          icon: 'users',
          order: 1,
          list: {
            columns: ['name', 'email', 'phone', 'points', { name: 'createdAt', label: 'Since', format: 'date' }],
            search: ['name', 'email', 'phone'],
            sort: ['name'],
          },
          form: {
            fields: {
              email: { kind: 'email' },
              language: {
                choices: [
                  ['English', 'en'],
                  ['German', 'de'],
                  ['Spanish', 'es'],
                  ['French', 'fr'],
                ],
              },
              notes: { rows: 3, help: 'Everybody behind the counter reads this.' },
            },
          },
          authorize: onlyOwnersDelete,
          validate: z.object({
            email: z.email('That is no address an e-mail would reach.').toLowerCase(),
            points: z.number().max(10_000, 'Nobody has eaten that much.').optional(),
          }),
        }),
        addresses: resource(addresses, { hidden: true, title: 'label' }),
        coupons: resource(coupons, {
          icon: 'ticket-percent',
          list: { columns: ['code', 'description', { name: 'percent', format: 'percent' }, 'valid', 'usesLeft'] },
          authorize: onlyOwnersChange,
        }),
        // A view: read-only. Naming what identifies a row lets it be opened.
        sales: resource(salesPerProduct, {
          label: 'Sales',
          icon: 'chart-column',
          key: ['productId'],
          title: 'product',
          list: { columns: ['product', 'status', 'orders', 'units', { name: 'revenue', format: 'money' }] },
        }),
      },
    ),

    staff: section(
      'Staff',
      { icon: 'users-round', order: 4 },
      {
        employees: resource(employees, {
          icon: 'id-card',
          order: 1,
          list: {
            columns: ['name', 'roleId', 'managerId', 'contract', { name: 'salary', format: 'money' }, 'hiredOn'],
            search: ['name', 'email', 'number', 'role.name'],
            sort: ['name'],
          },
          form: {
            fields: {
              number: { label: 'Badge', placeholder: 'E-0043' },
              email: { kind: 'email' },
              // What a person may not read is in no list, filter, search, export or history of theirs.
              salary: { kind: 'money', hint: '€ a month', read: isOwner },
              emergencyContact: { read: isOwner },
            },
            groups: [
              { label: 'Person', fields: ['name', 'number', 'email', 'phone', 'birthday', 'emergencyContact'] },
              {
                label: 'Work',
                fields: ['roleId', 'managerId', 'contract', 'weeklyHours', 'salary', 'hiredOn', 'leftOn'],
              },
            ],
          },
          // Bounds lists, search, pickers and addresses alike.
          scope: (ctx) => (isOwner(ctx) ? undefined : eq(employees.contract, 'full_time')),
          disable: (ctx) => (isOwner(ctx) ? [] : ['create', 'delete']),
        }),
        shifts: resource(shifts, {
          icon: 'calendar-clock',
          title: (shift) => `Shift ${shift.id}`,
          list: { columns: ['employeeId', 'station', 'during', 'note'], search: ['employee.name', 'note'] },
          authorize: onlyOwnersDelete,
        }),
        roles: resource(roles, { icon: 'badge-check', list: { sort: ['name'] }, authorize: onlyOwnersChange }),
        equipment: resource(equipment, {
          icon: 'microwave',
          description: 'Whatever has a plug. One column of nearly every type that Postgres knows.',
          list: {
            columns: ['name', 'station', 'keeperId', 'inUse', 'temperature', 'value', 'servicedAt'],
            sort: ['name'],
          },
          authorize: onlyOwnersDelete,
        }),
        // Without a key its rows can be listed and searched, not opened.
        'door-log': resource(doorLog, {
          plural: 'Door log',
          icon: 'door-open',
          list: { sort: ['-at'] },
          history: false,
        }),
      },
    ),
  },
})
