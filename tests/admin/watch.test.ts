import { eq, sql } from 'drizzle-orm'
import { integer, numeric, pgTable, pgView, text } from 'drizzle-orm/pg-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ConfigError, defineAdmin, handler, resolveAdmin, resource, section, watcher } from '@/lib/admin'
import type { AdminOptions } from '@/lib/admin/define'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers } from '@/lib/history'
import { createTestDatabase } from '@/tests/support/database'

const parcels = pgTable('parcels', {
  id: integer().primaryKey(),
  status: text().notNull(),
  weight: numeric('weight_kg'),
  pin: text(),
})
const stock = pgTable('stock', { id: integer().primaryKey(), amount: integer() })
const heavy = pgView('heavy', { id: integer() }).as(sql`select 1 as id`)

const site = (watch: unknown, admin: Partial<AdminOptions> = {}, own: object = {}) =>
  resolveAdmin(
    defineAdmin({
      sections: { post: section('Post', {}, { parcels: resource(parcels, { watch: watch as never, ...own }) }) },
      effects: { 'parcel.moved': handler({ payload: z.object({ record_id: z.string() }), run: () => {} }) },
      ...admin,
    }),
  )

const problemsOf = (work: () => unknown) => {
  try {
    work()
    return []
  } catch (error) {
    return (error as ConfigError).problems.map(({ id, path, hint }) => `${id} at ${path}${hint ? `: ${hint}` : ''}`)
  }
}

describe('a watcher in the config', () => {
  it('is checked at start, with every mistake at its place', () => {
    expect(problemsOf(() => site([{ on: 'changed' }]))).toEqual(['option.type at sections.post.parcels.watch[0].on'])
    expect(problemsOf(() => site([{ on: 'updated', lable: 'x' }]))).toEqual([
      'option.unknown at sections.post.parcels.watch[0].lable: Did you mean “label”?',
    ])
    expect(
      problemsOf(() =>
        site(
          [
            { on: 'updated', triggerColumns: ['statsu'], extraColumns: ['wieght'], effect: 'parcel.mvoed' },
            { on: 'updated' },
            { on: 'inserted', triggerColumns: ['status'], webhook: 'example.org' },
            { on: 'deleted', payload: { a: 1 }, extraColumns: ['pin'] },
          ],
          {},
          { redact: ['pin'] },
        ),
      ),
    ).toEqual([
      'watch.column at sections.post.parcels.watch[0].triggerColumns[0]: Did you mean “status”?',
      'watch.column at sections.post.parcels.watch[0].extraColumns[0]: Did you mean “weight”?',
      'watch.effect at sections.post.parcels.watch[0].effect: Did you mean “parcel.moved”?',
      'watch.duplicate at sections.post.parcels.watch[1]: Give one of them a label.',
      "watch.triggerColumns at sections.post.parcels.watch[2].triggerColumns: They are for on: 'updated'.",
      'watch.webhook at sections.post.parcels.watch[2].webhook: Give one such as https://example.org/hook.',
      'watch.secret at sections.post.parcels.watch[3].extraColumns',
      'watch.payload at sections.post.parcels.watch[3].payload',
    ])
    expect(problemsOf(() => site([{ on: 'updated', when: () => true, effect: 'parcel.moved' }]))).toEqual([
      'watch.when at sections.post.parcels.watch[0].when: Decide in the handler of the effect, or select by triggerColumns.',
    ])
    expect(problemsOf(() => site([{ on: 'updated' }], {}, { history: false }))).toEqual([
      'watch.history at sections.post.parcels.watch[0]: Remove history: false where it stands.',
    ])
    const two = [watcher(stock, { on: 'updated', label: 'x' }), watcher(parcels, { on: 'inserted', label: 'x' })]
    expect(problemsOf(() => site([], { watch: two }))).toEqual([
      'watch.duplicate at admin.watch[1].label: Give one of them another.',
    ])
    expect(problemsOf(() => site([], { watch: [watcher(heavy as never, { on: 'updated' })] }))).toEqual([
      'watch.table at admin.watch[0]',
    ])
    expect(problemsOf(() => site([], { watch: [{ on: 'updated' }] as never }))).toEqual([
      'option.type at admin.watch[0]',
    ])
  })

  it('may be of a table that is no resource, which is recorded then', () => {
    const source = site([], { watch: [watcher(stock, { on: 'updated' })] })
    expect(trackedTables(source).map(({ name }) => name)).toContain('stock')
  })
})

const db = await createTestDatabase()

describe('a reaction', () => {
  const source = site([
    { on: 'updated', triggerColumns: ['weight'], effect: 'parcel.moved', payload: { by: 'weight' } },
    { on: 'deleted', webhook: { url: 'https://example.org/hook', secret: 'partner' } },
  ])
  beforeAll(async () => {
    await db.owner.sql.unsafe(
      'create table parcels (id int primary key, status text not null, weight_kg numeric, pin text)',
    )
    await installTriggers(
      db.owner.sql,
      trackedTables(source).filter(({ name }) => name === 'parcels'),
    )
    await db.admin.orm.insert(parcels).values([1, 2, 3].map((id) => ({ id, status: 'new', weight: '1' })))
  })
  const effects = () =>
    db.admin.sql`select kind, payload from kontor.effects order by payload -> 'change', payload -> 'body' -> 'change'`

  it('requests an effect in the transaction of the change, only where its columns changed', async () => {
    await db.admin.orm.update(parcels).set({ status: 'sent' }).where(eq(parcels.id, 1))
    await db.admin.orm
      .transaction(async (tx) => {
        await tx.update(parcels).set({ weight: '9' }).where(eq(parcels.id, 1))
        throw new Error('rolled back')
      })
      .catch(() => {})
    expect(await effects()).toEqual([])
    await db.admin.orm.update(parcels).set({ weight: '2', status: 'x' }).where(eq(parcels.id, 1))
    const [change] = await db.admin.sql`select max(id)::int as id from kontor.changes`
    expect(await effects()).toEqual([
      {
        kind: 'parcel.moved',
        payload: {
          relation: 'public.parcels',
          record_id: '1',
          op: 'update',
          change: change?.id,
          changed: ['status', 'weight_kg'],
          by: 'weight',
        },
      },
    ])
  })

  it('calls a webhook for each record of a statement, by an effect the built-in kind understands', async () => {
    await db.admin.orm.delete(parcels)
    const found = (await effects()).filter(({ kind }) => kind === 'http.request')
    expect(found.map(({ payload }) => payload.body.record_id).toSorted()).toEqual(['1', '2', '3'])
    const kind = source.handlers.get('http.request')
    for (const { payload } of found) {
      expect(kind?.payload.safeParse(payload).success).toBe(true)
      expect(payload).toMatchObject({ url: 'https://example.org/hook', secret: 'partner', body: { op: 'delete' } })
    }
  })
})
