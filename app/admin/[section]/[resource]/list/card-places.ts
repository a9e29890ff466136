import type { ColumnView, RowView } from '@/lib/admin/view'

/** Where a cell stands on a phone's card; undefined is left out there. */
export type CardPlace = 'title' | 'status' | 'fact' | undefined

/** Two facts beside name and status tell a record; more make a card a form. */
const FACTS = 2

/**
 * Chooses what of a row a phone's card shows: its name, its status, and the two most telling of the rest. Related
 * records and amounts tell more than moments and yes-or-no; what is empty in every row tells nothing.
 */
export function cardPlaces(columns: readonly ColumnView[], rows: readonly RowView[]): CardPlace[] {
  const toned = columns.findIndex((_, at) => at > 0 && rows.some((row) => row.cells[at]?.tone))
  // What a record has left tells as much as a status where it has none.
  const status = toned >= 0 ? toned : columns.findIndex((_, at) => rows.some((row) => row.cells[at]?.kind === 'expiry'))
  const facts = columns
    .map((column, at) => ({ at, weight: at === 0 || at === status ? 0 : weightOf(column, rows, at) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.at - b.at)
    .slice(0, FACTS)
    .map(({ at }) => at)
  return columns.map((_, at) => {
    if (at === 0) return 'title'
    if (at === status) return 'status'
    return facts.includes(at) ? 'fact' : undefined
  })
}

/** Whether a row begins with the record's bare key: a phone's card puts its name before it. */
export function isLedByKey({ id, title, cells }: RowView): boolean {
  const first = cells[0]
  return first !== undefined && !first.custom && first.text === id && first.display !== title
}

/** Whether a name says the key already, as "Order 50,000" does of 50000. */
export function saysKey(name: string, key: string): boolean {
  return withoutMarks(name).includes(withoutMarks(key))
}

const withoutMarks = (words: string) => words.replace(/[\p{P}\p{Z}]/gu, '')

function weightOf(column: ColumnView, rows: readonly RowView[], at: number): number {
  const filled = rows.map((row) => row.cells[at]).filter((cell) => cell && cell.text !== null)
  if (filled.length === 0) return 0
  // The name stands on the card already.
  if (rows.every((row) => isLedByKey(row) && row.cells[at]?.display === row.title)) return 0
  if (filled.some((cell) => cell?.href)) return 4
  if (filled.some((cell) => cell?.format === 'money' || cell?.kind === 'money')) return 5
  if (column.align === 'end') return 3
  return filled.some((cell) => cell?.kind.startsWith('timestamp') || cell?.kind === 'date') ? 2 : 1
}
