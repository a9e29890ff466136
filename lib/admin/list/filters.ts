import { type SQL, sql } from 'drizzle-orm'
import { column } from '@/lib/db/rebase'
import type { RequestContext } from '../context'
import { formatArray } from '../fields/array/literal'
import { columnType, elementColumn } from '../fields/column-type'
import { type FormatContext, OPERATORS, type Operator } from '../fields/field'
import { delimiterOf } from '../fields/values'
import type { ListFilter, Resource } from '../tree'
import { containing, isTextual, startingWith } from './pattern'
import { clip } from './wording'

/** One condition of the address, checked. */
export interface FilterState {
  filter: ListFilter
  operator: Operator
  /** As the address says it. */
  operand: string
  /** The parameters' Postgres texts: one, or for `in` as many as it names; for `empty` 'true' or 'false'. */
  texts: readonly string[]
}

const MOST_FILTERS = 30
const MOST_VALUES = 200

/**
 * What this person may filter by, by field name: the filters of the list, and every foreign key, since related lists
 * lead here by theirs.
 */
export function filterables(ctx: RequestContext, resource: Resource): Map<string, ListFilter> {
  const found = new Map<string, ListFilter>()
  const linking = resource.references.flatMap(({ fields }) => fields)
  for (const name of linking) {
    const field = resource.fields.get(name)
    if (field?.read(ctx)) found.set(name, { field, label: field.label })
  }
  for (const filter of resource.list.filters) if (filter.field.read(ctx)) found.set(filter.field.name, filter)
  return found
}

/** Reads `f.<field>=<operator>:<value>`; what cannot be is left out, and `say` is told why. */
export async function parseFilters(
  ctx: RequestContext,
  resource: Resource,
  entries: readonly [string, string][],
  say: (notice: string) => void,
): Promise<FilterState[]> {
  const offered = filterables(ctx, resource)
  const given = entries.filter(([key]) => key.startsWith('f.'))
  if (given.length > MOST_FILTERS) say(`A list takes ${MOST_FILTERS} filters at most; the others were left out.`)
  const format = formatOf(ctx)
  return given.slice(0, MOST_FILTERS).flatMap(([key, value]) => {
    const filter = offered.get(key.slice(2))
    if (!filter) {
      say(`This list does not filter by “${clip(key.slice(2))}”; that was left out.`)
      return []
    }
    const read = parseFilter(filter, value, format)
    if (typeof read !== 'string') return [read]
    say(`The filter on ${filter.label} was left out: ${read}`)
    return []
  })
}

/** The language and zone in which a request's operands are read and its values shown. */
export const formatOf = (ctx: RequestContext): FormatContext => ({
  locale: ctx.locale,
  timeZone: ctx.timeZone,
  now: ctx.clock.now(),
})

function parseFilter(filter: ListFilter, value: string, format: FormatContext): FilterState | string {
  const at = value.indexOf(':')
  const operator = OPERATORS.find((known) => known === value.slice(0, Math.max(at, 0)))
  if (!operator) return `“${clip(value)}” has no operator that is known here, such as “eq:”.`
  const { field } = filter
  if (!field.kind.operators.includes(operator)) return `“${operator}” does not go with it.`
  const operand = value.slice(at + 1)
  if (operator === 'empty') {
    const isEmpty = readYesNo(operand)
    if (isEmpty === undefined) return `“empty” is yes or no, not “${clip(operand)}”.`
    return { filter, operator, operand, texts: [String(isEmpty)] }
  }
  const operands = operator === 'in' ? splitList(operand) : [operand]
  if (operands.length === 0) return 'no value is given.'
  if (operands.length > MOST_VALUES) return `at most ${MOST_VALUES} values go into one filter.`
  const texts: string[] = []
  for (const one of operands) {
    const parsed = field.kind.parseOperand?.(one, { ...field, choices: undefined }, format, operator) ?? {
      ok: true,
      text: one,
    }
    if (!parsed.ok) return parsed.message
    texts.push(parsed.text ?? '')
  }
  return { filter, operator, operand, texts }
}

function readYesNo(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  if (['', 'true', 'yes', '1'].includes(word)) return true
  return ['false', 'no', '0'].includes(word) ? false : undefined
}

/** `in:a,b\,c`: ',' separates, '\' takes the next character as it is. */
function splitList(operand: string): string[] {
  const parts = operand.match(/(?:\\[\s\S]|[^\\,])+|\\$/g) ?? []
  return parts.map((part) => part.replace(/\\([\s\S])/g, '$1'))
}

/** The condition of one filter over `alias`. Nulls are unequal to every value: "is not Draft" shows them. */
export function filterCondition({ filter, operator, texts }: FilterState, alias: string): SQL {
  const { field } = filter
  const value = column(alias, field.column.name)
  const first = texts[0] ?? ''
  switch (operator) {
    case 'eq':
      return sql`${value} = ${first}`
    case 'not':
      return sql`${value} is distinct from ${first}`
    case 'gte':
      return sql`${value} >= ${first}`
    case 'lte':
      return sql`${value} <= ${first}`
    case 'in':
      return sql`${value} in (${sql.join(
        texts.map((text) => sql`${text}`),
        sql`, `,
      )})`
    case 'contains':
      return field.kind.filter === 'array' ? hasElement(filter, value, first) : containing(field, value, first)
    case 'starts':
      return startingWith(field, value, first)
    case 'empty':
      return first === 'true' ? isEmpty(filter, value) : sql`not ${isEmpty(filter, value)}`
  }
}

/** `@>` with an array literal, which a GIN index answers. */
function hasElement({ field }: ListFilter, value: SQL, text: string): SQL {
  const element = elementColumn(field.column)
  return sql`${value} @> ${formatArray([text], element ? delimiterOf(element) : ',')}`
}

/** An empty text says no more than none, and an array without elements neither. */
function isEmpty({ field }: ListFilter, value: SQL): SQL {
  if (columnType(field.column.sqlType).dimensions > 0) return sql`(${value} is null or cardinality(${value}) = 0)`
  return isTextual(field) ? sql`(${value} is null or ${value} = '')` : sql`(${value} is null)`
}
