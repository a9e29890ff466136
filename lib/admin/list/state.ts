import { type Cursor, decodeCursor } from '@/lib/db/keyset'
import type { RequestContext } from '../context'
import type { Resource } from '../tree'
import { type FilterState, parseFilters } from './filters'
import { defaultSort, orderOf, type SortState, sortables } from './order'
import { clip, wellFormed } from './wording'

/** Next's `searchParams`, or a request's own. */
export type SearchParams = URLSearchParams | Record<string, string | string[] | undefined>

/** Which page of the list: by number near its beginning, by a row it follows or precedes at any depth. */
export type Position =
  | { kind: 'page'; page: number }
  | { kind: 'after' | 'before'; text: string; cursor: Cursor }
  | { kind: 'end' }

/** What the address asks of a list, checked: everything in it exists and may be read by the person who asks. */
export interface ListState {
  resource: Resource
  search: string
  sort: readonly SortState[]
  /** What `sort` is where the address says nothing. */
  defaultSort: readonly SortState[]
  size: number
  position: Position
  filters: readonly FilterState[]
  /** The person asked for an exact count, whatever it costs. */
  isExactCount: boolean
}

export const SIZES = [25, 50, 100] as const

/** Rows that OFFSET may skip; past it lists are paged by cursors. */
export const MOST_OFFSET = 10_000

const MOST_SORT_KEYS = 4
const MOST_SEARCH_CHARACTERS = 200
const FIRST: Position = { kind: 'page', page: 1 }

/**
 * Reads the address of a list. Nothing in it is an error: a bad value falls back to its default, and `notices` says so
 * in words the page shows. A field the person may not read is refused like one that does not exist.
 */
export async function parseListState(
  resource: Resource,
  searchParams: SearchParams,
  ctx: RequestContext,
): Promise<{ state: ListState; notices: string[] }> {
  const given = entriesOf(searchParams)
  const notices: string[] = []
  const say = (notice: string) => notices.push(notice)
  const only = (name: string): string | undefined => {
    const values = given.filter(([key, value]) => key === name && value !== '')
    if (values.length > 1) say(`The address gives “${name}” more than once; the first one counts.`)
    return values[0]?.[1]
  }
  const sort = parseSort(ctx, resource, only('sort'), say)
  const size = parseSize(resource, only('size'), say)
  const state: ListState = {
    resource,
    search: parseSearch(resource, only('q'), say),
    sort,
    defaultSort: defaultSort(ctx, resource),
    size,
    position: parsePosition(
      ctx,
      resource,
      sort,
      size,
      { page: only('page'), after: only('after'), before: only('before') },
      say,
    ),
    filters: await parseFilters(ctx, resource, given, say),
    isExactCount: parseCount(only('count'), say),
  }
  return { state, notices }
}

type Say = (notice: string) => void

function entriesOf(params: SearchParams): [string, string][] {
  if (params instanceof URLSearchParams) return [...params]
  return Object.entries(params).flatMap(([key, value]) =>
    [value ?? []].flat().map((one): [string, string] => [key, one]),
  )
}

function parseSearch(resource: Resource, text: string | undefined, say: Say): string {
  if (text === undefined) return ''
  if (resource.list.search.length === 0) {
    say(`${resource.plural} have no search; everything is shown.`)
    return ''
  }
  let search = wellFormed(text).trim()
  if (wellFormed(text) !== text) say('The search holds characters that no text can have; they were left out.')
  if (search.length > MOST_SEARCH_CHARACTERS) {
    search = wellFormed(search.slice(0, MOST_SEARCH_CHARACTERS)).trim()
    say(`A search takes ${MOST_SEARCH_CHARACTERS} characters at most; the rest was left out.`)
  }
  return search
}

function parseSort(ctx: RequestContext, resource: Resource, text: string | undefined, say: Say): readonly SortState[] {
  if (text === undefined) return defaultSort(ctx, resource)
  const names = sortables(ctx, resource)
  const sort: SortState[] = []
  for (const key of text.split(',').slice(0, MOST_SORT_KEYS)) {
    const name = key.replace(/^-/, '')
    if (!names.has(name)) say(`This list does not sort by “${clip(name)}”; that was left out.`)
    else if (!sort.some((other) => other.name === name)) sort.push({ name, descending: key.startsWith('-') })
  }
  if (text.split(',').length > MOST_SORT_KEYS)
    say(`A list sorts by ${MOST_SORT_KEYS} columns at most; the others were left out.`)
  return sort.length > 0 ? sort : defaultSort(ctx, resource)
}

function parseSize(resource: Resource, text: string | undefined, say: Say): number {
  if (text === undefined) return resource.list.size
  const size = SIZES.find((offered) => String(offered) === text)
  if (!size) say(`A page has 25, 50 or 100 rows, not “${clip(text)}”; it has ${resource.list.size} here.`)
  return size ?? resource.list.size
}

function parsePosition(
  ctx: RequestContext,
  resource: Resource,
  sort: readonly SortState[],
  size: number,
  given: { page?: string; after?: string; before?: string },
  say: Say,
): Position {
  if ([given.page, given.after, given.before].filter((text) => text !== undefined).length > 1) {
    say('The address names several pages at once; one of them is shown.')
  }
  const cursor = given.after ?? given.before
  if (cursor === undefined) return parsePage(given.page, size, say)
  const { keys, signature, isTotal } = orderOf(ctx, resource, sort, 't')
  if (isTotal && given.after === undefined && cursor === END) return { kind: 'end' }
  const decoded = isTotal ? decodeCursor(cursor, signature, keys.length) : undefined
  if (decoded) return { kind: given.after !== undefined ? 'after' : 'before', text: cursor, cursor: decoded }
  say('The page in the address belongs to another order, or to none; this is the first page.')
  return FIRST
}

/** What `before=` says for the last page. */
export const END = 'end'

function parsePage(text: string | undefined, size: number, say: Say): Position {
  if (text === undefined) return FIRST
  const page = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (page < 1) {
    say(`“${clip(text)}” is no page number; this is the first page.`)
    return FIRST
  }
  if ((page - 1) * size <= MOST_OFFSET) return { kind: 'page', page }
  const last = Math.floor(MOST_OFFSET / size) + 1
  say(`Pages have numbers up to ${last}; go on from there with Next, or narrow the list. This is the first page.`)
  return FIRST
}

function parseCount(text: string | undefined, say: Say): boolean {
  if (text === undefined || text === 'exact') return text === 'exact'
  say(`“count=${clip(text)}” means nothing here; the usual count is shown.`)
  return false
}
