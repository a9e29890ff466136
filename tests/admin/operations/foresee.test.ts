import { sql } from 'drizzle-orm'
import { integer, numeric, pgTable, text, varchar } from 'drizzle-orm/pg-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resource, section } from '@/lib/admin/define'
import { createRecord } from '@/lib/admin/operations/create'
import { updateRecord } from '@/lib/admin/operations/update'
import type { AdminError } from '@/lib/errors'
import { createTestAdmin, EDITOR } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
await db.owner.sql.unsafe(`
  create domain short_code as text check (value ~ '^[A-Z]{3}$');
  create domain percentage as int check (value >= 0 and value <= 100);
  create table depots (land text, town text, primary key (land, town));
  create table parcels (
    id integer generated always as identity primary key, name varchar(20) not null, number text not null unique,
    code short_code, share percentage, weight integer, least numeric(8,2) default 1, most numeric(8,2),
    land text, town text, state text not null default 'open', owner text,
    constraint in_order check (least <= most), constraint light check (weight < 1000),
    foreign key (land, town) references depots);
  create unique index one_name on parcels (lower(name));
  create unique index one_open on parcels (owner) where state = 'open';
  insert into depots values ('DE', 'Ulm');
  grant all on all tables in schema public to kontor_app;`)

const parcels = pgTable('parcels', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: varchar('name', { length: 20 }).notNull(),
  number: text('number').notNull().unique(),
  code: text('code'),
  share: integer('share'),
  weight: integer('weight'),
  least: numeric('least', { precision: 8, scale: 2 }).default('1'),
  most: numeric('most', { precision: 8, scale: 2 }),
  land: text('land'),
  town: text('town'),
  state: text('state').notNull().default('open'),
  owner: text('owner'),
})
type Options = Parameters<typeof resource<typeof parcels>>[1]

const site = async (options: Options = {}) => {
  const admin = await createTestAdmin(db.app, {
    sections: { post: section('Post', {}, { parcels: resource(parcels, { title: 'name', ...options }) }) },
  })
  const resourceOf = admin.of(parcels)
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: AdminError) => ({ code: error.code, message: error.message, fields: error.details.fields }),
    )
  return {
    ...admin,
    create: (values: Record<string, string | null>) =>
      refusal(createRecord({ ctx: admin.ctx }, resourceOf, { values })),
    update: (id: string, values: Record<string, string | null>) =>
      refusal(updateRecord({ ctx: admin.ctx }, resourceOf, id, { values })),
  }
}

beforeEach(async () => {
  await db.owner.sql`truncate parcels restart identity`
  await db.owner
    .sql`insert into parcels (name, number, most, owner) values ('First', 'A1', 5, 'ann'), ('Second', 'A2', 5, 'bob')`
})

const SERVER = Number((await db.app.sql`show server_version_num`)[0]?.server_version_num)

describe('a refused save', () => {
  it('tells in one round what casts, missing values, rules, unique values and references are wrong', async () => {
    const { create } = await site()
    expect(
      await create({
        number: 'A1',
        weight: 'heavy',
        least: '7',
        most: '3',
        land: 'DE',
        town: 'Rome',
        owner: 'ann',
        state: 'open',
      }),
    ).toEqual({
      code: 'invalid',
      message: 'Some fields need another look.',
      fields: {
        name: ['Name is needed.'],
        number: ['Taken by “First”. Choose another.'],
        weight: [expect.stringMatching(/number/i)],
        least: ['Least must be at most Most.'],
        land: ['What this points at does not exist (any more). Choose another.'],
        owner: ['Taken by “First”. Choose another.'],
      },
    })
  })

  it.runIf(SERVER >= 160_000)('puts the rules of domains on their fields', async () => {
    const { create } = await site()
    expect((await create({ name: 'Third', number: 'A1', code: 'abc', share: '101' }))?.fields).toEqual({
      number: ['Taken by “First”. Choose another.'],
      code: [expect.stringContaining('Must fit the rule')],
      share: ['Must be at least 0 and at most 100.'],
    })
  })

  it('tells what the database found together with what it would have found next', async () => {
    const { create } = await site()
    expect((await create({ name: 'FIRST', number: 'A2', weight: '1000' }))?.fields).toEqual({
      name: ['Taken by “First”. Choose another.'],
      number: ['Taken by “Second”. Choose another.'],
      weight: ['Must be less than 1000.'],
    })
  })

  it('tells of a change only what would be wrong with the changed record', async () => {
    const { update } = await site()
    expect((await update('1', { name: 'second', most: '0.5', weight: 'x' }))?.fields).toEqual({
      name: ['Taken by “Second”. Choose another.'],
      weight: [expect.any(String)],
      least: ['Least must be at most Most.'],
    })
    expect((await update('1', { name: 'FIRST', number: 'A1', weight: 'x' }))?.fields).toEqual({
      weight: [expect.any(String)],
    })
    expect((await update('1', { name: null, weight: '2000', number: 'A2' }))?.fields).toEqual({
      name: ['Name is needed.'],
      weight: ['Must be less than 1000.'],
      number: ['Taken by “Second”. Choose another.'],
    })
  })

  it('minds the condition of a partial index', async () => {
    const { create, update } = await site()
    expect((await create({ name: 'x', number: 'x', owner: 'ann', state: 'shut', weight: 'x' }))?.fields).toEqual({
      weight: [expect.any(String)],
    })
    expect((await update('2', { owner: 'ann', weight: 'x' }))?.fields).toMatchObject({ owner: [expect.any(String)] })
  })

  it('joins what a hook and what a shape say', async () => {
    const rejecting = await site({
      hooks: { beforeSave: (ctx) => ctx.reject({ state: 'Closed today.' }) },
    })
    expect(await rejecting.create({ name: 'x', number: 'A1', state: 'open' })).toMatchObject({
      code: 'hook_rejected',
      fields: { state: ['Closed today.'], number: ['Taken by “First”. Choose another.'] },
    })
    const shaped = await site({ validate: z.object({ name: z.string().min(3, 'Longer.'), weight: z.number() }) })
    const fields = { name: ['Longer.'], number: [expect.stringContaining('Taken')], weight: [expect.any(String)] }
    expect((await shaped.create({ name: 'x', number: 'A1', weight: 'x' }))?.fields).toEqual(fields)
    expect((await shaped.update('2', { name: 'x', number: 'A1', weight: 'x' }))?.fields).toEqual(fields)
  })

  it('names a taker only to those who may see it, and says nothing of values that may not be written', async () => {
    const { as, of } = await site({
      scope: (ctx) => (ctx.user.role === 'editor' ? sql`${parcels.weight} > 0` : undefined),
      form: { fields: { owner: { create: 'readonly' } } },
    })
    const refused = createRecord({ ctx: await as(EDITOR) }, of(parcels), {
      values: { name: 'x', number: 'A1', weight: 'x', owner: 'ann' },
    })
    await expect(refused).rejects.toMatchObject({
      details: { fields: { number: ['Already taken. Choose another.'], weight: [expect.any(String)] } },
    })
    await expect(refused).rejects.not.toMatchObject({ details: { fields: { owner: expect.anything() } } })
  })

  it('asks nothing more of the database where all is well', async () => {
    const { create } = await site()
    expect(
      await create({ name: 'Third', number: 'A3', code: 'ABC', share: '5', land: 'DE', town: 'Ulm', weight: '3' }),
    ).toBeUndefined()
  })
})
