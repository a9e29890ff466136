import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type ResourceOptions, resource, section } from '@/lib/admin/define'
import { loadList } from '@/lib/admin/list'
import { createRecord } from '@/lib/admin/operations/create'
import { deleteRecords } from '@/lib/admin/operations/delete'
import { keepAlive } from '@/lib/admin/operations/keep-alive'
import { undoChanges } from '@/lib/admin/operations/undo'
import { updateRecord } from '@/lib/admin/operations/update'
import { loadRecordView } from '@/lib/admin/record-view'
import { trackedTables } from '@/lib/admin/tracked-tables'
import type { Resource } from '@/lib/admin/tree'
import { asOfSource, asOfTable, installTriggers, resolveMoment, uninstallTriggers } from '@/lib/history'
import { createFeed } from '@/lib/watch'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'
import { createTables, installAll, KINDS, type NoteOptions, tables } from './support'

const db = await createTestDatabase()
await createTables(db, tables)
const feed = createFeed({ sql: db.app.sql, listenUrl: db.urls.app, log: pino({ level: 'silent' }) })
afterAll(() => feed.close())

const HOOKS = [
  'beforeInsert',
  'beforeUpdate',
  'beforeSave',
  'afterSave',
  'afterInsert',
  'afterUpdate',
  'beforeDelete',
  'afterDelete',
] as const
const CALLED = {
  create: ['beforeInsert', 'beforeSave', 'afterSave', 'afterInsert'],
  update: ['beforeUpdate', 'beforeSave', 'afterSave', 'afterUpdate'],
  delete: ['beforeDelete', 'afterDelete'],
} as const

const logOf = ({ storage: { logged } }: Resource) => db.admin.sql<
  { id: bigint; op: string; before: object | null; after: object | null }[]
>`
  select * from kontor.changes where relation = ${`${logged.schema}.${logged.name}`} order by id`

