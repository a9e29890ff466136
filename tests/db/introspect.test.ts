import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { afterAll, describe, expect, test } from 'vitest'
import { introspect } from '@/bin/introspection/introspect'
import { isRelation, readCatalogue } from '@/lib/admin/catalogue'
import { defineAdmin } from '@/lib/admin/define'
import { resolveAdmin } from '@/lib/admin/resolve'
import { readDatabase } from '@/lib/db/introspect'
import { createTestAdmin } from '@/tests/support/admin'
import { createTestDatabase } from '@/tests/support/database'
import { visitEverything } from '@/tests/support/every-page'
import { createProject, createTestProject } from '@/tests/support/project'
import { loadSchema, normalType, shapesOf } from '@/tests/support/written-schema'

const db = await createTestDatabase({ template: 'template1' })
await db.admin.sql.unsafe(await readFile('tests/db/nasty-schema.sql', 'utf8'))
const project = await createProject()
afterAll(project.remove)
const fingerprint = await structureOf()
const { database } = await introspect({ url: db.urls.admin, root: project.root })
const schema = await loadSchema(project.root)
const shapes = shapesOf(schema)

/** The default of a text column, with all that a template would take for its own. */
const TEXT = `it's \`quoted\` \${and} \\escaped`

/** Everything a schema-only dump would say, as far as pg_catalog counts it. */
async function structureOf(): Promise<unknown> {
  const [row] = await db.admin.sql`select (select json_agg(c order by c.oid) from pg_class c) as classes,
    (select json_agg(a order by a.attrelid, a.attnum) from pg_attribute a where attrelid > 16384) as columns`
  const { classes, columns } = row as { classes: Record<string, unknown>[]; columns: unknown }
  return {
    columns,
    classes: classes.map(({ oid, relname, relfilenode, relacl }) => [oid, relname, relfilenode, relacl]),
  }
}

const column = (relation: string, name: string) => shapes.get(relation)?.columns.find((each) => each.name === name)

describe('what introspection writes', () => {
  test('compiles', async () => {
    expect(await project.compile()).toBe('')
    await writeFile(path.join(project.root, 'drizzle/wrong.ts'), "import { trees } from './schema'\nexport { trees }\n")
    expect(await project.compile()).toContain('drizzle/wrong.ts(1,10): error TS2724')
    await rm(path.join(project.root, 'drizzle/wrong.ts'))
  })

  test('has every table and view, and no partition', () => {
    expect([...shapes.keys()].filter((name) => !name.includes('computed')).sort()).toEqual(
      [
        ...['Order Details', 'User', 'child_table', 'eggs', 'event_notes', 'events', 'every_type', 'half_secret'],
        ...[
          'hens',
          'history',
          'index',
          'no_key',
          'parent_table',
          'people',
          'points_at_secrets',
          'quick',
          'quiet_moods',
        ],
        ...['rules', 'secrets', 'select', 'text', 'tree', 'user', '…'],
      ]
        .map((name) => `public.${name}`)
        .concat('Weird Schema.View', 'Weird Schema.user', 'tasks.runs', 'tasks.summary', 'types.kinds')
        .sort(),
    )
    expect(database.notes).toEqual(['public.nothing_at_all has no columns.'])
  })

  test('knows the type of every column', async () => {
    for (const file of await readdir(path.join(project.root, 'drizzle'), { recursive: true })) {
      if (file.endsWith('.ts'))
        expect(await readFile(path.join(project.root, 'drizzle', file), 'utf8')).not.toContain('unknown(')
    }
  })

  test('spells every type as Postgres does, with domains taken off', async () => {
    const rows = await db.admin.sql.begin(async (tx) => {
      await tx`set local search_path = ''`
      return tx<{ name: string; type: string }[]>`
        with recursive bare (name, type, modifier, dimensions) as (
          select attname, atttypid, atttypmod, attndims::int from pg_attribute
          where attrelid = 'public.every_type'::regclass and attnum > 0 and not attisdropped
          union all
          select name, typbasetype, typtypmod, typndims from bare join pg_type t on t.oid = type where typtype = 'd'
        )
        select name, format_type(type, modifier) || repeat('[]', greatest(0, dimensions - 1)) as type from bare
        where type not in (select oid from pg_type where typtype = 'd')`
    })
    const types = new Map(rows.map(({ name, type }) => [name, normalType(type)]))
    for (const { name, sqlType } of shapes.get('public.every_type')?.columns ?? []) {
      // Of elements that are a domain Drizzle is told the type the domain stands on.
      if (name === 'c_domains') expect(sqlType).toBe('integer[]')
      // Of an enum Drizzle tells the name without its schema.
      else expect([name, normalType(sqlType)]).toEqual([name, types.get(name)?.replace(/^\w+\.(?=mood)/, '')])
    }
  })

  test('reads every relation', async () => {
    for (const relation of Object.values(schema).filter(isRelation)) {
      await expect(
        db.admin.orm
          .select()
          .from(relation as PgTable)
          .limit(1),
      ).resolves.toBeDefined()
    }
  })

  test('inserts a row of defaults, as the database has them', async () => {
    const everyType = schema.everyType as PgTable
    const [row] = await db.admin.orm.insert(everyType).values({}).returning()
    expect(row).toMatchObject({
      cSmallint: 3,
      cInteger: -4,
      cBigint: 9007199254740993n,
      cText: TEXT,
      cGenerated: `${TEXT}\``,
      cMood: "it's ok",
      cMoods: ['sad'],
      cPositive: 1,
      cNumericPs: '1.5000000000',
    })
  })

  test('gives each column the default the database gives it', async () => {
    const columns = Object.values(getTableColumns(schema.everyType as PgTable))
    const timeless = columns.filter(
      ({ name, default: given }) => given !== undefined && !/serial|date|time|uuid/.test(name),
    )
    expect(timeless.length).toBeGreaterThanOrEqual(15)
    for (const column of timeless) {
      const { name, default: given } = column
      const value = is(given, SQL) ? given : sql`${given}`
      const [row] = await db.admin.orm.execute(
        sql`select ${sql.identifier(name)}::text as stored, (${value})::${sql.raw(column.getSQLType())}::text as given from public.every_type limit 1`,
      )
      expect([name, row?.given]).toEqual([name, row?.stored])
    }
  })
})

