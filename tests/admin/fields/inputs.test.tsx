import { MantineProvider } from '@mantine/core'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { kindFor } from '@/lib/admin/fields'
import { CustomInputs, displayText, FieldInput, type FieldInputProps } from '@/lib/admin/fields/client'
import { columnType } from '@/lib/admin/fields/column-type'
import type { FieldView } from '@/lib/admin/view'
import { COLUMNS } from './columns'
import { shapeOf } from './support'

function view(more: Partial<FieldView> = {}): FieldView {
  return {
    name: 'v',
    label: 'Value',
    kind: 'text',
    sqlType: 'text',
    access: 'editable',
    isRequired: false,
    isNullable: true,
    rows: 4,
    width: 'half',
    tones: {},
    display: 'as displayed',
    timeZone: 'Europe/Berlin',
    locale: 'en',
    ...more,
  }
}

function drawn(field: Partial<FieldView>, value: string | null, more: Partial<FieldInputProps> = {}): string {
  return renderToStaticMarkup(
    <MantineProvider>
      <FieldInput field={view(field)} id="x" value={value} shown={value} onChange={() => {}} {...more} />
    </MantineProvider>,
  )
}

const shownIn = (html: string) => /<input[^>]*\bid="x"[^>]*>/.exec(html)?.[0].match(/ value="([^"]*)"/)?.[1]

describe.each(COLUMNS)('the input of a column of type $name', ({ column, texts }) => {
  const shape = shapeOf(column())
  const kind = kindFor(shape)
  const field: Partial<FieldView> = {
    kind: kind.name,
    sqlType: columnType(shape.sqlType).base,
    access: kind.isEditable ? 'editable' : 'readonly',
    choices: shape.enumValues?.map((value) => ({ label: value, value })),
  }

  test('is drawn for nothing, for whatever Postgres writes, and for what it is not', () => {
    for (const text of [null, ...texts, 'no such thing', '{', '"']) {
      const html = drawn(field, text)
      expect(html, String(text)).toContain('id="x"')
      expect(html).not.toContain('[object Object]')
    }
  })
})

describe('an input', () => {
  test('shows a moment as clocks in the site’s zone do, to the microsecond', () => {
    const field = { kind: 'timestamptz', sqlType: 'timestamptz' }
    expect(shownIn(drawn(field, '2026-12-12 05:00:00+00'))).toBe('2026-12-12 06:00')
    expect(shownIn(drawn(field, '2026-06-12 05:00:07.123456+00'))).toBe('2026-06-12 07:00:07.123456')
    expect(shownIn(drawn(field, 'infinity'))).toBe('infinity')
    expect(shownIn(drawn(field, 'what was typed'))).toBe('what was typed')
    expect(shownIn(drawn({ kind: 'timestamp' }, '2026-12-12 05:00:00'))).toBe('2026-12-12 05:00')
  })

  test('lays out jsonb and leaves json as it was written', () => {
    expect(drawn({ kind: 'json', sqlType: 'jsonb' }, '{"a": 1}')).toContain('{\n  &quot;a&quot;: 1\n}')
    expect(drawn({ kind: 'json', sqlType: 'json' }, '{"a": 1}')).toContain('>{&quot;a&quot;: 1}<')
  })

  test('gives text with line breaks the lines it needs', () => {
    expect(drawn({ kind: 'text' }, 'one line')).toContain('<input')
    expect(drawn({ kind: 'text' }, 'two\nlines')).toContain('<textarea')
  })

  test('names the choice that is stored, also one no longer offered', () => {
    const choices = [{ label: 'Sold out', value: 'soldout' }]
    expect(shownIn(drawn({ choices }, 'soldout'))).toBe('Sold out')
    expect(shownIn(drawn({ choices }, 'retired'))).toBe('retired')
  })

  test('is a switch where there are two states, a choice where there are three', () => {
    expect(drawn({ kind: 'boolean', isNullable: false }, 'true')).toMatch(/<input[^>]*type="checkbox"/)
    expect(drawn({ kind: 'boolean', isNullable: true }, null)).toContain('role="combobox"')
    expect(drawn({ kind: 'boolean', isNullable: false, isRequired: true }, null)).toContain('role="combobox"')
  })

  test('shows what a reference names, and its key where the targets may not be listed', () => {
    const reference = { optionsUrl: '/o', label: 'Rye', href: '/admin/rye', targetLabel: 'Category' }
    const html = drawn({ kind: 'reference', reference }, '7')
    expect(shownIn(html)).toBe('Rye')
    expect(html).toContain('href="/admin/rye"')
    expect(shownIn(drawn({ kind: 'reference' }, '7'))).toBe('7')
  })

  test('holds an array’s values apart, null among them', () => {
    const html = drawn({ kind: 'array', element: 'text' }, '{a,"b, c",NULL}')
    expect(html).toContain('>b, c<')
    expect(html).toMatch(/data-null[^>]*><span[^>]*>none</)
    expect(shownIn(drawn({ kind: 'array', element: 'integer' }, '{{1,2},{3,4}}'))).toBe('{{1,2},{3,4}}')
  })

  test('that may not be changed is read-only and shows the value in words', () => {
    const html = drawn({ access: 'readonly', kind: 'integer' }, '1204')
    expect(html).toMatch(/<input[^>]*readOnly=""/)
    expect(shownIn(html)).toBe('as displayed')
    const bytes = { kind: 'bytea', access: 'readonly' as const, downloadUrl: '/api/bytes/x' }
    expect(drawn(bytes, '12')).toMatch(/href="\/api\/bytes\/x"[^>]*download/)
    expect(drawn(bytes, null)).not.toContain('href')
  })

  test('never links to what a browser would run', () => {
    expect(drawn({ kind: 'url' }, 'javascript:alert(1)')).not.toContain('href')
    expect(drawn({ kind: 'colour' }, 'red;background:url(//x)')).not.toContain('style="background')
  })

  test('of a deployer’s own kind takes the place of the built-in one', () => {
    const html = renderToStaticMarkup(
      <CustomInputs value={{ stars: Stars }}>
        <FieldInput field={view({ kind: 'stars' })} id="x" value="3" onChange={() => {}} />
      </CustomInputs>,
    )
    expect(html).toContain('3 stars')
  })
})

const Stars = ({ id, value }: FieldInputProps) => <input id={id} defaultValue={`${value} stars`} />

test('a comparison shows values as a person reads them', () => {
  expect(displayText(view({ kind: 'boolean' }), 't')).toBe('Yes')
  expect(displayText(view({ kind: 'timestamptz' }), '2026-12-12 05:00:00+00')).toBe('12 Dec 2026, 06:00')
  expect(displayText(view({ kind: 'decimal' }), '12345.60')).toBe('12,345.60')
  expect(displayText(view({ choices: [{ label: 'Sold out', value: 's' }] }), 's')).toBe('Sold out')
  expect(displayText(view(), null)).toBe('none')
  expect(displayText(view(), '')).toBe('empty')
  expect(displayText(undefined, 'x')).toBe('x')
})
