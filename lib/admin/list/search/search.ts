import { and, or, type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../../context'
import type { Field, Resource } from '../../tree'
import { formatOf } from '../filters'
import { isTextual } from '../pattern'
import { type TableFacts, tableFacts } from '../table-facts'
import { associatedWith, associationsOf } from './associations'
import { isAccentBlind, LARGE_ROWS, matching } from './match'
import { parseTerms } from './terms'

export interface SearchResult {
  /** Undefined where the search is empty: no search. */
  where?: SQL
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
  if (terms.length === 0) return { notices: [] }
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
      const across = await Promise.all(associations.map((each) => associatedWith(ctx, each, term, alias, format)))
      const here = own.map((field) => matching(field, alias, term, facts, format))
      return or(...here, ...across) ?? sql`false`
    }),
  )
  return { where: and(...words), notices: accentNotices(own, facts) }
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
