import { ne } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RequestContext } from '@/lib/admin/context'
import { loadActivity } from '@/lib/admin/history/load-history'
import { findSubject } from '@/lib/admin/history/subject'
import { loadList, loadOptions, parseListState, streamCsv } from '@/lib/admin/list'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { restoreRecords } from '@/lib/admin/operations/restore'
import { undoChanges } from '@/lib/admin/operations/undo'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import { travel } from '@/lib/admin/time-travel/travel'
import type { Resource } from '@/lib/admin/tree'
import { AdminError } from '@/lib/errors'
import { installTriggers } from '@/lib/history'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { addProduct, bakeryOptions, categories, createBakery, products, reviews } from './list/bakery'

/* Who may do what, asked of every reader and writer: docs/configuration.md has the same as a table. */

const db = await createTestDatabase()
await createBakery(db)
await installTriggers(
  db.owner.sql,
  ['categories', 'products', 'tags', 'products_tags', 'people', 'reviews'].map((name) => ({ schema: 'public', name })),
)

type Authorize = NonNullable<NonNullable<Parameters<typeof bakeryOptions>[0]>['authorize']>
interface Site {
  ctx: RequestContext
  of: (table: typeof products | typeof categories | typeof reviews) => Resource
}

let at = ''
let change = ''
beforeAll(async () => {
  await addProduct(db, { id: 1, name: 'Open loaf', categoryId: 2 })
  await addProduct(db, { id: 2, name: 'Hidden loaf', categoryId: 2 })
  await db.admin.sql`insert into reviews values (1, 2, 1, 'Good')`
  await db.admin.sql`update products set sold = 20`
  at = (await db.admin.sql<{ at: string }[]>`select clock_timestamp()::text as at`)[0]!.at
  await db.admin.sql`update products set sold = 30`
  change = (
    await db.admin.sql<{ id: string }[]>`
      select id::text as id from kontor.changes where relation = 'public.products' and record_id = '2' order by kontor.changes.id desc limit 1`
  )[0]!.id
})

const FIELDS = { list: { columns: ['name', 'sold'], search: ['name'] } } as const
const site = async (authorize: Authorize): Promise<Site> =>
  createTestAdmin(db.app, bakeryOptions({ ...FIELDS, authorize }))

/** What shows several records: whether the hidden one is among them. */
const READERS: Record<string, (site: Site) => Promise<unknown>> = {
  'a list': ({ ctx, of }) => loadList(ctx, of(products), new URLSearchParams()),
  'a search': ({ ctx, of }) => loadList(ctx, of(products), new URLSearchParams('q=hidden')),
  'a list as of a moment': async ({ ctx, of }) => {
    const then = await travel(ctx, of(products), at)
    return loadList(then.ctx, then.resource, new URLSearchParams())
  },
  'an export': async ({ ctx, of }) => {
    const { state } = await parseListState(of(products), new URLSearchParams(), ctx)
    return new Response(await streamCsv(ctx, of(products), state)).text()
  },
  'a picker': ({ ctx, of }) => loadOptions(ctx, of(reviews), 'productId', ''),
  'a related list': ({ ctx, of }) => loadRecordView(ctx, of(categories), '2'),
  'a label': async ({ ctx, of }) => (await loadRecordView(ctx, of(reviews), '1')).groups,
  Activity: ({ ctx }) => loadActivity(ctx, { resources: ['shop/products'] }),
}

/** What is about one record: refused, or not found. */
const ONE: Record<string, (site: Site) => Promise<unknown>> = {
  'its page': ({ ctx, of }) => loadRecordView(ctx, of(products), '2'),
  'its page as of a moment': async ({ ctx, of }) => {
    const then = await travel(ctx, of(products), at, 'record')
    return loadRecordView(then.ctx, then.resource, '2')
  },
  'its history': ({ ctx, of }) => findSubject(ctx, of(products), '2'),
  'a save': ({ ctx, of }) => updateRecord({ ctx }, of(products), '2', { values: { sold: '3' } }),
  'a deletion': ({ ctx, of }) => deleteRecords({ ctx }, of(products), ['2']),
  'an undo': ({ ctx }) => undoChanges({ ctx }, { ids: [change] }),
  'a restore': ({ ctx, of }) => restoreRecords({ ctx }, of(products), { at, what: { id: '2' } }),
}

const shows = async (read: (site: Site) => Promise<unknown>, authorize: Authorize) => {
  const text = JSON.stringify(await read(await site(authorize)))
  return text.includes('Hidden loaf')
}

const inSql: Authorize = () => ne(products.name, 'Hidden loaf')
const ofTheRecord: Authorize = (_ctx, _operation, record) => record?.name !== 'Hidden loaf'

describe.each(Object.entries(READERS))('%s', (_name, read) => {
  it('shows a record to whoever may see it', async () => {
    expect(await shows(read, () => true)).toBe(true)
  })

  it('is bounded by an answer in SQL, and by a scope', async () => {
    expect(await shows(read, inSql)).toBe(false)
    const scoped = await createTestAdmin(
      db.app,
      bakeryOptions({ ...FIELDS, scope: () => ne(products.name, 'Hidden loaf') }),
    )
    expect(JSON.stringify(await read(scoped))).not.toContain('Hidden loaf')
  })

  it('does not ask about each record: what must not be seen is said in SQL', async () => {
    const asked: unknown[] = []
    const authorize: Authorize = (_ctx, _operation, record) => {
      if (record) asked.push(record)
      return record?.name !== 'Hidden loaf'
    }
    expect(await shows(read, authorize)).toBe(true)
    expect(asked).toEqual([])
  })
})

describe.each(Object.entries(ONE))('%s', (_name, ask) => {
  it.each([
    ['an answer in SQL', inSql],
    ['an answer about the record', ofTheRecord],
  ])('is closed by %s', async (_which, authorize) => {
    const error = await ask(await site(authorize)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AdminError)
    expect(['forbidden', 'not_found']).toContain((error as AdminError).code)
    expect((error as AdminError).message).not.toContain('Hidden')
  })
})
