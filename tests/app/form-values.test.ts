import { describe, expect, test } from 'vitest'
import {
  formNames,
  isChanged,
  isTooLarge,
  saveInput,
  startingValues,
} from '@/app/admin/[section]/[resource]/form/form-values'
import type { FieldView, RecordView } from '@/lib/admin/view'

function field(name: string, more: Partial<FieldView> = {}): FieldView {
  return {
    name,
    label: name,
    kind: 'text',
    sqlType: 'text',
    access: 'editable',
    isRequired: false,
    isNullable: true,
    rows: 4,
    width: 'half',
    tones: {},
    display: '',
    timeZone: 'UTC',
    locale: 'en',
    ...more,
  }
}

function record(fields: FieldView[], texts: RecordView['texts'], id?: string): RecordView {
  return {
    resource: {
      key: 'shop/things',
      section: 'shop',
      sectionLabel: 'Shop',
      slug: 'things',
      singular: 'Thing',
      isRecorded: true,
      plural: 'Things',
      href: '/admin/shop/things',
      can: { create: true, update: true, delete: true },
    },
    id,
    title: 'Thing',
    version: '1',
    groups: [{ label: '', fields }],
    texts,
    manyToMany: [
      {
        name: 'tags',
        label: 'Tags',
        optionsUrl: '/x',
        selected: [
          { id: '1', label: 'One' },
          { id: '2', label: 'Two' },
        ],
        isEditable: true,
      },
    ],
    related: [],
    can: { create: true, update: true, delete: true },
    notices: [],
  }
}

function edited(view: RecordView, edits: Record<string, string | null | { id: string; label: string }[]>) {
  const names = formNames(view)
  const shown = startingValues(view, names)
  const keys = new Map([
    ...names.fields.map(({ key, field: { name } }): [string, string] => [name, key]),
    ...names.links.map(({ key, link: { name } }): [string, string] => [name, key]),
  ])
  const values = {
    ...shown,
    ...Object.fromEntries(Object.entries(edits).map(([name, value]) => [keys.get(name) ?? name, value])),
  }
  return saveInput(view, names, shown, values, 'list')
}

describe('what a form sends', () => {
  test('of a record left alone is nothing to write', () => {
    const view = record([field('name'), field('price')], { name: 'A', price: '3.40' }, '7')
    expect(edited(view, {})).toMatchObject({ id: '7', values: {} })
  })

  test('of a record is the fields that differ, with everything that was shown', () => {
    const view = record([field('name'), field('price'), field('note')], { name: 'A', price: '3.40', note: null }, '7')
    expect(edited(view, { price: '3.50', note: '' })).toEqual({
      resource: 'shop/things',
      id: '7',
      values: { price: '3.50', note: '' },
      shown: { name: 'A', price: '3.40', note: null },
      next: 'list',
    })
  })

  test('of a new record is whatever has a value, so that the rest takes its default', () => {
    const view = record([field('name'), field('status'), field('stock')], { name: null, status: 'draft', stock: null })
    expect(edited(view, { name: 'A' }).values).toEqual({ name: 'A', status: 'draft' })
  })

  test('never holds a field that is only shown', () => {
    const view = record([field('sold', { access: 'readonly' })], { sold: '3' }, '7')
    expect(edited(view, { sold: '4' })).toMatchObject({ values: {}, shown: {} })
  })

  test('does not carry long texts back that nobody touched', () => {
    const view = record([field('body')], { body: 'x'.repeat(5000) }, '7')
    expect(edited(view, {}).shown).toEqual({})
    expect(edited(view, { body: 'y' }).shown).toEqual({ body: 'x'.repeat(5000) })
  })

  test('names links only where they differ, in whatever order they stand', () => {
    const view = record([], {}, '7')
    expect(
      edited(view, {
        tags: [
          { id: '2', label: 'Two' },
          { id: '1', label: 'One' },
        ],
      }).manyToMany,
    ).toBeUndefined()
    expect(edited(view, { tags: [{ id: '2', label: 'Two' }] }).manyToMany).toEqual({ tags: ['2'] })
    expect(edited(view, { tags: [] }).manyToMany).toEqual({ tags: [] })
  })

  test('keeps fields apart whose names hold dots and brackets', () => {
    const view = record([field('a.b'), field('a[0]'), field('a')], { 'a.b': '1', 'a[0]': '2', a: '3' }, '7')
    expect(edited(view, { 'a.b': 'x', a: 'y' }).values).toEqual({ 'a.b': 'x', a: 'y' })
  })
})

test('null, empty text and a value all differ', () => {
  expect(isChanged(null, '')).toBe(true)
  expect(isChanged('', '')).toBe(false)
  expect(isChanged(null, null)).toBe(false)
  expect(isChanged('1', null)).toBe(true)
})

describe('what is sent', () => {
  const sent = (text: string) =>
    ({ resource: 'shop/things', shown: {}, values: { text }, next: 'list' }) satisfies Parameters<typeof isTooLarge>[0]

  test('may be some megabytes', () => {
    expect(isTooLarge(sent('x'.repeat(9_900_000)))).toBe(false)
  })

  test('is too large above 10 MB as it travels, whatever its count of characters', () => {
    expect(isTooLarge(sent('x'.repeat(10_000_000)))).toBe(true)
    expect(isTooLarge(sent('€'.repeat(3_400_000)))).toBe(true)
    expect(isTooLarge(sent('\n'.repeat(5_000_000)))).toBe(true)
  })
})
