import { and, type SQL } from 'drizzle-orm'
import type { PostgresError } from '@/lib/db/postgres-errors'
import type { RequestContext } from '../context'
import { isAllowed, rowCondition } from '../policy'
import type { Resource } from '../tree'
import { ALIAS, countUpTo, type FoundRow, type Inbound } from './inbound'

/** Records beyond this many are "more than". */
const MOST_COUNTED = 100

/** Records of one table that one thing happens to. */
export interface Group {
  key: Inbound
  /** Of which record it is said: names links between two. */
  of: Resource | undefined
  rows: Map<string, FoundRow>
  /** The conditions they were found by, for counting those that may be seen where there are too many to follow. */
  conditions: SQL[]
  /** There are more than were followed. */
  isOver: boolean
  /** What they refer to was followed in part only. */
  isPartial: boolean
  isUnknown: boolean
}

const OTHERS = 'other records'

/** Whether a foreign key of another table refused the write, not one of its own. */
export const isHeldBack = ({ detail }: PostgresError) => /is (still )?referenced from table/.test(detail ?? '')

export const isSingle = (blocks: readonly string[]) => blocks.length === 1 && blocks[0]?.startsWith('1 ') === true

/** '1 product refers', '2 orders and other records refer' */
export const referring = (blocks: readonly string[]) =>
  `${new Intl.ListFormat('en').format(blocks)} ${isSingle(blocks) ? 'refers' : 'refer'}`

/** What is said of each group, others last. */
export async function wordsOf(ctx: RequestContext, groups: ReadonlyMap<string, Group>): Promise<string[]> {
  const words = new Set<string>()
  for (const group of groups.values()) for (const one of await wordsOfGroup(ctx, group)) words.add(one)
  return [...words].sort((a, b) => Number(a === OTHERS) - Number(b === OTHERS))
}

async function wordsOfGroup(ctx: RequestContext, group: Group): Promise<string[]> {
  const { rows, isOver, isUnknown, isPartial } = group
  if (rows.size === 0 && !isUnknown) return []
  const named = await nameOf(ctx, group)
  if (!named) return [OTHERS]
  const known = [...rows.values()].filter(({ isSeen }) => isSeen).length
  // Of those that were not followed some may be seen, too.
  const seen = isOver && named.where && known <= MOST_COUNTED ? await countSeen(ctx, group, named.where) : known
  if (isUnknown || seen === undefined) return [named.words(undefined)]
  const least = isPartial && seen <= MOST_COUNTED ? 'at least ' : ''
  const words = seen === 0 ? [] : [`${least}${named.words(seen)}`]
  return seen < rows.size ? [...words, OTHERS] : words
}

async function countSeen(ctx: RequestContext, { key, conditions }: Group, where: SQL): Promise<number | undefined> {
  let sum = 0
  for (const condition of conditions) {
    const counted = await countUpTo(ctx, key, and(condition, where) ?? where, MOST_COUNTED + 1)
    if (counted === undefined) return undefined
    sum += counted
  }
  return sum
}

/** How to speak of a table's records, and which of them this person may list; undefined where none. */
export async function nameOf(ctx: RequestContext, { key: { schema, table }, of }: Group) {
  const relation = `${schema}.${table}`
  const holder = ctx.admin.byRelation.get(relation)
  if (holder) {
    if (!(await isAllowed(ctx, holder, 'list'))) return undefined
    const where = await rowCondition(ctx, holder, 'list', ALIAS)
    return { where, words: (seen?: number) => counted(seen, holder.singular, holder.plural) }
  }
  const link = of?.manyToMany.find(({ join }) => join.relation === relation)
  const linked = link && ctx.admin.resources.get(link.resource)
  if (!link || !linked || !(await isAllowed(ctx, linked, 'list'))) return undefined
  // Whose links some may not be seen are not counted either.
  if (await rowCondition(ctx, linked, 'list', ALIAS)) return undefined
  const to = link.label.toLowerCase()
  return { where: undefined, words: (seen?: number) => counted(seen, `link to ${to}`, `links to ${to}`) }
}

function counted(seen: number | undefined, singular: string, plural: string): string {
  if (seen === undefined) return `an unknown number of ${plural.toLowerCase()}`
  if (seen > MOST_COUNTED) return `more than ${MOST_COUNTED} ${plural.toLowerCase()}`
  return `${seen} ${(seen === 1 ? singular : plural).toLowerCase()}`
}
