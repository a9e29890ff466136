import { type SQL, sql } from 'drizzle-orm'
import { column } from '@/lib/db/rebase'
import { formatArray } from '../../fields/array/literal'
import type { FormatContext } from '../../fields/field'
import type { Field } from '../../tree'
import { containing, isTextual, literally } from '../pattern'
import type { TableFacts } from '../table-facts'

/** Beyond this many rows a search does without what no index serves, where it can. */
export const LARGE_ROWS = 100_000

/**
 * How a term is looked for in a field of `alias`: within texts, and as the value itself where the field holds numbers,
 * ids, days or one of a few choices. Undefined where the term cannot be such a value.
 */
export function matching(
  field: Field,
  alias: string,
  term: string,
  facts: TableFacts,
  format: FormatContext,
): SQL | undefined {
  const value = column(alias, field.column.name)
  if (isTextual(field) && field.kind.name !== 'reference') return containingText(field, alias, term, facts)
  if (field.column.enumValues?.length && !field.kind.name.startsWith('array'))
    return oneOfEnum(field, value, term, format)
  if (field.kind.filter === 'boolean') return undefined
  if (!field.kind.operators.includes('eq')) return containing(field, value, term)
  const parsed = field.kind.parseOperand?.(term, { ...field, choices: undefined }, format, 'eq')
  return parsed?.ok && parsed.text !== null ? sql`${value} = ${parsed.text}` : undefined
}

/** Whether accents are told apart when the column is searched although `unaccent` is there: see `containingText`. */
export const isAccentBlind = (field: Field, facts: TableFacts): boolean =>
  facts.unaccentSchema !== undefined && !isPlain(field, facts)

/**
 * Case is ignored, and accents too where the `unaccent` extension is present. `unaccent()` itself can be in no index,
 * so a large table that has an index on the bare column alone is searched by that index, accents and all.
 */
function containingText(field: Field, alias: string, term: string, facts: TableFacts): SQL {
  const { name } = field.column
  const value = column(alias, name)
  if (facts.unaccentSchema === undefined || isPlain(field, facts)) return containing(field, value, term)
  const pattern = sql`${`%${literally(term)}%`}`
  const indexed = facts.unaccented.get(name)
  if (indexed) return sql`${indexed(value)} ilike ${indexed(pattern)}`
  const unaccent = sql`${sql.identifier(facts.unaccentSchema)}.unaccent`
  return sql`${unaccent}(${value}::text) ilike ${unaccent}(${pattern}::text)`
}

function isPlain({ column: { name } }: Field, { rows, trigrams, unaccented }: TableFacts): boolean {
  return !unaccented.has(name) && trigrams.has(name) && (rows ?? 0) > LARGE_ROWS
}

/** Enum values are searched by the words a list shows for them. */
function oneOfEnum(field: Field, value: SQL, term: string, format: FormatContext): SQL | undefined {
  const wanted = term.toLowerCase()
  const values = (field.column.enumValues ?? []).filter((text) => {
    const shown = field.kind.format(text, { ...field, choices: undefined }, format)
    return shown.toLowerCase().includes(wanted) || text.toLowerCase().includes(wanted)
  })
  return values.length > 0 ? sql`${value} = any(${formatArray(values)})` : undefined
}