describe('keys and rules', () => {
  test.each([
    ['public.tree', ['tenant', 'id']],
    ['public.every_type', ['id']],
    ['public.events', ['id', 'at', 'region']],
    ['public.no_key', []],
    ['public.select', ['from']],
  ])('the key of %s is %j', (relation, key) => {
    expect(shapes.get(relation)?.primaryKey).toEqual(key)
  })

  test('foreign keys may be composite, to the same table, in a circle, to a partitioned table, across schemas', () => {
    const keys = [...shapes.values()].flatMap(({ relation, foreignKeys }) =>
      foreignKeys.map(({ fields, target, onDelete }) => [
        `${relation} (${fields}) → ${target.schema}.${target.table} (${target.columns})`,
        onDelete ?? 'no action',
      ]),
    )
    expect(Object.fromEntries(keys)).toEqual({
      'public.tree (tenant,parent) → public.tree (tenant,id)': 'cascade',
      'public.tree (tenant,otherParent) → public.tree (tenant,id)': 'no action',
      'public.hens (egg) → public.eggs (id)': 'no action',
      'public.hens (favourite) → public.eggs (id)': 'no action',
      'public.eggs (hen) → public.hens (id)': 'no action',
      'public.event_notes (event,at,region) → public.events (id,at,region)': 'no action',
      'public.user (userId) → public.User (id)': 'no action',
      'public.points_at_secrets (secret) → public.secrets (id)': 'no action',
      'tasks.runs (owner) → Weird Schema.user (id)': 'set null',
      'tasks.runs (kind) → types.kinds (id)': 'no action',
      'types.kinds (run) → tasks.runs (id)': 'no action',
    })
  })

  test('uniques and checks keep their names and expressions', () => {
    const rules = shapes.get('public.rules')
    expect(rules?.uniques).toEqual(
      expect.arrayContaining([
        { name: 'ab', fields: ['a', 'b'] },
        { name: expect.stringMatching(/^(code_again|rules_code_key)$/), fields: ['code'] },
      ]),
    )
    expect(rules?.checks).toEqual(['a < b'])
  })

  test('identity and generated columns are told apart from those one may write', () => {
    expect(column('public.every_type', 'id')?.identity).toBe('always')
    expect(column('public.index', 'id')?.identity).toBe('byDefault')
    expect(column('public.every_type', 'c_generated')?.isGenerated).toBe(true)
    expect(column('public.every_type', 'c_serial')).toMatchObject({ hasDefault: true, notNull: true })
  })

  test('a domain gives its column what it demands', () => {
    expect(column('public.every_type', 'c_positive')).toMatchObject({
      notNull: true,
      hasDefault: true,
      sqlType: 'integer',
    })
    expect(column('public.every_type', 'c_money_domain')).toMatchObject({ notNull: false, sqlType: 'numeric(12, 3)' })
  })

  test('enums of one name in two schemas stay apart', () => {
    expect(column('public.every_type', 'c_mood')?.enumValues).toEqual(['sad', "it's ok", 'back\\slash', 'grün'])
    expect(column('public.every_type', 'c_other_mood')?.enumValues).toEqual(['low', 'high'])
  })

  test('names that look alike or mean something to JavaScript become distinct fields', () => {
    const fields = (relation: string) => shapes.get(relation)?.columns.map(({ field, name }) => [name, field])
    expect(fields('public.text')).toEqual([
      ['id', 'id'],
      ['integer', 'integer'],
      ['Name', 'name'],
      ['name', 'nameColumn'],
      ['NAME', 'nameColumn2'],
    ])
    expect(fields('public.select')).toEqual([
      ['from', 'from'],
      ['default', 'default'],
      ['_', 'theColumn'],
      ['then', 'thenColumn'],
      ['constructor', 'constructorColumn'],
    ])
    expect(fields('public.Order Details')?.map(([, field]) => field)).toEqual([
      'orderId',
      'großeCm',
      'aQuote',
      '_2fa',
      '名前',
    ])
  })
})

