import type { SQL } from 'drizzle-orm'
import type { ColumnShape } from '@/lib/db/table-shape'

/** A value as Postgres writes it, or null. Lists, forms, versions and the change log all carry values this way. */
export type Text = string | null

/** What a value is shown under: language, zone and the moment "relative" counts from. */
export interface FormatContext {
  locale: string
  timeZone: string
  now: Date
}

export type Parsed = { ok: true; text: Text } | { ok: false; message: string }

/** Operators of the address: `f.price=gte:3.50`. */
export const OPERATORS = ['eq', 'not', 'gte', 'lte', 'contains', 'starts', 'in', 'empty'] as const
export type Operator = (typeof OPERATORS)[number]

export interface Choice {
  label: string
  value: string
}

/** What a kind needs to know of the field it serves. */
export interface KindField {
  name: string
  label: string
  column: ColumnShape
  /** The kind of an array's elements. */
  element?: FieldKind
  choices?: readonly Choice[]
}

/**
 * The server half of a field kind: how values of a family of column types are read, shown, checked and compared.
 * Its browser half is `input.tsx` beside it; how it stands in a list is `cell.tsx`.
 * Everything here is pure and safe for any text Postgres can produce.
 */
export interface FieldKind {
  name: string
  /**
   * Checks what a person typed and gives the text to write. Postgres casts it by assignment afterwards, so a parser
   * refuses what Postgres would silently bend (too many decimals, a cut-off string) and explains what is right.
   * Never called with null or for a text that did not change.
   */
  parse(input: string, field: KindField, context: FormatContext): Parsed
  /** The value as application code sees it (Drizzle's own type for the column). */
  toValue(text: string, column: ColumnShape): unknown
  /** The text of a value that application code gives. */
  toText(value: unknown, column: ColumnShape): Text
  /** One readable line, for cells, titles, chips, exports' headings and history. */
  format(text: string, field: KindField, context: FormatContext): string
  /** What a list selects for the column; the default casts it to text. Large values select a beginning or a size. */
  select?(column: SQL): SQL
  /** Which operators the address may use on it. */
  operators: readonly Operator[]
  /**
   * The operand as the parameter's text, or a message: `f.price=gte:abc` falls back to no filter and says so.
   * With `operator`, a day means all of it: `lte:2026-01-31` on a timestamp ends with that day in the site's zone.
   * For arrays it is one element's text.
   */
  parseOperand?(operand: string, field: KindField, context: FormatContext, operator?: Operator): Parsed
  align: 'start' | 'end'
  isSortable: boolean
  /** Whether a search term is looked for in it by default. */
  isSearchable: boolean
  /** False where a form only shows it (bytea, tsvector, unknown types). */
  isEditable: boolean
  /** How wide the input wants to stand in a two-column form. */
  width: 'half' | 'full'
  /** Which list filter control serves it. */
  filter: 'text' | 'number' | 'date' | 'datetime' | 'boolean' | 'choice' | 'reference' | 'array' | 'none'
}
