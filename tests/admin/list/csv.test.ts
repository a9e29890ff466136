import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { parseListState, streamCsv } from '@/lib/admin/list'
import { defuse } from '@/lib/admin/list/csv'
import { connect } from '@/lib/db/client'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'
import { addProduct, bakeryOptions, createBakery, products } from './bakery'

const db = await createTestDatabase()
await createBakery(db)

type Options = Parameters<typeof bakeryOptions>[0]

async function open(query: string, options: Options = {}, actor?: typeof EDITOR, pool = db.app) {
  const { ctx, as, of } = await createTestAdmin(pool, bakeryOptions(options))
  const asker = actor ? await as(actor) : ctx
  const { state } = await parseListState(of(products), new URLSearchParams(query), asker)
  return streamCsv(asker, of(products), state)
}

const read = async (...given: Parameters<typeof open>) => {
  const bytes = new Uint8Array(await new Response(await open(...given)).arrayBuffer())
  expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]) // what makes Excel read UTF-8
  return new TextDecoder().decode(bytes)
}

describe('an export', () => {
  it('holds what the list shows, as RFC 4180 writes it, with formulas defused', async () => {
    await addProduct(db, { id: 1, name: '=1+1', sku: '+a', categoryId: 4, price: '-3.50', secret: 'line\nbreak' })
    await addProduct(db, { id: 2, name: 'say "hi", twice', sku: '@b', price: '2.00', secret: ' spaced ' })
    await addProduct(db, { id: 3, name: '\t=x', sku: '-5', price: null, secret: '\r=y' })
    const text = await read('sort=id', {
      list: {
        columns: [
          'id',
          'name',
          'sku',
          { name: 'categoryId', label: '=Group' },
          'price',
          'secret',
          { name: 'computed', value: (p) => `=${p.id}` },
          { name: 'difference', value: (p) => -p.id },
        ],
      },
    })
    expect(text).toBe(
      [
        "ID,Name,Sku,'=Group,Price,Secret,Computed,Difference",
        `1,'=1+1,'+a,Crème,-3.50,"line\nbreak",'=1,-1`,
        `2,"say ""hi"", twice",'@b,,2.00," spaced ",'=2,-2`,
        `3,'\t=x,'-5,,,"'\r=y",'=3,-3`,
        '',
      ].join('\r\n'),
    )
  })

  it('holds all rows of the filters and the search in their order, and no other', async () => {
    await db.owner.sql`insert into products (id, name, sku, sold, status)
      select n, 'Loaf ' || n, 'L', n, 'available' from generate_series(1001, 3500) n`
    const options: Options = { list: { columns: ['id', 'name'] } }
    const rows = (await read('q=loaf&f.id=gte:1002&sort=-id', options)).trim().split('\r\n')
    expect(rows).toHaveLength(2500)
    expect(rows.slice(1, 3)).toEqual(['3500,Loaf 3500', '3499,Loaf 3499'])
    expect(rows.at(-1)).toBe('1002,Loaf 1002')
    expect(await read('q=nothing', options)).toBe('ID,Name\r\n')
  })

  it('holds neither rows nor fields the person may not see', async () => {
    const options: Options = {
      list: { columns: ['id', 'name', 'secret'] },
      form: { fields: { secret: { read: (ctx) => ctx.user.role === 'owner' } } },
      scope: (ctx) => (ctx.user.role === 'owner' ? undefined : sql`${products.id} = 1 or ${products.id} = 2`),
    }
    expect(await read('sort=id&f.id=lte:1', options, EDITOR)).toBe("ID,Name\r\n1,'=1+1\r\n")
    await expect(open('', { authorize: () => false })).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('is one moment of the table, whatever is written meanwhile', async () => {
    const stream = await open('f.id=gte:1001', { list: { columns: ['id'] } })
    const reader = stream.getReader()
    // The head comes before anything is read of the table.
    const parts = [(await reader.read()).value, (await reader.read()).value]
    await db.owner.sql`delete from products where id > 1500`
    for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value)
    const text = Buffer.concat(parts.filter((part) => part !== undefined)).toString()
    expect(text.trim().split('\r\n')).toHaveLength(2501)
  })

  it('reads ahead no further than its reader, and ends its transaction when the reader leaves', async () => {
    const pool = connect(db.urls.app, { applicationName: 'export test', max: 2 })
    try {
      await db.owner.sql`insert into products (id, name, sku, sold, status)
        select n, 'Loaf ' || n, 'L', n, 'available' from generate_series(5001, 30000) n`
      const reader = (await open('', { list: { columns: ['id'] } }, undefined, pool)).getReader()
      await reader.read()
      const open_ = () => db.admin.sql<{ state: string }[]>`select state from pg_stat_activity
        where application_name = 'export test' and state <> 'idle'`
      await eventually(async () => expect((await open_()).map(({ state }) => state)).toEqual(['idle in transaction']))
      await reader.cancel()
      await eventually(async () => expect(await open_()).toEqual([]))
    } finally {
      await pool.close()
    }
  })

  it('fails as a stream where the database fails, and leaves no transaction open', async () => {
    const stream = await open('', {
      list: { columns: ['id', { name: 'bad', value: () => Promise.reject(new Error('no')) }] },
    })
    await expect(new Response(stream).text()).rejects.toThrow(
      'The column “bad” of shop/products could not be computed.',
    )
  })
})

describe('a cell', () => {
  it.each([
    ['=1', "'=1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@a', "'@a"],
    ['\ta', "'\ta"],
    ['\ra', "'\ra"],
    ['a=1', 'a=1'],
    ['', ''],
  ])('%j becomes %j', (text, defused) => {
    expect(defuse(text)).toBe(defused)
  })

  it.each([
    ['-1', '-1'],
    ['-1.50', '-1.50'],
    ['-1e+20', '-1e+20'],
    ["-1+cmd|'/c calc'!A0", "'-1+cmd|'/c calc'!A0"],
    ['=1', "'=1"],
  ])('%j of a number column becomes %j', (text, defused) => {
    expect(defuse(text, true)).toBe(defused)
  })
})
