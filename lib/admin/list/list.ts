import type { RequestContext } from '../context'
import { END_FIELD, expiryCell } from '../lifetime'
import { listHrefOf, recordHref } from '../menu'
import { isAllowed } from '../policy'
import { titleOf, toRecord } from '../record'
import { viewResource } from '../resource-view'
import type { Field, ListColumn, RecordValues, Resource } from '../tree'
import type { CellView, ColumnView, ListView, RowView } from '../view'
import { listHref, listQuery, rowsQuery } from './address'
import { type ColumnScene, computedCell, computedValues, customCells, fieldCell } from './cells'
import { countRows } from './count'
import { viewChips, viewFilters } from './filter-view'
import { formatOf } from './filters'
import { recordsBy } from './labels'
import { type SortState, sortables, visibleColumns } from './order'
import { viewPager } from './pager'
import { readList } from './read'
import type { ListedRow } from './rows'
import { type ListState, parseListState, type SearchParams } from './state'

/**
 * The list page of a resource: what the address asks for, as far as this person may see it. What is wrong with the
 * address falls back to its default and is said in `notices`.
 * @throws AdminError `forbidden`; `timeout` naming the filter or order to change
 */
export async function loadList(ctx: RequestContext, resource: Resource, searchParams: SearchParams): Promise<ListView> {
  const parsed = await parseListState(resource, searchParams, ctx)
  const columns = visibleColumns(ctx, resource)
  const read = await readList(ctx, parsed.state, neededFields(resource, columns))
  const { state, page } = read
  const isWhole = state.position.kind === 'page' && state.position.page === 1 && !page.hasNext
  const [view, rows, count, filters, chips] = await Promise.all([
    viewResource(ctx, resource),
    viewRows(ctx, resource, columns, page.rows),
    isWhole
      ? { kind: 'exact' as const, count: page.rows.length }
      : countRows(ctx, resource, read, state.isExactCount, page.counted),
    viewFilters(ctx, resource),
    viewChips(ctx, state),
  ])
  const isUncounted = state.isExactCount && count.kind !== 'exact'
  const late = isUncounted ? ['Counting every row took too long and was stopped. Narrow the list to count it.'] : []
  const isNarrowed = state.search !== '' || state.filters.length > 0
  const exported = rowsQuery(state)
  return {
    resource: view,
    columns: viewColumns(ctx, state, columns),
    rows,
    search: {
      isOffered: resource.list.search.length > 0,
      value: state.search,
      placeholder: `Search ${resource.plural.toLowerCase()}`,
    },
    filters,
    chips,
    clearHref: isNarrowed ? listHref(state, { search: '', filters: [] }) : undefined,
    pager: viewPager(state, page, read.order, count, ctx.locale),
    count,
    exportHref: `${listHrefOf(resource)}/export${exported && `?${exported}`}`,
    newHref: view.can.create ? newHref(state) : undefined,
    notices: [...parsed.notices, ...read.notices, ...late],
    emptiness: rows.length > 0 ? undefined : isNarrowed ? 'no_match' : 'none_yet',
    query: listQuery(state),
  }
}

/** Callbacks see whole records; without any, only what is shown is read, and of long values their beginning. */
export function neededFields(resource: Resource, columns: readonly ListColumn[]): { fields: Field[]; isCut: boolean } {
  if (needsRecord(resource, columns)) return { fields: [...resource.fields.values()], isCut: false }
  return { fields: columns.flatMap(({ field }) => field ?? []), isCut: true }
}

const needsRecord = (resource: Resource, columns: readonly ListColumn[]) =>
  resource.title.field === undefined || columns.some(({ value, cell }) => value || cell)

async function viewRows(
  ctx: RequestContext,
  resource: Resource,
  columns: readonly ListColumn[],
  rows: readonly ListedRow[],
): Promise<RowView[]> {
  const isOpen = resource.keyFields.length > 0 && (await isAllowed(ctx, resource, 'read'))
  const records = needsRecord(resource, columns) ? rows.map(({ texts }) => toRecord(resource, texts)) : []
  const drawn = await Promise.all(columns.map((column) => viewCells(ctx, resource, column, rows, records)))
  return rows.map((row, at) => {
    const href = isOpen ? recordHref(resource, row.id) : undefined
    const cells = drawn.flatMap((cells) => cells[at] ?? [])
    const [first, ...others] = cells
    const title =
      resource.title.field?.read(ctx) === false ? { ...row.texts, [resource.title.field.name]: null } : row.texts
    return {
      id: row.id,
      href,
      title: titleOf(resource, title, row.id),
      cells: first && href ? [{ ...first, href }, ...others] : cells,
    }
  })
}

/** One column of the page: labels and computed values are asked for all rows together. */
async function viewCells(
  ctx: RequestContext,
  resource: Resource,
  column: ListColumn,
  rows: readonly ListedRow[],
  records: readonly RecordValues[],
): Promise<readonly CellView[]> {
  const format = formatOf(ctx)
  const { field } = column
  if (!field) {
    const values = await computedValues(ctx, resource, column, records)
    return customCells(
      column,
      values.map((value) => computedCell({ column }, value, format)),
      values,
      records,
    )
  }
  if (field.name === END_FIELD && resource.storage.expiry) return rows.map((row) => expiryCell(ctx, resource, row))
  const scene = await columnScene(ctx, column, rows)
  const cells = rows.map(({ texts }) => fieldCell(scene, texts[field.name] ?? null, format))
  return customCells(
    column,
    cells,
    records.map((record) => record[field.name]),
    records,
  )
}

/** What the cells of one field's column share: its choices, and the records its foreign keys name, in one query. */
export async function columnScene(
  ctx: RequestContext,
  column: ListColumn,
  rows: readonly ListedRow[],
): Promise<ColumnScene> {
  const { field } = column
  const reference = field?.reference
  const resource = reference && ctx.admin.resources.get(reference.resource)
  const choices = await field?.choices?.(ctx)
  if (!field || !resource) return { column, choices }
  const keys = [...new Set(rows.flatMap(({ texts }) => texts[field.name] ?? []))]
  const records = keys.length > 0 ? await recordsBy(ctx, resource, reference.targetFields, keys) : []
  return { column, choices, targets: { resource, records: new Map(records.map((record) => [record.id, record])) } }
}

function viewColumns(ctx: RequestContext, state: ListState, columns: readonly ListColumn[]): ColumnView[] {
  const offered = sortables(ctx, state.resource)
  return columns.map(({ name, label, align, sort }) => {
    const isSortable = sort !== undefined && offered.has(name)
    const by = (key: SortState) => offered.get(key.name)?.by
    const sorted = state.sort.find((key) => key.name === name || (isSortable && by(key) === sort))
    const next = { name, descending: sorted !== undefined && !sorted.descending }
    const added = sorted ? state.sort.map((key) => (key === sorted ? next : key)) : [...state.sort, next]
    return {
      name,
      label,
      align,
      isSortable,
      sorted: sorted && (sorted.descending ? 'desc' : 'asc'),
      sortHref: isSortable ? listHref(state, { sort: [next] }) : undefined,
      addSortHref: isSortable ? listHref(state, { sort: added }) : undefined,
    }
  })
}

/** A record added from a list of one target's records begins as one of them. */
function newHref({ resource, filters }: ListState): string {
  const given = filters.filter(({ filter, operator }) => operator === 'eq' && filter.field.reference)
  const query = given.map(({ filter, operand }) => `v.${filter.field.name}=${encodeURIComponent(operand)}`).join('&')
  return `${listHrefOf(resource)}/new${query && `?${query}`}`
}
