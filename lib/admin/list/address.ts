import { listHrefOf } from '../menu'
import type { FilterState } from './filters'
import type { SortState } from './order'
import { END, type ListState, type Position } from './state'

/** What an address changes of a list; the rest stays as it is. */
export type ListChange = Partial<Pick<ListState, 'search' | 'sort' | 'size' | 'position' | 'filters' | 'isExactCount'>>

const FIRST: Position = { kind: 'page', page: 1 }

/**
 * The address of the list with `change` made. Whatever changes which rows there are, or their order, begins at the
 * first page again; an exact count is asked for once per set of rows.
 */
export function listHref(state: ListState, change: ListChange = {}): string {
  const query = listQuery(state, change)
  return listHrefOf(state.resource) + (query && `?${query}`)
}

/** The same without the path: what a page sends along to come back to this list as it was. */
export function listQuery(state: ListState, change: ListChange = {}): string {
  const isSameSet = change.search === undefined && change.filters === undefined
  const isSamePage = isSameSet && change.sort === undefined && change.size === undefined
  return writeQuery({
    ...state,
    position: isSamePage ? state.position : FIRST,
    isExactCount: isSameSet && state.isExactCount,
    ...change,
  })
}

/** Only what decides which rows in which order: what an export takes along. */
export const rowsQuery = (state: ListState): string =>
  writeQuery({ ...state, position: FIRST, size: state.resource.list.size, isExactCount: false })

function writeQuery({ resource, search, sort, defaultSort, size, position, filters, isExactCount }: ListState): string {
  const parts: [string, string][] = resource.past ? [['at', resource.past.at]] : []
  if (search) parts.push(['q', search])
  for (const filter of filters) parts.push([`f.${filter.filter.field.name}`, writeFilter(filter)])
  if (writeSort(sort) !== writeSort(defaultSort)) parts.push(['sort', writeSort(sort)])
  if (size !== resource.list.size) parts.push(['size', String(size)])
  if (isExactCount) parts.push(['count', 'exact'])
  if (position.kind === 'end') parts.push(['before', END])
  else if (position.kind !== 'page') parts.push([position.kind, position.text])
  else if (position.page > 1) parts.push(['page', String(position.page)])
  return parts.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
}

const writeFilter = ({ operator, operand }: FilterState) => `${operator}:${operand}`

const writeSort = (sort: readonly SortState[]) =>
  sort.map(({ name, descending }) => `${descending ? '-' : ''}${name}`).join(',')

/** ':' and ',' may stand in a query; left alone they keep the address readable. */
const encode = (text: string) => encodeURIComponent(text).replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%20/g, '+')
