import { describe, expect, it } from 'vitest'
import { cardPlaces, isLedByKey, saysKey } from '@/app/admin/[section]/[resource]/list/card-places'
import type { CellView, ColumnView, RowView } from '@/lib/admin/view'

const column = (name: string, align: 'start' | 'end' = 'start'): ColumnView => ({
  name,
  label: name,
  align,
  isSortable: false,
})
const cell = (text: string | null, more: Partial<CellView> = {}): CellView => ({
  kind: 'text',
  text,
  display: text ?? '',
  ...more,
})
const row = (...cells: CellView[]): RowView => ({ id: '1', title: 'one', cells })

describe('a row as a card', () => {
  it('shows what a record has left in place of a status, where it has none', () => {
    const left = cell('2026-11-21 12:00:00+00', { kind: 'expiry', remainingMs: 1000 })
    const columns = [column('name'), column('left'), column('status')]
    expect(cardPlaces(columns, [row(cell('a'), left, cell('x'))])).toEqual(['title', 'status', 'fact'])
    expect(cardPlaces(columns, [row(cell('a'), left, cell('x', { tone: 'ok' }))])[2]).toBe('status')
  })

  it('shows its name, its status, and the two most telling of the rest', () => {
    const columns = [
      column('name'),
      column('changed'),
      column('category'),
      column('price', 'end'),
      column('sold', 'end'),
      column('status'),
    ]
    const places = cardPlaces(columns, [
      row(
        cell('Bread'),
        cell('now', { kind: 'timestamptz' }),
        cell('3', { href: '/x' }),
        cell('1', { kind: 'money' }),
        cell('12', { kind: 'integer' }),
        cell('ok', { tone: 'ok' }),
      ),
    ])
    expect(places).toEqual(['title', undefined, 'fact', 'fact', undefined, 'status'])
  })

  it('leaves out what no row has', () => {
    const places = cardPlaces(
      [column('name'), column('category'), column('note')],
      [row(cell('Bread'), cell(null, { href: '/x' }), cell('crisp'))],
    )
    expect(places).toEqual(['title', undefined, 'fact'])
  })

  it('never takes the name for the status', () => {
    expect(cardPlaces([column('status')], [row(cell('draft', { tone: 'quiet' }))])).toEqual(['title'])
  })

  it('puts the name before a bare key, and does not repeat it as a fact', () => {
    const keyed: RowView = { id: '7', title: 'Rye', cells: [cell('7'), cell('Rye'), cell('dark'), cell('flour')] }
    expect(isLedByKey(keyed)).toBe(true)
    expect(isLedByKey({ ...keyed, title: '7' })).toBe(false)
    expect(isLedByKey(row(cell('one')))).toBe(false)
    const columns = [column('id'), column('name'), column('shade'), column('use')]
    expect(cardPlaces(columns, [keyed])).toEqual(['title', undefined, 'fact', 'fact'])
  })

  it('says a key once where the name holds it', () => {
    expect(saysKey('Order 50,000', '50000')).toBe(true)
    expect(saysKey('Rye', '7')).toBe(false)
  })
})
