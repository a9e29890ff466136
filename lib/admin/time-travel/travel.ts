import { AdminError } from '@/lib/errors'
import { type HistoryBounds, historyBounds, type Moment, resolveMoment, sortable } from '@/lib/history'
import type { RequestContext } from '../context'
import { formatDateTime } from '../fields/format'
import { parseTimestamptz } from '../fields/timestamp/server'
import { formatOf } from '../list/filters'
import type { Resource } from '../tree'
import type { AsOfView } from '../view'
import { hasOwnKey, pastTree } from './past-tree'

/** Where a page stands: now, or at the moment its address names. */
export interface Journey {
  ctx: RequestContext
  resource: Resource
  /** Absent: now. */
  asOf?: AsOfView
  /** Why it is now although the address names a moment. */
  notice?: string
}

/**
 * Reads `at` of an address. What cannot be shown falls back to now and says why; a moment before the history is kept,
 * and `asOf.begins` says what there is instead of rows.
 * @param page of the resource that is drawn: others show more of associated records
 */
export async function travel(
  ctx: RequestContext,
  resource: Resource,
  given: string | readonly string[] | undefined | null,
  page: 'list' | 'record' = 'list',
): Promise<Journey> {
  const [text = ''] = [given ?? []].flat()
  if (text === '') return { ctx, resource }
  try {
    return await travelTo(ctx, resource, text, page)
  } catch (error) {
    if (!(error instanceof AdminError) || error.code !== 'invalid') throw error
    return { ctx, resource, notice: `${error.message} You see ${resource.plural} as of now.` }
  }
}

/**
 * The same for what cannot say that it shows another moment than it was asked for: files, exports, pickers.
 * @throws AdminError `invalid` for a moment that cannot be shown
 */
export async function travelExactly(ctx: RequestContext, resource: Resource, given: string | null): Promise<Journey> {
  if (!given) return { ctx, resource }
  const journey = await travelTo(ctx, resource, given, 'record')
  if (!journey.asOf?.begins) return journey
  throw new AdminError(
    'invalid',
    `The history of ${resource.plural.toLowerCase()} begins on ${journey.asOf.begins.words}.`,
  )
}

/** Whether the resource can be shown at an earlier moment at all, once its changes are recorded. */
export const canTravel = (resource: Resource): boolean =>
  hasOwnKey(resource) &&
  (resource.storage.versions !== undefined || (resource.history && resource.shape.kind === 'table'))

async function travelTo(
  ctx: RequestContext,
  resource: Resource,
  text: string,
  page: 'list' | 'record',
): Promise<Journey> {
  if (!canTravel(resource)) throw new AdminError('invalid', `${resource.plural} have no history to look back on.`)
  const moment = await resolveMoment(ctx.db, readAt(ctx, text))
  const bounds = resource.storage.versions ? undefined : await historyBounds(ctx.db, resource.shape.relation)
  if (bounds?.visibleFrom === null) {
    throw new AdminError('invalid', `Changes of ${resource.plural.toLowerCase()} are not recorded yet.`)
  }
  const at = addressOf(moment.at)
  const then = await pastTree(ctx, resource, moment, at)
  if (!then.resource.past)
    throw new AdminError('invalid', `The table of ${resource.plural.toLowerCase()} has no primary key.`)
  const asOf: AsOfView = {
    at,
    words: formatDateTime(moment.at, formatOf(ctx), 'ifAny'),
    isProvisional: moment.isProvisional,
    asToday: notRecorded(ctx, resource, then.asToday, page),
    begins: bounds && beginning(ctx, bounds, moment),
  }
  return { ctx: then.ctx, resource: then.resource, asOf }
}

/** What the page shows of today, in words: records of others that are not recorded, and fields kept out of the log. */
function notRecorded(
  ctx: RequestContext,
  { list, fields }: Resource,
  others: readonly Resource[],
  page: 'list' | 'record',
) {
  const shown = [
    ...list.columns.flatMap(({ field }) => field?.reference ?? []),
    ...list.search.flatMap(({ path }) => path),
  ]
  const reached = new Set(shown.map(({ resource }) => resource))
  const listed = new Set(list.columns.map(({ field }) => field))
  const secrets = [...fields.values()].filter((field) => field.isSecret && field.read(ctx))
  return [
    ...others.filter(({ key }) => page === 'record' || reached.has(key)).map(({ plural }) => plural),
    ...secrets.filter((field) => page === 'record' || listed.has(field)).map(({ label }) => label),
  ]
}

/** The moment as Postgres reads it. Without an offset it is what clocks in the person's zone show. */
function readAt(ctx: RequestContext, text: string): string {
  // A plus sign that nobody encoded arrives as a space.
  const mended = text.trim().replace(/(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}(?::?\d{2})?)$/, '$1+$2')
  const parsed = parseTimestamptz(mended, '', formatOf(ctx))
  if (parsed.ok && parsed.text !== null) return parsed.text
  const why = parsed.ok ? '' : ` ${parsed.message}`
  throw new AdminError('invalid', `“${text.slice(0, 60)}” is not a date and time.${why}`)
}

/** '2026-11-14 08:00:00+00' → '2026-11-14T08:00:00Z': nothing in it needs encoding. */
export const addressOf = (at: string): string => at.replace(' ', 'T').replace(/\+00$/, 'Z')

function beginning(ctx: RequestContext, { visibleFrom, because }: HistoryBounds, moment: Moment): AsOfView['begins'] {
  if (visibleFrom === null || because === null || sortable(moment.at) >= sortable(visibleFrom)) return undefined
  // What is written to the second must not lie before it.
  const words = formatDateTime(visibleFrom, formatOf(ctx), 'ifAny')
  return { at: addressOf(visibleFrom), words, because }
}
