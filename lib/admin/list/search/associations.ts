import { and, or, type SQL, sql } from 'drizzle-orm'
import { column } from '@/lib/db/rebase'
import { AdminError } from '@/lib/errors'
import type { RequestContext } from '../../context'
import { formatArray } from '../../fields/array/literal'
import type { FormatContext } from '../../fields/field'
import { rowCondition } from '../../policy'
import type { Field, ManyToMany, Reference, RelatedList, Resource, SearchTarget } from '../../tree'
import { plannedRows } from '../planned'
import { type TableFacts, tableFacts } from '../table-facts'
import { matching } from './match'

/** One association on the way, with everything its SQL needs: the person may see these rows of its target. */
interface Hop {
  /** What stands in FROM for a statement that asks this of the rows. */
  from(needing: SQL): SQL
  /** Columns of the rows before, in the order of `theirs`. */
  own: readonly string[]
  theirs: readonly SQL[]
  visible?: SQL
  /** Rows of the target, where the planner knows. */
  rows?: number
  /** The target's rows have to be put together: once for the statement, never row by row. */
  isPast: boolean
}

/** Fields at the end of one path of associations. */
export interface Association {
  hops: readonly Hop[]
  alias: string
  fields: readonly Field[]
  facts: TableFacts
}

/** More matches than this on the other side are not listed one by one. */
const MOST_KEYS = 5000
/** Where one of so many on the other side matches, nearly every page is full after a few rows are looked at. */
const COMMON = 20

/** Targets by their path, so that one subquery serves all fields at its end; without what the person may not see. */
export async function associationsOf(
  ctx: RequestContext,
  resource: Resource,
  targets: readonly SearchTarget[],
): Promise<Association[]> {
  const paths: { path: SearchTarget['path']; fields: Field[] }[] = []
  for (const { path, field } of targets) {
    const same = paths.find(
      (other) => other.path.length === path.length && other.path.every((hop, at) => hop === path[at]),
    )
    if (same) same.fields.push(field)
    else paths.push({ path, fields: [field] })
  }
  const found = await Promise.all(paths.map(({ path, fields }) => follow(ctx, resource, path, fields)))
  return found.filter((association) => association !== undefined)
}

async function follow(
  ctx: RequestContext,
  start: Resource,
  path: SearchTarget['path'],
  fields: readonly Field[],
): Promise<Association | undefined> {
  const hops: Hop[] = []
  let before = start
  for (const [depth, step] of path.entries()) {
    const target = ctx.admin.resources.get(step.resource)
    const visible = target && (await visibleRows(ctx, target, `s${depth}`))
    if (!target || !visible) return undefined
    const { rows } = await tableFacts(ctx.db, target.shape)
    const isPast = target.past !== undefined
    hops.push({ ...hopOver(before, target, step, depth), visible: visible.where, rows, isPast })
    before = target
  }
  const readable = fields.filter((field) => field.read(ctx))
  if (readable.length === 0) return undefined
  return { hops, alias: `s${path.length - 1}`, fields: readable, facts: await tableFacts(ctx.db, before.shape) }
}

async function visibleRows(ctx: RequestContext, target: Resource, alias: string): Promise<{ where?: SQL } | undefined> {
  try {
    return { where: await rowCondition(ctx, target, 'list', alias) }
  } catch (error) {
    if (error instanceof AdminError && error.code === 'forbidden') return undefined
    throw error
  }
}

function hopOver(before: Resource, target: Resource, step: Reference | RelatedList | ManyToMany, depth: number) {
  const alias = `s${depth}`
  const source = (needing: SQL) => sql`${target.storage.source(needing)} as ${sql.identifier(alias)}`
  const here = (names: readonly string[]) => names.map((name) => before.fields.get(name)?.column.name ?? name)
  const there = (names: readonly string[]) =>
    names.map((name) => column(alias, target.fields.get(name)?.column.name ?? name))
  if (!('join' in step)) {
    return 'targetFields' in step
      ? { from: source, own: here(step.fields), theirs: there(step.targetFields) }
      : { from: source, own: here(step.ownFields), theirs: there(step.fields) }
  }
  const join = `j${depth}`
  const isLinked = and(
    ...there(step.otherFields).map((key, at) => sql`${key} = ${column(join, step.otherColumns[at]?.name ?? '')}`),
  )
  return {
    from: (needing: SQL) =>
      sql`${step.joinSource()} as ${sql.identifier(join)} join ${source(sql`${needing} ${isLinked}`)} on ${isLinked}`,
    own: here(step.ownFields),
    theirs: step.ownColumns.map(({ name }) => column(join, name)),
  }
}