describe('the config it writes', () => {
  test('lists every table and view and has no mistakes', async () => {
    const text = await readFile(path.join(project.root, 'admin.config.ts'), 'utf8')
    for (const { exportName } of readCatalogue(schema).entries)
      expect(text).toMatch(new RegExp(`resource\\(schema\\.${exportName}[,)]`))
    // Compiled above; here its tree is resolved, as a start would.
    const written = await readFile(path.join(project.root, 'admin.config.ts'), 'utf8')
    await writeFile(path.join(project.root, 'config.ts'), withRelativeImports(written))
    const { default: config } = await import(
      /* @vite-ignore */ pathToFileURL(path.join(project.root, 'config.ts')).href
    )
    const { admin } = resolveAdmin(config)
    expect([...admin.byRelation.keys()].filter((name) => !name.startsWith('kontor.')).sort()).toEqual(
      [...shapes.keys()].sort(),
    )
    expect(admin.resources.get('public/people')?.title.of({ firstName: 'Prince', lastName: null })).toBe('Prince')
    expect(admin.sections.map(({ key }) => key).sort()).toEqual(['Weird-Schema', 'public', 'tasks-data', 'types'])
  })

  test('has as many resources as are detected without it', () => {
    const { admin } = resolveAdmin(defineAdmin({ schema }))
    expect(admin.byRelation.has('tasks.runs')).toBe(true)
    expect(admin.resources.get('public/history-2')?.shape.relation).toBe('public.history')
  })
})

describe('the admin over it', () => {
  test.each([...shapes.keys()])('%s lists, sorts, searches, opens, and is the same after a save', async (relation) => {
    const { ctx } = await createTestAdmin(db.admin, { schema })
    const resource = ctx.admin.byRelation.get(relation)
    expect(resource).toBeDefined()
    if (resource) await visitEverything(ctx, resource)
  })
})

function withRelativeImports(text: string): string {
  return text.replace("'@/drizzle/schema'", "'./drizzle/schema'").replace("'@/lib/admin'", "'./lib/admin/define'")
}

describe('the database', () => {
  test('is not touched', async () => {
    expect(await structureOf()).toEqual(fingerprint)
  })

  test('is read as far as the role may: what is hidden is left out and noted', async () => {
    await db.admin.sql.unsafe(`grant select on public.points_at_secrets to kontor_app;
      grant select (id, shown) on public.half_secret to kontor_app; grant usage on schema public to kontor_app`)
    const seen = await readDatabase(db.app.sql)
    expect(seen.relations.map(({ name }) => name)).toEqual(['half_secret', 'points_at_secrets'])
    expect(seen.relations[0]).toMatchObject({ columns: [{ name: 'id' }, { name: 'shown' }], checks: [], uniques: [] })
    expect(seen.relations[1]?.foreignKeys).toEqual([])
    expect(seen.notes).toContain('public.secrets may not be read by this role.')
    expect(seen.notes).toContain(
      'public.points_at_secrets: what the foreign key points_at_secrets_secret_fkey points at is not among the tables.',
    )
  })

  test('without tables is refused, and nothing is written', async () => {
    const empty = await createTestProject()
    await writeFile(path.join(empty.root, 'admin.config.ts'), 'mine')
    await expect(introspect({ url: db.urls.admin, root: empty.root, schemas: ['nowhere'] })).rejects.toThrow(
      'has no tables that this role may read in nowhere',
    )
    expect(await readFile(path.join(empty.root, 'admin.config.ts'), 'utf8')).toBe('mine')
    expect(existsSync(path.join(empty.root, '.kontor'))).toBe(false)
  })
})

describe('what stood there before', () => {
  test('is kept, and a config that is edited stays where one asks for that', async () => {
    const { root } = await createTestProject()
    await mkdir(path.join(root, 'drizzle/migrations'), { recursive: true })
    await writeFile(path.join(root, 'drizzle/migrations/0000.sql'), 'select 1')
    await writeFile(path.join(root, 'admin.config.ts'), 'mine')
    const { backup } = await introspect({ url: db.urls.admin, root, schemas: ['tasks'], keepConfig: true })
    expect(await readFile(path.join(root, 'admin.config.ts'), 'utf8')).toBe('mine')
    expect(existsSync(path.join(root, 'drizzle/migrations'))).toBe(false)
    expect(await readFile(path.join(root, backup ?? '', 'drizzle/migrations/0000.sql'), 'utf8')).toBe('select 1')
  })
})
