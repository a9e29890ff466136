import { boolean, integer, jsonb, numeric, pgEnum, text, timestamp } from 'drizzle-orm/pg-core'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { kindFor, viewCell, viewComputed } from '@/lib/admin/fields'
import { Cell } from '@/lib/admin/fields/cell'
import type { CellField, CellOptions } from '@/lib/admin/fields/cell-view'
import { berlin, fieldOf } from './support'

type Builder = Parameters<typeof fieldOf>[0]

function cellField(builder: Builder, kind?: string, more: Partial<CellField> = {}, name?: string): CellField {
  const field = fieldOf(builder, {}, name)
  return { ...field, kind: kindFor(field.column, kind), ...more }
}

const drawn = (value: string | null, field: CellField, options?: CellOptions) =>
  renderToStaticMarkup(<Cell cell={viewCell(value, field, berlin, options)} />)

describe('a cell', () => {
  test('tells null, empty text and text apart', () => {
    const field = cellField(text())
    expect(drawn(null, field)).toMatch(/>none</)
    expect(drawn('', field)).toMatch(/>empty</)
    expect(drawn('none', field)).toBe('<span>none</span>')
  })

  test('cuts text at 140 characters and has the whole at hand', () => {
    const field = cellField(text())
    const long = '🥐 word '.repeat(30)
    const view = viewCell(long, field, berlin)
    expect([...view.display].length).toBeLessThanOrEqual(140)
    expect(view.display).toMatch(/…$/)
    expect(view.display).not.toMatch(/\p{Surrogate}/u)
    expect(view.full).toBe(long)
    expect(drawn(long, field)).toContain('popover')
    expect(viewCell('short', field, berlin).full).toBeUndefined()
  })

  test('never lets what is stored become markup, a script or a style', () => {
    expect(drawn('<b onclick=x>', cellField(text()))).toBe('<span>&lt;b onclick=x&gt;</span>')
    expect(drawn('javascript:alert(1)', cellField(text(), 'url'))).not.toContain('href')
    expect(drawn('https://example.com/a', cellField(text(), 'url'))).toContain('rel="noopener noreferrer"')
    expect(drawn('red;background:url(//x)', cellField(text(), 'colour'))).not.toContain('style')
    expect(drawn('#1d6b4f', cellField(text(), 'colour'))).toContain('style="background:#1d6b4f"')
  })

  test('draws a status as its word with a tone', () => {
    const status = pgEnum('s', ['low_stock', 'sold_out'])
    const html = drawn('low_stock', cellField(status(), undefined, { tones: { low_stock: 'warn' } }))
    expect(html).toContain('data-tone="warn"')
    expect(html).toContain('Low stock')
    const chosen = cellField(text(), undefined, { choices: [{ label: 'On the counter', value: 'a' }] })
    expect(drawn('a', chosen)).toContain('On the counter')
  })

  test('says a boolean in a word besides its mark', () => {
    expect(drawn('true', cellField(boolean()))).toMatch(/<svg.*Yes/)
    expect(drawn('false', cellField(boolean()))).toMatch(/<svg.*No/)
  })

  test('groups numbers, but not keys and years', () => {
    expect(drawn('20000', cellField(integer()))).toContain('20,000')
    expect(drawn('20000', cellField(integer().primaryKey()))).toContain('20000')
    expect(drawn('1984', cellField(integer(), undefined, {}, 'founded_year'))).toContain('1984')
  })

  test('shows a moment as it is spoken of, and the exact one on hover', () => {
    const field = cellField(timestamp({ withTimezone: true }))
    expect(viewCell('2026-06-15 09:58:00.5+00', field, berlin)).toMatchObject({
      display: '2 min ago',
      title: '2026-06-15 11:58:00.5 +02:00 Europe/Berlin',
    })
    expect(viewCell('2026-05-01 09:58:00+00', field, berlin).display).toBe('1 May 2026, 11:58')
    expect(viewCell('2026-05-01 09:58:00+00', field, berlin, { format: 'date' }).display).toBe('1 May 2026')
    expect(viewCell('infinity', field, berlin).display).toBe('infinity')
  })

  test('shows above four elements three and how many more', () => {
    const field = cellField(text().array())
    expect(viewCell('{a,b,c,d}', field, berlin).display).toBe('a, b, c, d')
    expect(viewCell('{a,b,c,d,e}', field, berlin).display).toBe('a, b, c and 2 more')
    expect(viewCell('{NULL,""}', field, berlin).display).toBe('none, “”')
    expect(viewCell('{}', field, berlin).display).toBe('empty')
    const long = `{${'word,'.repeat(200)}`.slice(0, 500)
    expect(viewCell(long, field, berlin).display).toBe('word, word, word and more')
  })

  test('lays out JSON that the list got whole', () => {
    const value = JSON.stringify({ text: 'x'.repeat(150) })
    expect(drawn(value, cellField(jsonb()))).toContain('{\n  &quot;text&quot;')
    expect(() => drawn(value.slice(0, 100).padEnd(160, 'x'), cellField(jsonb()))).not.toThrow()
  })

  test('takes its format from the column where one is declared', () => {
    const field = cellField(numeric({ precision: 10, scale: 2 }))
    expect(viewCell('3.4', field, berlin, { format: 'money' }).display).toBe('€3.40')
    expect(viewCell('3.4', field, berlin, { format: 'money', currency: 'USD' }).display).toBe('$3.40')
    expect(viewCell('7.00', field, berlin, { format: 'percent' }).display).toBe('7%')
    expect(viewCell('1536000', field, berlin, { format: 'bytes' }).display).toBe('1.5 MB')
  })

  test('of a computed column shows what a function gave', () => {
    const shown = (value: unknown, options?: CellOptions) => viewComputed(value, berlin, options)
    expect(shown(undefined).text).toBeNull()
    expect(shown(1234.567).display).toBe('1,234.57')
    expect(shown(true)).toMatchObject({ kind: 'boolean', display: 'Yes' })
    expect(shown(new Date('2026-06-15T09:58:00Z')).display).toBe('2 min ago')
    expect(shown(['a', null, 3]).display).toBe('a, none, 3')
    expect(shown(61, { format: 'percent' }).display).toBe('61%')
    expect(shown({ a: 1 })).toMatchObject({ kind: 'json', display: '{"a":1}' })
    expect(shown(new Date(Number.NaN)).text).toBeNull()
  })
})