/** A condition over the rows that are searched. */
export interface Alternative {
  over(alias: string): SQL
  /** It compares a row's own values and nothing else. */
  isPlain: boolean
}

/**
 * Rows associated with a match. What matches on the other side is asked for first: few matches become a
 * list of keys, which an index on the foreign key answers together with the indexes of the row's own fields; many
 * become an EXISTS, asked row by row where most rows pass. Neither repeats a row.
 */
export async function associatedWith(
  ctx: RequestContext,
  association: Association,
  term: string,
  format: FormatContext,
): Promise<Alternative | undefined> {
  const [hop] = association.hops
  const match = insideOf(association, 0, term, format)
  if (!hop || !match) return undefined
  const selected = sql.join(
    hop.theirs.map((key, at) => sql`${key}::text as ${sql.identifier(`k${at}`)}`),
    sql`, `,
  )
  const rows = await ctx.db.execute<Record<string, string | null>>(
    sql`select ${selected} from ${hop.from(sql`${selected} ${match}`)} where ${match} limit ${sql.raw(String(MOST_KEYS + 1))}`,
  )
  if (rows.length > MOST_KEYS) {
    const planned = await plannedRows(ctx.db, sql`from ${hop.from(match)} where ${match}`)
    const isFenced = hop.rows !== undefined && planned * COMMON > hop.rows
    return { over: (alias) => existsIn(hop, match, alias, isFenced), isPlain: false }
  }
  const found = rows.map((row) => hop.own.map((_, at) => row[`k${at}`] ?? null))
  const keys = found.filter((key) => !key.includes(null)) as string[][]
  return keys.length > 0 ? { over: (alias) => isOneOf(hop, keys, alias), isPlain: true } : undefined
}

function isOneOf(hop: Hop, keys: readonly string[][], alias: string): SQL {
  const own = hop.own.map((name) => column(alias, name))
  if (own.length === 1) return sql`${own[0]} = any(${formatArray([...new Set(keys.flat())])})`
  const tuples = keys.map(
    (key) =>
      sql`(${sql.join(
        key.map((part) => sql`${part}`),
        sql`, `,
      )})`,
  )
  return sql`(${sql.join(own, sql`, `)}) in (${sql.join(tuples, sql`, `)})`
}

/** What holds for the rows of hop `depth`: visible, and themselves a match or associated with one. */
function insideOf(association: Association, depth: number, term: string, format: FormatContext): SQL | undefined {
  const { hops, alias, fields, facts } = association
  const next = hops[depth + 1]
  const further = next && insideOf(association, depth + 1, term, format)
  const match = next
    ? further && existsIn(next, further, `s${depth}`)
    : or(...fields.map((field) => matching(field, alias, term, facts, format)))
  return match && and(match, hops[depth]?.visible)
}

/** @param isFenced keeps the planner from collecting every match before it looks at the first row */
function existsIn(hop: Hop, match: SQL, alias: string, isFenced = false): SQL {
  if (hop.isPast) {
    const keys = sql.join([...hop.theirs], sql`, `)
    const own = hop.own.map((name) => column(alias, name))
    return sql`(${sql.join(own, sql`, `)}) in (select ${keys} from ${hop.from(sql`${keys} ${match}`)} where ${match})`
  }
  const isLinked = hop.theirs.map((key, at) => sql`${key} = ${column(alias, hop.own[at] ?? '')}`)
  const condition = and(...isLinked, match) ?? match
  return sql`exists (select 1 from ${hop.from(condition)} where ${condition}${isFenced ? sql` offset 0` : sql``})`
}