for (const { kind, table, storage } of KINDS) {
  describe(kind, () => {
    async function site(options: NoteOptions = {}) {
      const given = { ...options, storage } as unknown as ResourceOptions<typeof table>
      const admin = await createTestAdmin(db.app, {
        schema: tables,
        sections: {
          main: section('Main', {}, { notes: resource(table as (typeof KINDS)[0]['table'], given as NoteOptions) }),
        },
      })
      await installAll(db, admin)
      const notes = admin.of(table)
      const create = (values: Record<string, string | null>) => createRecord({ ctx: admin.ctx }, notes, { values })
      const list = async (query: Record<string, string> = {}) => {
        const view = await loadList(admin.ctx, notes, query)
        return { count: view.count, names: view.rows.map(({ title }) => title) }
      }
      /** From here on changes are logged. */
      const recorded = async () => {
        const wanted = trackedTables(admin.source)
        await uninstallTriggers(db.owner.sql, wanted)
        await installTriggers(db.owner.sql, wanted)
      }
      return { ...admin, notes, create, list, recorded, road: { ctx: admin.ctx } }
    }

    beforeEach(async () => {
      await db.admin.sql.unsafe(`
        do $$ declare t text; begin
          set local session_replication_role = replica;
          foreach t in array array['plain_notes', 'kept_notes', 'kept_notes_current', 'passing_notes'] loop
            execute format('delete from %I', t);
          end loop;
          alter table kontor.changes disable trigger all; delete from kontor.changes; alter table kontor.changes enable trigger all;
        end $$`)
    })

    test('is the kind the resource says', async () => {
      expect((await site()).notes.storage.kind).toBe(kind)
    })

    test('a record is read back as it was written, to the last digit', async () => {
      const { create, notes, ctx } = await site()
      const created = await create({
        name: 'Rye',
        price: '12.500',
        facts: '{"b": 1, "a": [1.0]}',
        bakedAt: '2026-01-02 03:04:05.678901+00',
      })
      const row = await notes.storage.load(ctx.db, created.id)
      expect(row).toEqual(created)
      expect(row?.texts).toMatchObject({
        name: 'Rye',
        price: '12.500',
        facts: '{"a": [1.0], "b": 1}',
        bakedAt: '2026-01-02 03:04:05.678901+00',
        shout: 'RYE',
        note: null,
        count: '0',
      })
    })

    test('the page of a record shows its own fields and none of the storage’s', async () => {
      const { create, notes, ctx } = await site()
      const { id } = await create({ name: 'Rye' })
      const view = await loadRecordView(ctx, notes, id)
      const shown = view.groups.flatMap(({ fields }) => fields.map(({ name }) => name))
      expect(shown).toEqual(expect.arrayContaining(['name', 'note', 'price', 'count', 'facts']))
      expect(shown.filter((name) => notes.storage.managed.has(name))).toEqual([])
      expect(view).toMatchObject({ id, title: 'Rye', can: { update: true, delete: true } })
    })

    test('a list shows what exists, counts it, sorts, filters and searches it', async () => {
      const { create, list, road, notes } = await site({ list: { search: ['name', 'note'], sort: ['name'] } })
      for (const [name, price, note] of [
        ['Rye', '3', 'dark'],
        ['Spelt', '4', 'light'],
        ['Wheat', '2', 'light'],
        ['Corn', '1', 'sweet'],
      ] as const)
        await create({ name, price, note })
      const gone = await create({ name: 'Gone', price: '9', note: 'light' })
      await deleteRecords(road, notes, [gone.id])
      expect(await list()).toMatchObject({
        names: ['Corn', 'Rye', 'Spelt', 'Wheat'],
        count: { kind: 'exact', count: 4 },
      })
      expect((await list({ sort: '-price' })).names).toEqual(['Spelt', 'Rye', 'Wheat', 'Corn'])
      expect((await list({ 'f.price': 'gte:3' })).names).toEqual(['Rye', 'Spelt'])
      expect((await list({ 'f.note': 'eq:light', sort: 'price' })).names).toEqual(['Wheat', 'Spelt'])
      expect((await list({ q: 'LIGHT' })).names).toEqual(['Spelt', 'Wheat'])
    })

    test('a changed record is found by its new values and no longer by the old', async () => {
      const { create, list, road, notes } = await site({ list: { search: ['name'] } })
      const row = await create({ name: 'Rye', price: '3' })
      const { row: after } = await updateRecord(road, notes, row.id, {
        values: { name: 'Barley' },
        shown: { name: 'Rye' },
      })
      expect(after).toMatchObject({ id: row.id, texts: { name: 'Barley', price: '3.000', shout: 'BARLEY' } })
      expect(after.version).not.toBe(row.version)
      expect((await list({ q: 'Rye' })).names).toEqual([])
      expect((await list({ q: 'Barley' })).names).toEqual(['Barley'])
    })

    test('what a save does not name stays, byte for byte', async () => {
      const { create, road, notes } = await site()
      const row = await create({
        name: 'Rye',
        price: '1.100',
        facts: '{"x": 1.00}',
        note: 'a\nb',
        bakedAt: '2026-01-02 03:04:05.678901+00',
      })
      const { row: after } = await updateRecord(road, notes, row.id, { values: { count: '7' } })
      const own = (texts: typeof row.texts) =>
        Object.fromEntries(Object.entries(texts).filter(([name]) => !notes.storage.managed.has(name)))
      expect(own(after.texts)).toEqual({ ...own(row.texts), count: '7' })
    })

    test('a value can be emptied', async () => {
      const { create, road, notes } = await site()
      const row = await create({ name: 'Rye', note: 'x', facts: '[1]' })
      const { row: after } = await updateRecord(road, notes, row.id, { values: { note: null, facts: null } })
      expect(after.texts).toMatchObject({ note: null, facts: null })
    })

    test('a save without a difference writes nothing', async () => {
      const { create, road, notes } = await site()
      const row = await create({ name: 'Rye' })
      const saved = await updateRecord(road, notes, row.id, { values: { name: 'Rye' }, shown: { name: 'Rye' } })
      expect(saved).toMatchObject({ isChanged: false, row: { version: row.version } })
    })

    test('a save of a field that somebody else changed meanwhile is refused', async () => {
      const { create, road, notes } = await site()
      const row = await create({ name: 'Rye', price: '3' })
      await updateRecord(road, notes, row.id, { values: { price: '4' } })
      const save = updateRecord(road, notes, row.id, { values: { price: '5' }, shown: { price: '3.000' } })
      await expect(save).rejects.toMatchObject({
        code: 'stale_record',
        details: { conflicts: [{ field: 'price', shown: '3.000', now: '4.000' }] },
      })
    })

    test('what is unique is refused beside its field, naming who has it', async () => {
      const { create } = await site()
      await create({ name: 'Rye' })
      await expect(create({ name: 'Rye' })).rejects.toMatchObject({
        code: 'invalid',
        details: { fields: { name: [expect.stringContaining('Rye')] } },
      })
    })

    test('of eight people who create one name at once exactly one wins', async () => {
      const { create, list } = await site()
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => create({ name: 'Rye' })))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await list()).names).toEqual(['Rye'])
    })

    test('a deleted record is gone for every read, and its unique values are free', async () => {
      const { create, road, notes, ctx, list } = await site()
      const row = await create({ name: 'Rye' })
      await deleteRecords(road, notes, [row.id])
      expect(await notes.storage.load(ctx.db, row.id)).toBeUndefined()
      await expect(updateRecord(road, notes, row.id, { values: { name: 'x' } })).rejects.toMatchObject({
        code: 'not_found',
      })
      await expect(deleteRecords(road, notes, [row.id])).rejects.toMatchObject({ code: 'not_found' })
      await create({ name: 'Rye' })
      expect((await list()).names).toEqual(['Rye'])
    })

    test('many are deleted all or none', async () => {
      const { create, road, notes, list } = await site({
        list: { sort: ['name'] },
        hooks: { beforeDelete: (ctx, record) => void (record.name === 'Locked' && ctx.reject('Locked notes stay.')) },
      })
      const ids = [(await create({ name: 'A' })).id, (await create({ name: 'Locked' })).id]
      await expect(deleteRecords(road, notes, ids)).rejects.toMatchObject({ code: 'hook_rejected' })
      expect((await list()).names).toEqual(['A', 'Locked'])
    })

    for (const operation of ['create', 'update', 'delete'] as const) {
      test(`${operation} calls its hooks in order, once each, and any of them undoes it`, async () => {
        const called: string[] = []
        let rejecting: string | undefined
        const hooks = Object.fromEntries(
          HOOKS.map((name) => [
            name,
            (ctx: { reject(message: string): never }) => {
              called.push(name)
              if (name === rejecting) ctx.reject(`no: ${name}`)
            },
          ]),
        )
        const { create, road, notes, list } = await site({ hooks })
        const row = await create({ name: 'Rye' })
        const run = () =>
          ({
            create: () => create({ name: 'Second' }),
            update: () => updateRecord(road, notes, row.id, { values: { name: 'Second' } }),
            delete: () => deleteRecords(road, notes, [row.id]),
          })[operation]()
        for (rejecting of CALLED[operation]) {
          await expect(run()).rejects.toMatchObject({ code: 'hook_rejected', message: `no: ${rejecting}` })
          expect((await list()).names).toEqual(['Rye'])
        }
        rejecting = undefined
        called.length = 0
        await run()
        expect(called).toEqual(CALLED[operation])
      })
    }

    test('before hooks may change what is written', async () => {
      const { create, road, notes } = await site({
        hooks: { beforeSave: (_ctx, { values }) => void Object.assign(values, { note: `${values.name}!` }) },
      })
      const row = await create({ name: 'Rye' })
      expect(row.texts.note).toBe('Rye!')
      const { row: after } = await updateRecord(road, notes, row.id, { values: { name: 'Corn' } })
      expect(after.texts.note).toBe('Corn!')
    })

    test('a scope and a policy in SQL bound what is listed, opened and changed', async () => {
      const { create, notes, as, list, ctx } = await site({
        scope: () => sql`${(table as (typeof KINDS)[0]['table']).count} < 10`,
        authorize: (inside, operation) =>
          inside.user.role === 'owner' || operation === 'read'
            ? true
            : sql`${(table as (typeof KINDS)[0]['table']).note} = 'mine'`,
      })
      const mine = await create({ name: 'Mine', note: 'mine' })
      const other = await create({ name: 'Other', note: 'other' })
      await create({ name: 'Far', count: '99' }).catch(() => undefined)
      expect((await list({ sort: 'name' })).names).toEqual(['Mine', 'Other'])
      const editor = await as(EDITOR)
      expect((await loadList(editor, notes, {})).rows.map(({ title }) => title)).toEqual(['Mine'])
      await expect(updateRecord({ ctx: editor }, notes, other.id, { values: { count: '1' } })).rejects.toMatchObject({
        code: 'not_found',
      })
      expect((await updateRecord({ ctx: editor }, notes, mine.id, { values: { count: '1' } })).isChanged).toBe(true)
      expect(ctx.actor.role).toBe('owner')
    })

    test('values for what the storage keeps itself are left out, whoever gives them', async () => {
      const { create, road, notes } = await site()
      const row = await create({ name: 'Rye' })
      for (const name of notes.storage.managed) {
        const typed =
          name === 'deleted'
            ? true
            : name === 'revision' || name === 'entryVersion'
              ? 99
              : name.endsWith('By') || name.endsWith('Source') || name.endsWith('Reason')
                ? 'me'
                : new Date(0)
        await updateRecord(road, notes, row.id, { typed: { [name]: typed, note: `changed beside ${name}` } })
      }
      const after = await notes.storage.load(road.ctx.db, row.id)
      expect(after?.texts.name).toBe('Rye')
      const strange = Object.values(after?.texts ?? {}).filter(
        (text) => text === 'me' || text === '99' || text?.startsWith('1970'),
      )
      expect(strange).toEqual([])
    })

    test('the log says insert, update and delete of one record, and nothing of the storage’s bookkeeping', async () => {
      const { create, road, notes, recorded } = await site()
      await recorded()
      const { id } = await create({ name: 'Rye', price: '3' })
      await updateRecord(road, notes, id, { values: { price: '4', note: 'x' } })
      await loadRecordView(road.ctx, notes, id)
      if (notes.storage.expiry) await keepAlive(road, notes, id)
      await deleteRecords(road, notes, [id])
      const changes = await logOf(notes)
      expect(changes).toMatchObject([
        {
          op: 'insert',
          record_id: id,
          actor: 'user:test-owner',
          source: 'form',
          after: { name: 'Rye', price: '3.000' },
        },
        {
          op: 'update',
          record_id: id,
          before: { price: '3.000', note: null },
          after: { price: '4.000', note: 'x' },
          changed: ['note', 'price'],
        },
        { op: 'delete', record_id: id, before: { name: 'Rye', price: '4.000' } },
      ])
      expect(changes).toHaveLength(3)
      const named = changes.flatMap(({ before, after }) => Object.keys({ ...before, ...after }))
      expect(named.filter((name) => notes.storage.logged.ignored.includes(name))).toEqual([])
    })

    test('each change is told to watchers, once and in order, and touching is none', async () => {
      const { create, road, notes, recorded } = await site()
      await recorded()
      const heard: [string, string | null, string[]][] = []
      const stop = await feed.subscribe(({ changes }) => {
        for (const { op, recordId, changed } of changes) heard.push([op, recordId, changed])
      })
      const { id } = await create({ name: 'Rye' })
      await loadRecordView(road.ctx, notes, id)
      if (notes.storage.expiry) await keepAlive(road, notes, id)
      await updateRecord(road, notes, id, { values: { price: '4' } })
      await deleteRecords(road, notes, [id])
      await eventually(() => expect(heard.length).toBeGreaterThan(2))
      expect(heard).toEqual([
        ['insert', id, []],
        ['update', id, ['price']],
        ['delete', id, []],
      ])
      stop()
    })

    test('each change is undone by the road it came, and the undo too', async () => {
      const { create, road, notes, recorded, list } = await site()
      await recorded()
      const { id } = await create({ name: 'Rye', price: '3' })
      await updateRecord(road, notes, id, { values: { price: '4' } })
      const texts = async () => (await notes.storage.load(road.ctx.db, id))?.texts
      const undoLast = async () => {
        const last = (await logOf(notes)).at(-1)
        await undoChanges(road, { ids: [String(last?.id)] })
      }
      await undoLast()
      expect(await texts()).toMatchObject({ price: '3.000' })
      await undoLast()
      expect(await texts()).toMatchObject({ price: '4.000' })
      await deleteRecords(road, notes, [id])
      await undoLast()
      expect(await texts()).toMatchObject({ name: 'Rye', price: '4.000' })
      await undoLast()
      expect(await list()).toMatchObject({ names: [] })
    })

    test('the list as of a moment shows what there was', async () => {
      const { create, road, notes, recorded } = await site()
      await recorded()
      const moment = async () => (await db.admin.sql`select clock_timestamp()::text as at`)[0]?.at as string
      const { id } = await create({ name: 'Rye' })
      const created = await moment()
      await updateRecord(road, notes, id, { values: { name: 'Corn' } })
      const updated = await moment()
      await deleteRecords(road, notes, [id])
      const at = async (when: string) => {
        const source = asOfSource(
          await asOfTable(road.ctx.db, notes.storage.logged),
          await resolveMoment(road.ctx.db, when),
        )
        return (await road.ctx.db.execute(sql`select t.name from ${source} as t`)).map((row) => row.name)
      }
      expect([await at(created), await at(updated), await at(await moment())]).toEqual([['Rye'], ['Corn'], []])
    })

    test('a hundred increments at once are a hundred', async () => {
      const { create, road, notes } = await site({
        hooks: { beforeUpdate: (_ctx, { values }, record) => void Object.assign(values, { count: record.count + 1 }) },
      })
      const { id } = await create({ name: 'Rye' })
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => updateRecord(road, notes, id, { values: { note: String(n) } })),
      )
      expect((await notes.storage.load(road.ctx.db, id))?.texts.count).toBe('100')
    })
  })
}
