import { sql } from 'drizzle-orm'
import { bigint, doublePrecision, integer, json, jsonb, numeric, real, text, timestamp } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kindFor } from '@/lib/admin/fields'
import { type ArrayItem, formatArray, readArray } from '@/lib/admin/fields/array/literal'
import { findJsonMistake, layOutJson } from '@/lib/admin/fields/json/text'
import { formatRange, readRange } from '@/lib/admin/fields/range/text'
import { instantsAt, jumpOver, textInZone, wallAt } from '@/lib/admin/fields/timestamp/zone'
import { createTestDatabase } from '@/tests/support/database'
import { berlin, fieldOf } from './support'

const db = await createTestDatabase()

/** What Postgres makes of a text cast to a type; undefined where it refuses. */
async function cast(value: string, type: string): Promise<string | undefined> {
  return db.owner.orm.execute<{ v: string }>(sql`select (${value}::text::${sql.raw(type)})::text as v`).then(
    (rows) => rows[0]?.v,
    () => undefined,
  )
}

const storable = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'))
const element = fc.oneof(storable, fc.constantFrom(null, '', 'NULL', 'null', '{}', '"', '\\', ',', ' a ', 'a\tb\nc'))

describe('array literals', () => {
  test('are written as Postgres writes them, and read back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(element, { maxLength: 6 }), async (items) => {
        const literal = formatArray(items)
        expect(await cast(literal, 'text[]')).toBe(literal)
        expect(readArray(literal)).toEqual({ items })
      }),
      { numRuns: 150 },
    )
  })

  test('keep their dimensions', async () => {
    const rows = fc
      .integer({ min: 1, max: 3 })
      .chain((width) =>
        fc.array(fc.array(element, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 3 }),
      )
    await fc.assert(
      fc.asyncProperty(rows, async (items) => {
        const literal = formatArray(items)
        expect(await cast(literal, 'text[]')).toBe(literal)
        expect(readArray(literal)).toEqual({ items: items as ArrayItem[] })
      }),
      { numRuns: 60 },
    )
  })

  test('are refused by the reader wherever Postgres refuses them', async () => {
    const noise = fc.string({ unit: fc.constantFrom('{', '}', '"', ',', 'a', ' ', '\\', 'N'), maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(noise, async (inner) => {
        const parsed = kindFor(fieldOf(text().array()).column).parse(`{${inner}}`, fieldOf(text().array()), berlin)
        const held = await cast(`{${inner}}`, 'text[]')
        if (parsed.ok) expect(parsed.text, inner).toBe(held)
      }),
      { numRuns: 400 },
    )
  })
})

describe('numbers', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 30 })
  const typed = fc
    .tuple(fc.constantFrom('', '-', '+'), digits, fc.option(digits), fc.option(fc.integer({ min: -40, max: 40 })))
    .map(
      ([sign, whole, fraction, power]) =>
        `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${power === null ? '' : `e${power}`}`,
    )

  test.each([
    ['numeric', numeric()],
    ['numeric(12,3)', numeric({ precision: 12, scale: 3 })],
    ['numeric(3,5)', numeric({ precision: 3, scale: 5 })],
  ])('typed for %s are kept to the last digit or refused', async (type, column) => {
    const field = fieldOf(column)
    await fc.assert(
      fc.asyncProperty(typed, async (input) => {
        const parsed = kindFor(field.column).parse(input, field, berlin)
        const exact = await cast(input, 'numeric')
        const held = await cast(input, type)
        const equal = held !== undefined && exact !== undefined && (await cast(`${held}`, 'numeric')) !== undefined
        const isKept =
          equal &&
          (
            await db.owner.orm.execute<{ same: boolean }>(
              sql`select ${held}::text::numeric = ${exact}::text::numeric as same`,
            )
          )[0]?.same
        expect(parsed.ok, input).toBe(Boolean(isKept))
        if (parsed.ok) expect(await cast(parsed.text ?? '', type)).toBe(held)
      }),
      { numRuns: 120 },
    )
  })

  test.each([
    ['integer', integer()],
    ['bigint', bigint({ mode: 'bigint' })],
  ])('typed for %s are taken exactly where Postgres takes them', async (type, column) => {
    const field = fieldOf(column)
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), async (number) => {
        const parsed = kindFor(field.column).parse(String(number), field, berlin)
        expect(parsed.ok ? parsed.text : undefined).toBe(await cast(String(number), type))
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['real', real()],
    ['double precision', doublePrecision()],
  ])('that %s would bend are refused, and every other is taken', async (type, column) => {
    const field = fieldOf(column)
    const kind = kindFor(field.column)
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.double({ noDefaultInfinity: true, noNaN: true }).map(String), typed),
        async (input) => {
          const parsed = kind.parse(input, field, berlin)
          const held = await cast(input, type)
          if (parsed.ok) expect(await cast(parsed.text ?? '', type), input).toBe(held)
          if (held !== undefined) expect(kind.parse(held, field, berlin).ok, held).toBe(true)
        },
      ),
      { numRuns: 120 },
    )
  })

  test('beyond 2^53 are shown with every digit', () => {
    const field = fieldOf(numeric({ precision: 38, scale: 10 }))
    expect(kindFor(field.column).format('9007199254740993.0000000001', field, berlin)).toBe(
      '9,007,199,254,740,993.0000000001',
    )
    expect(kindFor(field.column).format('-0.5', field, { ...berlin, locale: 'de' })).toBe('-0,5')
    expect(kindFor(field.column).format('1234.5', field, { ...berlin, locale: 'ar-EG' })).toBe('١٬٢٣٤٫٥')
  })
})

