import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { ConfigError, type Problem } from '@/lib/admin/checks'
import { type AdminOptions, defineAdmin, resource, type Sections, section } from '@/lib/admin/define'
import { resolveAdmin, resolveTree } from '@/lib/admin/resolve'
import { s3Files } from '@/lib/files'
import { ok, task } from '@/lib/tasks'

const products = pgTable('products', { id: integer('id').primaryKey(), name: text('name'), price: integer('price') })

/** A config with the given options, as somebody without the compiler's help would write it. */
const site = (options: object, admin: object = {}, key = 'products') =>
  ({ sections: { main: section('Main', {}, { [key]: resource(products, options) }) }, ...admin }) as AdminOptions

const problemsOf = (options: AdminOptions): readonly Problem[] => {
  try {
    resolveAdmin(defineAdmin(options))
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const AT = 'sections.main.products'
const count = task({ name: 'Count', every: '5m', initialValue: 0, run: () => ok(1) })

const MISTAKES: [claim: string, config: AdminOptions, problem: Partial<Problem>][] = [
  [
    'an unknown option of the site',
    site({}, { titel: 'x' }),
    { id: 'option.unknown', path: 'admin.titel', hint: 'Did you mean “title”?' },
  ],
  [
    'files that are no place for any',
    site({}, { builtIn: { files: '/var/lib/files' } }),
    { id: 'files.option', path: 'admin.builtIn.files', hint: expect.stringContaining('localFiles(') },
  ],
  [
    'a bucket in no region',
    site({}, { builtIn: { files: s3Files({ bucket: 'bakery' }) } }),
    { id: 'files.option', path: 'admin.builtIn.files.region' },
  ],
  [
    'a task of a resource that is called like one of the site',
    site({ tasks: [count] }, { tasks: [count] }),
    { id: 'tasks.duplicate', path: `${AT}.tasks[0]`, message: expect.stringContaining('admin.tasks[0]') },
  ],
  ['an unknown option of a resource', site({ colums: [] }), { id: 'option.unknown', path: `${AT}.colums` }],
  [
    'an unknown option of a list',
    site({ list: { colums: ['name'] } }),
    { id: 'option.unknown', path: `${AT}.list.colums`, hint: 'Did you mean “columns”?' },
  ],
  [
    'an unknown option of a field',
    site({ form: { fields: { name: { lable: 'x' } } } }),
    { id: 'option.unknown', path: `${AT}.form.fields.name.lable`, hint: 'Did you mean “label”?' },
  ],
  [
    'an unknown hook',
    site({ hooks: { beforeCreate: () => {} } }),
    { id: 'option.unknown', path: `${AT}.hooks.beforeCreate` },
  ],
  [
    'a hook that is no function',
    site({ hooks: { beforeSave: 'x' } }),
    { id: 'option.type', path: `${AT}.hooks.beforeSave` },
  ],
  [
    'a column that does not exist',
    site({ list: { columns: ['name', 'pryce'] } }),
    { id: 'field.unknown', path: `${AT}.list.columns[1]`, hint: 'Did you mean “price”?' },
  ],
  [
    'a column twice',
    site({ list: { columns: ['name', 'name'] } }),
    { id: 'column.duplicate', path: `${AT}.list.columns[1]` },
  ],
  [
    'a sort by what does not exist',
    site({ list: { sort: ['-nam'] } }),
    { id: 'field.unknown', path: `${AT}.list.sort[0]` },
  ],
  [
    'a filter on what does not exist',
    site({ list: { filters: ['status'] } }),
    { id: 'field.unknown', path: `${AT}.list.filters[0]` },
  ],
  [
    'a search through what does not exist',
    site({ list: { search: ['category.name'] } }),
    { id: 'search.path', path: `${AT}.list.search[0]` },
  ],
  ['a page size that is not offered', site({ list: { size: 30 } }), { id: 'option.type', path: `${AT}.list.size` }],
  [
    'options for a field that does not exist',
    site({ form: { fields: { nam: {} } } }),
    { id: 'field.unknown', path: `${AT}.form.fields.nam`, hint: 'Did you mean “name”?' },
  ],
  [
    'a group with a field that does not exist',
    site({ form: { groups: [{ label: 'x', fields: ['nam'] }] } }),
    { id: 'field.unknown', path: `${AT}.form.groups[0].fields[0]` },
  ],
  [
    'a field kind that does not exist',
    site({ form: { fields: { name: { kind: 'textaera' } } } }),
    { id: 'field.kind', path: `${AT}.form.fields.name.kind`, hint: 'Did you mean “textarea”?' },
  ],
  [
    'a field kind that does not fit its column',
    site({ form: { fields: { name: { kind: 'json' } } } }),
    { id: 'field.kind.fit', path: `${AT}.form.fields.name.kind` },
  ],
  ['a title that does not exist', site({ title: 'nam' }), { id: 'field.unknown', path: `${AT}.title` }],
  [
    'a table that is undefined',
    { sections: { main: section('Main', {}, { products: resource(undefined as never) }) } },
    { id: 'resource.table', path: AT },
  ],
  [
    'a table that is none',
    { sections: { main: section('Main', {}, { products: resource({ a: 1 } as never) }) } },
    { id: 'resource.table', path: AT },
  ],
  [
    'a section that is none',
    { sections: { main: { products } as never } },
    { id: 'section.shape', path: 'sections.main' },
  ],
  [
    'a reserved section',
    { sections: { settings: section('S', {}, {}) } },
    { id: 'slug.reserved', path: 'sections.settings' },
  ],
  ['a reserved resource', site({}, {}, 'new'), { id: 'slug.reserved', path: 'sections.main.new' }],
  ['an address with a slash', site({}, {}, 'a/b'), { id: 'slug.malformed', path: 'sections.main.a/b' }],
  [
    'two addresses that differ in case alone',
    { sections: { main: section('M', {}, {}), Main: section('M', {}, {}) } },
    { id: 'slug.duplicate', path: 'sections.Main' },
  ],
  ['a home that does not exist', site({}, { home: 'main/orders' }), { id: 'home.missing', path: 'admin.home' }],
  [
    'a home on a dashboard that is off',
    site({}, { home: 'dashboard', dashboard: false }),
    { id: 'home.missing', path: 'admin.home' },
  ],
  [
    'a time zone that does not exist',
    site({}, { timeZone: 'Europe/Berlln' }),
    { id: 'option.type', path: 'admin.timeZone' },
  ],
  ['a locale that is none', site({}, { locale: 'not a locale' }), { id: 'option.type', path: 'admin.locale' }],
  [
    'a colour that is none',
    site({}, { theme: { accent: 'green' } }),
    { id: 'option.type', path: 'admin.theme.accent' },
  ],
]

for (const [claim, config, expected] of MISTAKES) {
  test(`${claim} is reported with its path`, () => {
    expect(problemsOf(config)).toContainEqual(expect.objectContaining(expected))
  })
}

test('every mistake is reported at once, in one message', () => {
  const config = site({ list: { columns: ['a', 'b'], sort: ['c'] }, form: { fields: { d: {} } } })
  expect(problemsOf(config).map(({ path }) => path.replace(`${AT}.`, ''))).toEqual([
    'form.fields.d',
    'list.columns[0]',
    'list.columns[1]',
    'list.sort[0]',
  ])
  expect(() => resolveAdmin(defineAdmin(config))).toThrow(/has 4 mistakes:\n.*list\.columns\[0\]/s)
})

test('a config without mistakes has none', () => {
  expect(problemsOf(site({ title: 'name', list: { columns: ['name', 'price'], sort: ['-price'] } }))).toEqual([])
})

test('a resource brings tasks of its own', () => {
  const { tasks } = resolveAdmin(defineAdmin(site({ tasks: [count] })))
  expect([...tasks.keys()]).toEqual(['Count'])
})

test('a tree that is a function of the request cannot bring tasks, and says where they belong', () => {
  const literal = site({ tasks: [count] }).sections as Sections
  const { options, catalogue, clock } = resolveAdmin(
    defineAdmin({ schema: { products }, sections: () => literal, tasks: [count] }),
  )
  const resolve = () => resolveTree(options, literal, catalogue, clock)
  expect(resolve).toThrow(ConfigError)
  expect(resolve).toThrow(`${AT}.tasks`)
  expect(resolve).toThrow('Declare them on the site')
})
