import { and, or, type SQL, sql } from 'drizzle-orm'
import type { Requirement } from '@/lib/history'
import type { RequestContext } from '../../context'
import type { FormatContext } from '../../fields/field'
import type { Field, Resource } from '../../tree'
import { formatOf } from '../filters'
import { isTextual } from '../pattern'
import { type TableFacts, tableFacts } from '../table-facts'
import { type Alternative, associatedWith, associationsOf } from './associations'
import { isAccentBlind, LARGE_ROWS, matching } from './match'
import { parseTerms } from './terms'

export interface SearchResult {
  /** Undefined where the search is empty: no search. */
  where?: SQL
  /** The same word by word, as far as it can be told by a row's own values. */
  required: Requirement[]
  notices: string[]
}

/**
 * What a search means: every word is found in one of the fields the resource is searched in, its own or across
 * associations, or is the record's key. Fields and rows the person may not see are not searched.
 */
export async function searchCondition(
  ctx: RequestContext,
  resource: Resource,
  search: string,
  alias: string,
): Promise<SearchResult> {
  const terms = parseTerms(search)
  if (terms.length === 0) return { required: [], notices: [] }
  const facts = await tableFacts(ctx.db, resource.shape)
  const format = formatOf(ctx)
  const own = ownFields(ctx, resource, facts)
  const associations = await associationsOf(
    ctx,
    resource,
    resource.list.search.filter(({ path }) => path.length > 0),
  )
  const words = await Promise.all(
    terms.map(async (term) => {
      const across = await Promise.all(associations.map((each) => associatedWith(ctx, each, term, format)))
      const found: (Alternative | undefined)[] = [...own.map((field) => within(field, term, facts, format)), ...across]
      return found.filter((alternative) => alternative !== undefined)
    }),
  )
  return {
    where: and(...words.map((word) => or(...word.map(({ over }) => over(alias))) ?? sql`false`)),
    required: words
      .filter((word) => word.length > 0 && word.every(({ isPlain }) => isPlain))
      .map((word) => ({ anyOf: word.map(({ over }) => over) })),
    notices: accentNotices(own, facts),
  }
}

function within(field: Field, term: string, facts: TableFacts, format: FormatContext): Alternative | undefined {
  const over = (alias: string) => matching(field, alias, term, facts, format)
  return over('t') && { over: (alias) => over(alias) ?? sql`false`, isPlain: true }
}

/** The declared fields, the key, and by default every number: of a large table only numbers an index finds. */
function ownFields(ctx: RequestContext, resource: Resource, facts: TableFacts): Field[] {
  const declared = resource.list.search.filter(({ path }) => path.length === 0).map(({ field }) => field)
  const fields = new Set([...declared, ...resource.keyFields])
  if (isDefault(resource)) {
    const isLarge = (facts.rows ?? 0) > LARGE_ROWS
    for (const field of resource.fields.values()) {
      const isNumber = field.kind.filter === 'number'
      if (isNumber && (!isLarge || facts.leading.has(field.column.name))) fields.add(field)
    }
  }
  return [...fields].filter((field) => field.read(ctx))
}

/** Whether nobody declared what to search in: then it is all texts of the table itself. */
function isDefault({ list, fields }: Resource): boolean {
  const texts = [...fields.values()].filter(({ kind }) => kind.isSearchable)
  return (
    list.search.length === texts.length &&
    list.search.every(({ path, field }) => path.length === 0 && texts.includes(field))
  )
}

function accentNotices(fields: readonly Field[], facts: TableFacts): string[] {
  if (facts.unaccentSchema === undefined) return []
  const strict = fields.filter((field) => isTextual(field) && !isAccentBlind(field, facts)).map(({ label }) => label)
  return strict.length === 0
    ? []
    : [
        `This table is large, so accents count when ${strict.join(', ')} is searched: an index on an unaccented form of it would change that.`,
      ]
}
