import { inArray } from 'drizzle-orm'
import { users } from '@/lib/auth'
import {
  type ActivityEntry,
  type Change,
  changeCounts,
  changesOfRequest,
  changesOfTransaction,
  type HistoryFilters,
  isErasedId,
  type LoggedValues,
  lastDeletions,
  recordHistory,
  siteHistory,
} from '@/lib/history'
import type { Texts } from '@/lib/storage'
import type { RequestContext } from '../context'
import { spokenLocale } from '../fields/spoken'
import { labelsFor } from '../list'
import { recordHref } from '../menu'
import { isAllowed } from '../policy'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import type { ChangeView, HistoryView } from './change-view'
import { differencesOf } from './differences'

/**
 * One record's changes, newest first. The caller has made sure that the person may read the record, or, where it is
 * gone, the resource's whole history (`maySeeAllOf`).
 */
export async function loadRecordHistory(
  ctx: RequestContext,
  resource: Resource,
  recordId: string,
  {
    filters,
    cursor,
    limit,
    isWhole,
  }: { filters?: Omit<HistoryFilters, 'relations'>; cursor?: string | null; limit?: number; isWhole?: boolean } = {},
): Promise<HistoryView> {
  const page = await recordHistory(ctx.db, resource.shape.relation, recordId, { filters, cursor, limit })
  const changes = await viewChanges(
    ctx,
    page.changes.map((change) => ({ change, count: 1, relations: [change.relation], ops: [change.op] })),
    { isWhole },
  )
  return { changes, next: page.next, searchedTo: null }
}

/**
 * What happened on the site, one entry a transaction or background undo, newest first; of each only what this person may see.
 * @param resources keys to narrow it to; all the person may see unless given
 */
export async function loadActivity(
  ctx: RequestContext,
  {
    resources,
    filters,
    cursor,
    limit,
  }: { resources?: readonly string[]; filters?: HistoryFilters; cursor?: string | null; limit?: number } = {},
): Promise<HistoryView> {
  const relations = await relationsSeen(ctx, resources)
  const page = await siteHistory(ctx.db, { ...filters, relations }, { cursor, limit })
  return { changes: await viewChanges(ctx, page.entries), next: page.next, searchedTo: page.searchedTo }
}

/**
 * Every change of one transaction or one request that this person may see, in the order they were made.
 * @param cursor the `next` of the page before
 */
export async function loadStep(
  ctx: RequestContext,
  step: { tx: string } | { request: string },
  { cursor, limit }: { cursor?: string | null; limit?: number } = {},
): Promise<HistoryView> {
  const paging = { cursor, limit, relations: await relationsSeen(ctx) }
  const { changes, next } =
    'tx' in step
      ? await changesOfTransaction(ctx.db, step.tx, paging)
      : await changesOfRequest(ctx.db, step.request, paging)
  const entries = changes.map((change) => ({ change, count: 1, relations: [change.relation], ops: [change.op] }))
  return { changes: await viewChanges(ctx, entries), next, searchedTo: null }
}

/** The tables of these resources, of all where none are named, whose changes the person may see; and what links them. */
async function relationsSeen(ctx: RequestContext, resources?: readonly string[]): Promise<string[]> {
  const seen = await resourcesSeenWhole(ctx)
  const asked = resources ? seen.filter(({ key }) => resources.includes(key)) : seen
  return [...new Set([...asked.map(({ shape }) => shape.relation), ...joinRelations(asked, seen)])]
}

/** Join tables are recorded too; whoever sees both sides sees what links them. */
function joinRelations(asked: readonly Resource[], seen: readonly Resource[]): string[] {
  const keys = new Set(seen.map(({ key }) => key))
  return asked.flatMap(({ manyToMany }) =>
    manyToMany.filter(({ resource }) => keys.has(resource)).map(({ join }) => join.relation),
  )
}

/** Resources every record of which the person may read: elsewhere a log row would tell of records they may not see. */
export async function resourcesSeenWhole(ctx: RequestContext): Promise<Resource[]> {
  const all = [...ctx.admin.resources.values()].filter(({ history }) => history)
  const seen = await Promise.all(all.map((resource) => maySeeAllOf(ctx, resource)))
  return all.filter((_, at) => seen[at])
}

/** Whether neither a scope nor a condition of the policy keeps any record of it from the person. */
export async function maySeeAllOf(ctx: RequestContext, resource: Resource): Promise<boolean> {
  if (resource.scope(ctx)) return false
  const answers = await Promise.all([resource.authorize(ctx, 'list'), resource.authorize(ctx, 'read')])
  return answers.every((answer) => answer === true)
}

/** A bar of a chart. */
export interface ChangeCount {
  /** The day as 'YYYY-MM-DD', the actor's id or the resource's key: what the activity page narrows to. */
  key: string
  label: string
  count: number
}

