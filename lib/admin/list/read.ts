import { and, or, type SQL, sql } from 'drizzle-orm'
import { isMalformedValue } from '@/lib/db/postgres-errors'
import { AdminError } from '@/lib/errors'
import type { Requirement } from '@/lib/history'
import type { RequestContext } from '../context'
import { rowCondition } from '../policy'
import type { Resource } from '../tree'
import { filterCondition } from './filters'
import { type Order, orderOf } from './order'
import { ALIAS, type Page, type PageQuery, readPage } from './rows'
import { searchCondition } from './search/search'
import { explainTimeout, isTimeout } from './slow'
import type { ListState, Position } from './state'

/** A page of the list as the database gave it, and the state that really stands behind it. */
export interface ReadList {
  state: ListState
  page: Page
  order: Order
  where: SQL | undefined
  required: readonly Requirement[]
  notices: string[]
}

/** What is read of each row. */
type Needed = Pick<PageQuery, 'fields' | 'isCut'>

const FIRST: Position = { kind: 'page', page: 1 }

/**
 * What every query of a list is bounded by: the rows the person may see, then what the address asks for.
 * @returns `required`: the address' part of it, one by one, for rows that have to be put together
 * @throws AdminError `forbidden`
 */
export async function listCondition(
  ctx: RequestContext,
  { resource, filters, search }: Pick<ListState, 'resource' | 'filters' | 'search'>,
): Promise<Pick<ReadList, 'where' | 'required' | 'notices'>> {
  const visible = await rowCondition(ctx, resource, 'list', ALIAS)
  const found = await searchCondition(ctx, resource, search, ALIAS)
  const conditions = filters.map((filter) => filterCondition(filter, ALIAS))
  return {
    where: and(visible, ...conditions, found.where),
    required: await requirementsOf(ctx, resource, filters, found.required),
    notices: found.notices,
  }
}

/**
 * A filter tells what it passes over by its own column; a word is looked for in several, of which most never change, so
 * that only the records that have it today tell which were without it.
 */
async function requirementsOf(
  ctx: RequestContext,
  { past }: Resource,
  filters: ListState['filters'],
  words: readonly Requirement[],
): Promise<Requirement[]> {
  if (!past) return []
  const searched = words.map(async ({ anyOf }) => {
    const today = await past.idsToday?.(ctx.db, (alias) => or(...anyOf.map((over) => over(alias))) ?? sql`false`)
    return today ? [{ anyOf, today }] : []
  })
  const filtered = filters.map((filter) => ({ anyOf: [(alias: string) => filterCondition(filter, alias)] }))
  return [...filtered, ...(await Promise.all(searched)).flat()]
}

/**
 * Reads the page a state asks for. A value that only Postgres could find wrong is left out with a notice; a page that
 * is not there any more gives way to the nearest one that is.
 * @throws AdminError `forbidden`; `timeout` naming what to change
 */
export async function readList(ctx: RequestContext, state: ListState, needed: Needed): Promise<ReadList> {
  try {
    const [read, unfit] = await Promise.all([readNearest(ctx, state, needed), state.resource.past?.countUnfit(ctx.db)])
    return unfit ? { ...read, notices: [...read.notices, leftOut(state.resource, unfit)] } : read
  } catch (error) {
    if (isTimeout(error)) throw await explainTimeout(ctx, state, error)
    if (!isMalformedValue(error)) throw error
    const mended = await leaveOutMalformed(ctx, state)
    if (!mended) throw state.resource.past ? unreadable(state.resource, error) : error
    const read = await readNearest(ctx, mended.state, needed)
    return { ...read, notices: [...mended.notices, ...read.notices] }
  }
}

const leftOut = ({ singular, plural }: Resource, count: number): string =>
  `${count.toLocaleString('en')} ${(count === 1 ? singular : plural).toLowerCase()} of then cannot be shown: the key has another type since, which cannot hold theirs.`

/** No part of the address is to blame: it is what the log holds. */
const unreadable = ({ plural }: Resource, cause: unknown): AdminError =>
  new AdminError(
    'invalid',
    `${plural} cannot be listed as of this moment: a column has another type since, which cannot hold what was in it then.`,
    {},
    { cause },
  )

async function readNearest(ctx: RequestContext, state: ListState, needed: Needed): Promise<ReadList> {
  const { resource, size } = state
  const { where, required, notices } = await listCondition(ctx, state)
  const order = orderOf(ctx, resource, state.sort, ALIAS)
  const read = async (position: Position, notice?: string): Promise<ReadList> => ({
    state: { ...state, position },
    page: await readPage(ctx.db, { resource, ...needed, where, required, order, size, position }),
    order,
    where,
    required,
    notices: notice ? [...notices, notice] : notices,
  })
  const { position } = state
  const asked = await read(position)
  const count = asked.page.rows.length
  if (position.kind === 'page' && position.page > 1 && count === 0) {
    return read(FIRST, `There is no page ${position.page}; this is the first page.`)
  }
  if (position.kind === 'after' && count === 0 && order.isTotal) {
    return read({ kind: 'end' }, 'Nothing follows the page you came from; this is the last page.')
  }
  // Stepping back near the beginning: a full first page reads better than the few rows before.
  return position.kind === 'before' && !asked.page.hasPrevious ? read(FIRST) : asked
}

/** Asks Postgres about each value alone; undefined where none is to blame. */
async function leaveOutMalformed(
  ctx: RequestContext,
  state: ListState,
): Promise<{ state: ListState; notices: string[] } | undefined> {
  const notices: string[] = []
  const isRead = async (condition: SQL) => {
    const from = sql`${state.resource.storage.source()} as ${sql.identifier(ALIAS)}`
    try {
      await ctx.db.execute(sql`select 1 from ${from} where ${condition} limit 0`)
      return true
    } catch (error) {
      if (isMalformedValue(error)) return false
      throw error
    }
  }
  const filters = []
  for (const filter of state.filters) {
    if (await isRead(filterCondition(filter, ALIAS))) filters.push(filter)
    else
      notices.push(
        `The filter on ${filter.filter.label} was left out: the database cannot compare it with “${filter.operand}”.`,
      )
  }
  if (notices.length > 0) return { state: { ...state, filters, position: FIRST }, notices }
  if (state.position.kind === 'page') return undefined
  return {
    state: { ...state, position: FIRST },
    notices: ['The page in the address cannot be read; this is the first page.'],
  }
}
