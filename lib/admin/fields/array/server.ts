import { sql } from 'drizzle-orm'
import { elementColumn } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'
import type { FieldKind, FormatContext, KindField, Parsed } from '../field'
import { formatList, numberFormat } from '../format'
import { delimiterOf } from '../values'
import { type ArrayItem, boundsFit, flatten, formatArray, isRectangular, readArray } from './literal'

/** Lists select this many characters of an array; a literal that long was cut. */
const SELECTED = 500

/** The element as a field of its own: what its kind's parser and formatter are asked about. */
export function elementField(field: KindField): KindField | undefined {
  const column = elementColumn(field.column)
  return column && { name: field.name, label: field.label, column, choices: field.choices }
}

/**
 * Arrays of any kind. `elementKind` says which kind an element is where the field does not: the registry gives it, so
 * that this file need not know the other kinds.
 */
export function arrayKind(elementKind: (field: KindField) => FieldKind, isEditable = true): FieldKind {
  const kindOf = (field: KindField) => field.element ?? elementKind(field)
  return defineKind({
    name: 'array',
    isEditable,
    longest: 10_000_000,
    operators: ['contains', 'empty'],
    isSortable: false,
    width: 'full',
    filter: 'array',
    parse: (input, field, context) => parseArray(input, field, kindOf(field), context),
    parseOperand(operand, field, context) {
      const element = elementField(field)
      return element
        ? kindOf(field).parse(operand, { ...element, choices: undefined }, context)
        : refuse('This field is no list.')
    },
    format: (text, field, context) => formatItems(text, field, kindOf(field), context),
    select: (column) => sql`left(${column}::text, ${sql.raw(String(SELECTED))})`,
  })
}

function parseArray(input: string, field: KindField, kind: FieldKind, context: FormatContext): Parsed {
  const element = elementField(field)
  if (!element) return refuse('This field is no list.')
  const delimiter = delimiterOf(element.column)
  const array = readArray(input, delimiter)
  if (!array) return refuse(`Write a list like {one${delimiter}two}: values with spaces or commas in double quotes.`)
  if (!isRectangular(array.items)) return refuse('Lists inside the list must all have the same length.')
  if (!boundsFit(array)) return refuse(`The bounds ${array.bounds} do not count the values behind them.`)
  let position = 0
  let problem: string | undefined
  const check = (items: readonly ArrayItem[]): ArrayItem[] =>
    items.map((item) => {
      if (Array.isArray(item)) return check(item)
      position++
      if (item === null || problem) return item
      const parsed = kind.parse(item, element, context)
      if (!parsed.ok) problem = `Value ${position} (“${item.slice(0, 40)}”): ${parsed.message}`
      return parsed.ok ? parsed.text : item
    })
  const items = check(array.items)
  return problem ? refuse(problem) : ok(formatArray(items, delimiter, array.bounds))
}

/** Values in words; above four, three and "n more". A literal that a list cut short ends with an ellipsis. */
function formatItems(text: string, field: KindField, kind: FieldKind, context: FormatContext): string {
  const element = elementField(field)
  if (!element) return text
  const delimiter = delimiterOf(element.column)
  const show = (item: string | null) =>
    item === null ? 'none' : item === '' ? '“”' : kind.format(item, element, context)
  const array = readArray(text, delimiter)
  if (!array) return text.length >= SELECTED ? formatCut(text, delimiter, show) : text
  const isNested = array.items.some((item) => Array.isArray(item))
  if (array.items.length === 0) return 'empty'
  if (!isNested) return formatList(flatten(array.items).map(show), context.locale)
  const rows = array.items.map((item) => (Array.isArray(item) ? `[${flatten(item).map(show).join(', ')}]` : show(item)))
  return rows.length > 4
    ? `${rows.slice(0, 3).join(', ')} and ${numberFormat(context.locale).format(rows.length - 3)} more`
    : rows.join(', ')
}

function formatCut(text: string, delimiter: ',' | ';', show: (item: string | null) => string): string {
  for (let end = text.lastIndexOf(delimiter); end > 0; end = text.lastIndexOf(delimiter, end - 1)) {
    const array = readArray(`${text.slice(0, end)}}`, delimiter)
    if (array) return `${flatten(array.items).slice(0, 3).map(show).join(', ')} and more`
  }
  return text
}
