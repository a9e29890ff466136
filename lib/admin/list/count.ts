import { type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../context'
import { rowEstimates } from '../row-estimates'
import type { Resource } from '../tree'
import type { CountView } from '../view'
import { plannedRows } from './planned'
import { ALIAS, MOST_COUNTED, type PageQuery } from './rows'
import { isTimeout } from './slow'
import { readWithin } from './within'

const PATIENCE_MS = 1500

type Asked = Pick<PageQuery, 'where' | 'required'>

/**
 * How many rows there are, for what the page needs to know: exact while that is cheap, else an honest "about" from the
 * planner. `isExact` counts to the end, unless that takes longer than a statement may.
 * @param counted what reading the page has counted already
 */
export async function countRows(
  ctx: RequestContext,
  resource: Resource,
  asked: Asked,
  isExact: boolean,
  counted?: number,
): Promise<CountView> {
  if (counted !== undefined && counted <= MOST_COUNTED) return { kind: 'exact', count: counted }
  if (isExact) {
    const count = await countToTheEnd(ctx, resource, asked)
    if (count !== undefined) return { kind: 'exact', count }
  }
  // Only of a table does the catalogue know how many rows it shows, unless some of them have expired; a view may have to
  // compute every one of them.
  const isPlain = resource.storage.kind !== 'ephemeral' && resource.shape.kind === 'table'
  if (isPlain && !asked.where) return countAll(ctx, resource)
  return counted === undefined
    ? countMatching(ctx, resource, asked)
    : about(await plannedRows(ctx.db, asPlanned(resource, asked)))
}

/** Undefined where it takes longer than a statement may. */
async function countToTheEnd(ctx: RequestContext, resource: Resource, asked: Asked): Promise<number | undefined> {
  const counting = ctx.db.execute<{ count: string }>(sql`select count(*)::text as count ${fromWhere(resource, asked)}`)
  return counting.then(([row]) => Number(row?.count)).catch(undefinedIfLate)
}

/** The whole table: where the planner knows that it is large, nothing is read at all. */
async function countAll(ctx: RequestContext, resource: Resource): Promise<CountView> {
  const known = (await rowEstimates(ctx.db)).get(resource.shape.relation)?.rows ?? 0
  if (known > 5 * MOST_COUNTED) return { kind: 'about', count: Math.round(known) }
  const [row] = await ctx.db.execute<{ counted: number }>(capped(resource, {}))
  const counted = row?.counted ?? 0
  if (counted <= MOST_COUNTED) return { kind: 'exact', count: counted }
  return about(await plannedRows(ctx.db, asPlanned(resource, {})))
}

/** A count that takes too long is the planner's to answer: the list itself is there already. */
async function countMatching(ctx: RequestContext, resource: Resource, asked: Asked): Promise<CountView> {
  const counted = await readWithin(ctx.db, PATIENCE_MS, async (tx) => {
    const rows = await tx.execute<{ counted: number }>(capped(resource, asked))
    return rows[0]?.counted ?? 0
  }).catch(undefinedIfLate)
  if (counted !== undefined && counted <= MOST_COUNTED) return { kind: 'exact', count: counted }
  const planned = await plannedRows(ctx.db, asPlanned(resource, asked))
  return counted === undefined ? { kind: 'about', count: planned } : about(planned)
}

function undefinedIfLate(error: unknown): undefined {
  if (!isTimeout(error)) throw error
}

/** A planner that believes in fewer rows than were seen knows nothing: then all that is sure is "more than". */
const about = (planned: number): CountView =>
  planned > MOST_COUNTED ? { kind: 'about', count: planned } : { kind: 'atLeast', count: MOST_COUNTED }

const fromWhere = (resource: Resource, { where, required }: Asked): SQL =>
  sql`from ${resource.storage.source(where ?? sql``, required)} as ${sql.identifier(ALIAS)} where ${where ?? sql`true`}`

/** What the planner knows of the past is what it knows of now: of rows put together it has no idea. */
function asPlanned(resource: Resource, { where, required }: Asked): SQL {
  if (!resource.past) return fromWhere(resource, { where, required })
  const present = resource.past.present.storage.source()
  return sql`from (select p.*, false as "kontor.past", '' as "kontor.id" from ${present} as p) as ${sql.identifier(ALIAS)}
    where ${where ?? sql`true`}`
}

const capped = (resource: Resource, asked: Asked): SQL =>
  sql`select count(*)::int as counted from (select 1 ${fromWhere(resource, asked)} limit ${sql.raw(String(MOST_COUNTED + 1))}) as capped`