export interface ChangeStatistics {
  days: ChangeCount[]
  people: ChangeCount[]
  resources: ChangeCount[]
  total: number
  /** Where only the newest changes were counted: since when, as Postgres text in UTC. */
  since: string | null
}

/** Bars of people and resources; the rest is one more. */
const MOST_BARS = 8
const DAY_MS = 86_400_000

/** How many changes the person may see there were in the last days: day by day, by whom, of what. */
export async function loadStatistics(ctx: RequestContext, lastDays: number): Promise<ChangeStatistics> {
  const seen = await resourcesSeenWhole(ctx)
  const zone = ctx.timeZone
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(ctx.clock.now())
  // Days of the calendar: where clocks are changed, twenty-four hours ago may be the day before yesterday.
  const days = Array.from({ length: lastDays }, (_, at) =>
    new Date(Date.parse(today) - (lastDays - 1 - at) * DAY_MS).toISOString().slice(0, 10),
  )
  const relations = [...new Set([...seen.map(({ shape }) => shape.relation), ...joinRelations(seen, seen)])]
  const counts = await changeCounts(ctx.db, { relations, from: `${days[0]} 00:00:00 ${zone}`, zone })
  const names = await actorNames(ctx, [...counts.actors.keys()])
  const label = new Intl.DateTimeFormat(spokenLocale(ctx.locale), { timeZone: 'UTC', day: 'numeric', month: 'short' })
  const resourceOf = new Map(seen.map((resource) => [resource.shape.relation, resource]))
  return {
    days: days.map((day) => ({ key: day, label: label.format(Date.parse(day)), count: counts.days.get(day) ?? 0 })),
    people: bars(counts.actors, (actor) => ({ key: actor, label: names.get(actor) ?? wordsOfActor(actor) })),
    resources: bars(counts.relations, (relation) => {
      const resource = resourceOf.get(relation)
      return { key: resource?.key ?? '', label: resource?.plural ?? linkWords(ctx, relation) ?? relation }
    }),
    total: counts.total,
    since: counts.since,
  }
}

function bars(counts: ReadonlyMap<string, number>, name: (key: string) => Omit<ChangeCount, 'count'>): ChangeCount[] {
  const all = [...counts].sort(([, a], [, b]) => b - a).map(([key, count]) => ({ ...name(key), count }))
  const rest = all.slice(MOST_BARS).reduce((sum, { count }) => sum + count, 0)
  return rest > 0 ? [...all.slice(0, MOST_BARS), { key: '', label: 'Others', count: rest }] : all
}

/**
 * Changes as pages draw them. The caller has made sure that the person may see each of them.
 * @param options.isWhole with every field, however many there are
 */
export async function viewChanges(
  ctx: RequestContext,
  entries: readonly ActivityEntry[],
  { isWhole = false }: { isWhole?: boolean } = {},
): Promise<ChangeView[]> {
  const names = await actorNames(
    ctx,
    entries.map(({ change }) => change.actor),
  )
  const titles = await titlesNow(ctx, entries)
  return Promise.all(
    entries.map(async ({ change, count, relations, ops, job }): Promise<ChangeView> => {
      const resource = ctx.admin.byRelation.get(change.relation)
      const { fields, more } = await differencesOf(ctx, resource, change, isWhole)
      const isNamed = change.recordId !== null && !isErasedId(change.recordId)
      const isReadable = isNamed && resource && !resource.hidden && (await isAllowed(ctx, resource, 'read'))
      return {
        id: change.id,
        tx: change.tx,
        at: job?.until ?? change.at,
        who: names.get(change.actor) ?? wordsOfActor(change.actor),
        source: change.source,
        isOutside: change.source === 'sql',
        op: change.op,
        resource: resource && { key: resource.key, singular: resource.singular, plural: resource.plural },
        relation: change.relation,
        recordId: change.recordId,
        title:
          titleThen(ctx, resource, change) ??
          titles.get(`${change.relation} ${change.recordId}`) ??
          nameless(ctx, resource, change),
        href: isReadable ? recordHref(resource, change.recordId ?? '') : undefined,
        fields,
        moreFields: more,
        reason: change.reason,
        request: job?.request,
        count,
        isUniform: relations.length === 1 && ops.length === 1,
        isUndo: change.undoes.length > 0,
        canUndo: change.op !== 'truncate' && isNamed,
      }
    }),
  )
}