describe('json', () => {
  test('is found wrong exactly where Postgres finds it wrong', async () => {
    const noise = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '}', '"', '\\', '1', ':', '\n', 'e', '\\u0000', '\\ud83e', '-', '0'),
      )
      .map(
        ([value, at, piece]) =>
          value.slice(0, at % (value.length + 1)) + piece + value.slice((at % (value.length + 1)) + (at % 2)),
      )
      .filter((value) => !/[\0\p{Surrogate}]/u.test(value))
    await fc.assert(
      fc.asyncProperty(noise, async (value) => {
        expect(findJsonMistake(value, true) === undefined, value).toBe((await cast(value, 'jsonb')) !== undefined)
        expect(findJsonMistake(value) === undefined, value).toBe((await cast(value, 'json')) !== undefined)
      }),
      { numRuns: 500 },
    )
  })

  test('laid out in lines means the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (value) => {
        expect(JSON.parse(layOutJson(value))).toEqual(JSON.parse(value))
        expect(layOutJson(layOutJson(value, 0))).toBe(layOutJson(value))
      }),
      { numRuns: 200 },
    )
    expect(layOutJson('{"a":12345678901234567890,"a":[],"b":[1,{}]}')).toBe(
      '{\n  "a": 12345678901234567890,\n  "a": [],\n  "b": [\n    1,\n    {}\n  ]\n}',
    )
  })

  test.each([
    ['{"a": 1,}', 1, 9, 'Remove the “,” before “}”.'],
    ["{'a': 1}", 1, 2, 'Use straight double quotes: "…".'],
    ['{"a" 1}', 1, 6, 'A “:” is missing before 1.'],
    ['{\n  "a": [1, 2\n}', 3, 1, 'A “,” or “]” is missing before }.'],
    ['{"a": True}', 1, 7, 'Write true in small letters.'],
    ['{"a": 01}', 1, 8, 'A “,” or “}” is missing before 1.'],
    ['[1', 1, 3, 'It ends too early: a “[” is not closed.'],
    ['{"🥐": x}', 1, 7, 'Put “x” in double quotes.'],
    ['', 1, 1, 'Write a JSON value, like {"a": 1}.'],
    ['"\\q"', 1, 1, '“\\q” is no escape in JSON: write “\\\\q” for a backslash.'],
    ['[1] 2', 1, 5, 'Nothing may follow the value, but there is 2.'],
  ])('%j is explained at line %i, column %i', (value, line, column, message) => {
    expect(findJsonMistake(value, true)).toEqual({ line, column, message })
  })

  test('of ten megabytes and of a million brackets is answered at once', () => {
    const started = performance.now()
    expect(findJsonMistake(`["${'a\\n'.repeat(3_500_000)}"]`, true)).toBeUndefined()
    expect(findJsonMistake('['.repeat(1_000_000))?.message).toBe('Nested deeper than 500 levels.')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('of type json keeps its text, of type jsonb refuses what it cannot hold', () => {
    const plain = fieldOf(json())
    expect(kindFor(plain.column).parse(' {"b":1,\n"a":"\\u0000"} ', plain, berlin)).toEqual({
      ok: true,
      text: ' {"b":1,\n"a":"\\u0000"} ',
    })
    const binary = fieldOf(jsonb())
    expect(kindFor(binary.column).parse('"\\u0000"', binary, berlin)).toEqual({
      ok: false,
      message: 'Line 1, column 1: jsonb cannot hold \\u0000.',
    })
  })
})

