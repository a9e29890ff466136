import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import type { RequestContext } from '@/lib/admin/context'
import { loadList } from '@/lib/admin/list'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import type { Resource } from '@/lib/admin/tree'
import { decodeRecordId } from '@/lib/db/record-id'

/** Lists a resource as it comes, by each column up and down, and by a word; opens what can be opened and saves it as it is. */
export async function visitEverything(ctx: RequestContext, resource: Resource): Promise<void> {
  const list = await load(ctx, resource, '')
  for (const { name, isSortable } of list.columns) {
    if (!isSortable) continue
    const up = await load(ctx, resource, `sort=${encodeURIComponent(name)}`)
    const down = await load(ctx, resource, `sort=-${encodeURIComponent(name)}`)
    expect(up.rows.length).toBe(down.rows.length)
    if (down.pager.next) await load(ctx, resource, down.pager.next.split('?')[1] ?? '')
  }
  if (list.search.isOffered) await load(ctx, resource, 'q=a')
  for (const { id, href } of list.rows.slice(0, 3)) {
    if (href === undefined) continue
    const before = await rowOf(ctx, resource, id)
    const record = await loadRecordView(ctx, resource, id)
    if (record.can.update) {
      const saved = await updateRecord({ ctx }, resource, id, { values: record.texts, shown: record.texts })
      expect(saved.isChanged).toBe(false)
    }
    expect(await rowOf(ctx, resource, id)).toEqual(before)
  }
}

const WRITTEN = sql`t::text as values, t.ctid::text, t.xmin::text`

async function load(ctx: RequestContext, resource: Resource, query: string) {
  const list = await loadList(ctx, resource, new URLSearchParams(query))
  expect([resource.key, query, list.notices]).toEqual([resource.key, query, []])
  return list
}

/**
 * The row with this id, and which transaction wrote it: a row written anew with the same values differs. Opening an
 * ephemeral record is activity, so of those only the values count.
 */
async function rowOf(ctx: RequestContext, { shape, keyFields, storage }: Resource, id: string): Promise<unknown> {
  if (shape.kind === 'view') return undefined
  const parts = decodeRecordId(id, keyFields.length) ?? []
  const isRow = keyFields.map(({ column }, at) => sql`${sql.identifier(column.name)}::text = ${parts[at]}`)
  const own = shape.columns.filter(({ field }) => !storage.managed.has(field)).map(({ name }) => sql.identifier(name))
  const seen = storage.expiry ? sql`row(${sql.join(own, sql`, `)})::text as values` : WRITTEN
  const rows = await ctx.db.execute(
    sql`select ${seen} from ${sql.identifier(shape.schema)}.${sql.identifier(shape.name)} t
      where ${sql.join(isRow, sql` and `)}`,
  )
  expect(rows).toHaveLength(1)
  return rows[0]
}