/** What the record was called, by the values the change has of it, as far as the person may read them. */
export function titleThen(
  ctx: RequestContext,
  resource: Resource | undefined,
  { before, after, op }: Change,
): string | undefined {
  const values = after ?? before
  if (!resource || !values) return undefined
  const { field } = resource.title
  if (!field) return op === 'update' ? undefined : madeTitle(resource, values)
  const name = field.read(ctx) ? field.column.name : undefined
  const value = name ? (after?.[name] ?? before?.[name]) : undefined
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** A title that the config makes of the whole record; undefined where it cannot of what the log has. */
function madeTitle(resource: Resource, values: LoggedValues): string | undefined {
  const texts: Texts = {}
  for (const { name, column } of resource.fields.values()) {
    const value = values[column.name]
    if (value === null || typeof value === 'string') texts[name] = value
  }
  try {
    return resource.title.of(toRecord(resource, texts)).trim() || undefined
  } catch {
    return undefined
  }
}

/** 'Links of products to allergens' for a join table. */
function linkWords({ admin }: RequestContext, relation: string): string | undefined {
  for (const { manyToMany, plural } of admin.resources.values()) {
    const link = manyToMany.find(({ join }) => join.relation === relation)
    const other = link && admin.resources.get(link.resource)
    if (other) return `Links of ${plural.toLowerCase()} to ${other.plural.toLowerCase()}`
  }
  return undefined
}

function nameless(ctx: RequestContext, resource: Resource | undefined, { recordId, relation }: Change): string {
  if (resource) return [resource.singular, recordId].filter((part) => part !== null).join(' ')
  const owner = [...ctx.admin.resources.values()].find(({ manyToMany }) =>
    manyToMany.some(({ join }) => join.relation === relation),
  )
  const link = owner?.manyToMany.find(({ join }) => join.relation === relation)
  const other = link && ctx.admin.resources.get(link.resource)
  // A row of a join table is a link between two records.
  return owner && other
    ? `between ${owner.singular.toLowerCase()} and ${other.singular.toLowerCase()} (${recordId})`
    : [relation, recordId].filter((part) => part !== null).join(' ')
}

/** What records are called now, or were when they went, by 'schema.table id'; a query or two a resource. */
async function titlesNow(ctx: RequestContext, entries: readonly { change: Change }[]): Promise<Map<string, string>> {
  const ids = new Map<Resource, string[]>()
  for (const { change } of entries) {
    const resource = ctx.admin.byRelation.get(change.relation)
    if (!resource || change.recordId === null || isErasedId(change.recordId) || titleThen(ctx, resource, change))
      continue
    ids.set(resource, [...(ids.get(resource) ?? []), change.recordId])
  }
  const titles = new Map<string, string>()
  await Promise.all(
    [...ids].map(async ([resource, wanted]) => {
      for (const [id, title] of await labelsFor(ctx, resource, wanted))
        titles.set(`${resource.shape.relation} ${id}`, title)
    }),
  )
  const gone = [...ids].flatMap(
    ([
      {
        shape: { relation },
      },
      wanted,
    ]) => wanted.filter((id) => !titles.has(`${relation} ${id}`)).map((recordId) => ({ relation, recordId })),
  )
  for (const deletion of gone.length > 0 ? await lastDeletions(ctx.db, gone) : []) {
    const { relation, recordId } = deletion
    const title = titleThen(ctx, ctx.admin.byRelation.get(relation), deletion)
    if (title) titles.set(`${relation} ${recordId}`, title)
  }
  return titles
}

/** Most people a filter offers. */
const OFFERED = 500

/** Whose changes can be asked for, by the ids the log has them under. */
export async function loadPeople(ctx: RequestContext): Promise<{ id: string; name: string }[]> {
  const rows = await ctx.db.select({ id: users.id, name: users.name }).from(users).orderBy(users.name).limit(OFFERED)
  return rows.map(({ id, name }) => ({ id: `user:${id}`, name }))
}

/** An actor as people are told of it: a person's name, 'Task “Nightly count”', a database role. */
export async function nameOfActor(ctx: RequestContext, actor: string): Promise<string> {
  return (await actorNames(ctx, [actor])).get(actor) ?? wordsOfActor(actor)
}

/** Names of the people among the actors; one query. */
async function actorNames(ctx: RequestContext, actors: readonly string[]): Promise<Map<string, string>> {
  const ids = [...new Set(actors)].flatMap(
    (actor) => actor.match(/^user:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/)?.[1] ?? [],
  )
  if (ids.length === 0) return new Map()
  const rows = await ctx.db.select({ id: users.id, name: users.name }).from(users).where(inArray(users.id, ids))
  return new Map(rows.map(({ id, name }) => [`user:${id}`, name]))
}

/** What an actor's id is called on pages. */
export async function actorName(ctx: RequestContext, actor: string): Promise<string> {
  return (await actorNames(ctx, [actor])).get(actor) ?? wordsOfActor(actor)
}

/** 'task:Nightly count' → 'task “Nightly count”'; a database role stays as it is. */
function wordsOfActor(actor: string): string {
  const task = actor.match(/^task:(.+)$/)?.[1]
  if (task) return `Task “${task}”`
  if (actor.startsWith('effect:')) return 'Effect'
  if (actor.startsWith('user:')) return 'Somebody who is gone'
  return actor === 'system' ? 'Kontor' : actor
}