describe('moments', () => {
  const field = fieldOf(timestamp({ withTimezone: true }))
  const kind = kindFor(field.column)
  const zones = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'UTC',
    'Pacific/Apia',
    'America/St_Johns',
  )
  const instants = fc.integer({ min: -4_000_000_000, max: 4_000_000_000 })

  test('shown in any zone and typed again are the same moment, to the microsecond, or are explained', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 999_999 }), zones, (second, micros, timeZone) => {
        const fraction = String(micros).padStart(6, '0').replace(/0+$/, '')
        const clock = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ')
        const stored = `${clock}${fraction && `.${fraction}`}+00`
        const parsed = kind.parse(textInZone(stored, timeZone), field, { ...berlin, timeZone })
        if (parsed.ok) expect(parsed.text).toBe(stored)
        else expect(parsed.message).toMatch(/comes twice/)
      }),
      { numRuns: 500 },
    )
  })

  test('Postgres agrees with where a zone puts them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2_000_000_000 }), zones, async (second, zone) => {
        const rows = await db.owner.orm.execute<{ v: string }>(
          sql`select (to_timestamp(${second}::text::float8) at time zone ${zone})::text as v`,
        )
        expect(new Date(wallAt(second * 1000, zone)).toISOString().slice(0, 19).replace('T', ' ')).toBe(rows[0]?.v)
      }),
      { numRuns: 80 },
    )
  })

  test('that clocks jump over are explained', () => {
    expect(kind.parse('2026-03-29 02:30', field, berlin)).toEqual({
      ok: false,
      message:
        '02:30 does not exist on 29 Mar 2026 in Europe/Berlin: clocks jump from 02:00 to 03:00. Choose an earlier or later time.',
    })
    const wall = Date.UTC(2026, 2, 29, 2, 30)
    expect(instantsAt(wall, 'Europe/Berlin')).toEqual([])
    expect(jumpOver(wall, 'Europe/Berlin').instant).toBe(Date.UTC(2026, 2, 29, 1))
  })

  test('that clocks show twice ask which one is meant', () => {
    expect(kind.parse('2026-10-25 02:30', field, berlin)).toEqual({
      ok: false,
      message:
        '02:30 comes twice on 25 Oct 2026 in Europe/Berlin, as clocks go back. Write 02:30+02:00 for the first, 02:30+01:00 for the second.',
    })
    expect(kind.parse('2026-10-25 02:30+01:00', field, berlin)).toEqual({ ok: true, text: '2026-10-25 01:30:00+00' })
  })

  test('a day in a filter means all of it in the site’s zone', () => {
    expect(kind.parseOperand?.('2026-03-29', field, berlin, 'gte')).toEqual({
      ok: true,
      text: '2026-03-28 23:00:00+00',
    })
    expect(kind.parseOperand?.('2026-03-29', field, berlin, 'lte')).toEqual({
      ok: true,
      text: '2026-03-29 21:59:59.999999+00',
    })
    expect(kind.parseOperand?.('today', field, { ...berlin, now: new Date('2026-06-15T22:30:00Z') }, 'gte')).toEqual({
      ok: true,
      text: '2026-06-15 22:00:00+00',
    })
    const plain = fieldOf(timestamp())
    expect(kindFor(plain.column).parseOperand?.('2026-03-29', plain, berlin, 'lte')).toEqual({
      ok: true,
      text: '2026-03-29 23:59:59.999999',
    })
  })
})

describe('range texts', () => {
  test('are written as Postgres writes them', async () => {
    await db.owner.sql`create type textrange as range (subtype = text)`
    const bound = fc.option(storable.filter((value) => value === value.trim()))
    await fc.assert(
      fc.asyncProperty(bound, bound, fc.boolean(), fc.boolean(), async (a, b, isLowerIncluded, isUpperIncluded) => {
        const [lower, upper] = [a, b]
        const written = formatRange({ lower, upper, isLowerIncluded, isUpperIncluded })
        const held = await cast(written, 'textrange')
        if (held !== undefined && held !== 'empty') expect(formatRange(readRange(held) ?? 'empty')).toBe(held)
        if (lower !== null && upper !== null && lower !== '' && upper !== '') {
          expect(readRange(written)).toEqual({ lower, upper, isLowerIncluded, isUpperIncluded })
        }
      }),
      { numRuns: 150 },
    )
  })
})
