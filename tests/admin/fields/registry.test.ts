import { boolean, char, integer, jsonb, numeric, text, timestamp, varchar } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import { defineKind, elementKind, kindFor, kindProblem, kinds, limitsOf, refuse } from '@/lib/admin/fields'
import { columnType } from '@/lib/admin/fields/column-type'
import { pgType } from '@/lib/db/column-types'
import { berlin, fieldOf, shapeOf } from './support'

describe('the kind of a column', () => {
  test('is the declared one where it fits, the type’s own where it does not', () => {
    expect(kindFor(shapeOf(text()), 'email').name).toBe('email')
    expect(kindFor(shapeOf(numeric()), 'money').name).toBe('money')
    expect(kindFor(shapeOf(boolean()), 'email').name).toBe('boolean')
    expect(kindFor(shapeOf(integer()), 'reference').name).toBe('reference')
    expect(kindFor(shapeOf(text()), 'no such kind').name).toBe('text')
  })

  test('that does not fit is reported with the ones that do', () => {
    expect(kindProblem('email', shapeOf(text()))).toBeUndefined()
    expect(kindProblem('email', shapeOf(boolean()))).toBe(
      'the kind “email” does not fit a column of type boolean: boolean, unknown do.',
    )
    expect(kindProblem('emial', shapeOf(text()))).toBe('there is no field kind “emial”.')
  })

  test('of a long text is known by its name', () => {
    expect(kindFor(shapeOf(text(), 'short_description')).name).toBe('textarea')
    expect(kindFor(shapeOf(text(), 'title')).name).toBe('text')
    expect(kindFor(shapeOf(varchar({ length: 80 }), 'description')).name).toBe('text')
  })

  test('of a domain or an unknown type is shown and not changed, until one is declared', () => {
    const domain = shapeOf(pgType({ type: 'shop.postcode' }))
    expect(kindFor(domain)).toMatchObject({ name: 'unknown', isEditable: false })
    expect(kindFor(domain, 'text')).toMatchObject({ name: 'text', isEditable: true })
    expect(kindFor(shapeOf(pgType({ type: 'public.citext' }))).name).toBe('text')
  })

  test('of an array is its elements’, and read-only where they are', () => {
    expect(elementKind(shapeOf(integer().array()))?.name).toBe('integer')
    expect(elementKind(shapeOf(text()))).toBeUndefined()
    expect(kindFor(shapeOf(pgType({ type: 'tsvector' }).array())).isEditable).toBe(false)
  })

  test('is known by its name to the config', () => {
    for (const [name, kind] of kinds) expect(kind.name).toBe(name)
  })
})

test('types are read however SQL spells them', () => {
  expect(columnType('timestamp (3) with time zone')).toEqual({ base: 'timestamptz', args: ['3'], dimensions: 0 })
  expect(columnType('character varying(80)[][]')).toEqual({ base: 'varchar', args: ['80'], dimensions: 2 })
  expect(columnType('interval day to second(3)')).toMatchObject({
    base: 'interval',
    fields: 'day to second',
    args: ['3'],
  })
  expect(columnType('"char"').base).toBe('"char"')
  expect(columnType('pg_catalog.int4').base).toBe('integer')
  expect(columnType('decimal(10, 2)')).toEqual({ base: 'numeric', args: ['10', '2'], dimensions: 0 })
})

test('limits are told to inputs', () => {
  expect(limitsOf(shapeOf(varchar({ length: 80 })))).toEqual({ maxLength: 80 })
  expect(limitsOf(shapeOf(char()))).toEqual({ maxLength: 1 })
  expect(limitsOf(shapeOf(numeric({ precision: 10, scale: 2 })))).toEqual({ scale: 2 })
  expect(limitsOf(shapeOf(jsonb()))).toEqual({})
})

describe('choices', () => {
  const choices = [
    { label: 'Food, 7 %', value: '7' },
    { label: 'Drinks, 19 %', value: '19' },
  ]

  test('of any kind refuse what is not among them, however it is written', () => {
    const field = fieldOf(numeric({ precision: 4, scale: 2 }), { choices })
    const kind = kindFor(field.column)
    expect(kind.parse('7.0', field, berlin)).toEqual({ ok: true, text: '7.00' })
    expect(kind.parse('8', field, berlin)).toEqual({ ok: false, message: 'Choose one of: Food, 7 %, Drinks, 19 %.' })
    expect(kind.format('7', field, berlin)).toBe('Food, 7 %')
  })

  test('of an array are asked of each element', () => {
    const field = fieldOf(text().array(), { choices: [{ label: 'A', value: 'a' }] })
    const kind = kindFor(field.column)
    expect(kind.parse('{a,a}', field, berlin).ok).toBe(true)
    expect(kind.parse('{a,b}', field, berlin)).toEqual({ ok: false, message: 'Value 2 (“b”): Choose one of: A.' })
  })

  test('do not bind a filter', () => {
    const field = fieldOf(integer(), { choices })
    expect(kindFor(field.column).parseOperand?.('8', field, berlin, 'gte')).toEqual({ ok: true, text: '8' })
  })
})

test('a kind of one’s own says what differs and has the rest', () => {
  const stars = defineKind({
    name: 'stars',
    format: (value) => '★'.repeat(Number(value)),
    parse: (input) => (/^[1-5]$/.test(input) ? { ok: true, text: input } : refuse('Choose one to five stars.')),
  })
  const field = fieldOf(integer())
  expect(stars.parse('6', field, berlin)).toEqual({ ok: false, message: 'Choose one to five stars.' })
  expect(stars.parse('1\0', field, berlin)).toMatchObject({ ok: false })
  expect(stars.format('3', field, berlin)).toBe('★★★')
  expect(stars.toValue('3', field.column)).toBe(3)
})

test('a message says what is right', () => {
  const say = (column: Parameters<typeof fieldOf>[0], input: string, kind?: string) => {
    const field = fieldOf(column)
    const parsed = kindFor(field.column, kind).parse(input, field, berlin)
    return parsed.ok ? parsed.text : parsed.message
  }
  expect(say(integer(), '1,204')).toBe('Write it without separators: 1204.')
  expect(say(integer(), '3000000000')).toBe('Write a number from -2,147,483,648 to 2,147,483,647.')
  expect(say(integer(), '1e3')).toBe('Write it out: 1000.')
  expect(say(numeric({ precision: 10, scale: 2 }), '3.405')).toBe('At most 2 decimals fit, like 1.00.')
  expect(say(numeric({ precision: 4, scale: 2 }), '100')).toBe('At most 2 digits fit before the point.')
  expect(say(numeric(), '€ 3.40')).toBe('Write the number alone: 3.40.')
  expect(say(varchar({ length: 5 }), '🥐🥐🥐🥐🥐🥐')).toBe('At most 5 characters fit; this is 1 too long.')
  expect(say(text(), 'a\0b')).toBe('Character 2 is a NUL, which Postgres cannot store. Remove it.')
  expect(say(timestamp(), '2026-02-30 10:00')).toBe('February 2026 has 28 days.')
  expect(say(timestamp(), '2026-02-03 10:00+02')).toBe('This moment has no zone: leave out +02:00.')
  expect(say(text(), 'example.com', 'url')).toBe('Begin with https://, like https://example.com.')
})
