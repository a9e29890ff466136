import { findActors } from '@/lib/auth'
import type { Database } from '@/lib/db/client'
import type { StoredRow, Texts } from '@/lib/storage'
import { type Batch, type FeedChange, type FindViewers, type Sight, textOf, type Viewer } from '@/lib/watch'
import type { RequestContext } from './context'
import { actorName } from './history/load-history'
import { isAllowed, isRecordAllowed, rowCondition } from './policy'
import { toRecord } from './record'
import { requestContext } from './request-context'
import type { AdminSource } from './resolve'
import type { Resource } from './tree'

/** Records of one resource that are told one by one of what was committed at once; more are told as a whole. */
const MOST_RECORDS = 20

interface Parts {
  source: AdminSource
  db: Database
  clock: { now(): Date }
}

/**
 * For the hub of live pages: what the people behind sessions may be told of changes. Whoever may list a resource learns
 * that something in it changed; which record, how and by whom only whoever may read that record, as it is now.
 */
export function liveViewers({ source, db, clock }: Parts): FindViewers {
  const rows = rowsOfBatches()
  return async (sessions) => {
    const actors = await findActors(db.orm, sessions, clock.now())
    const people = new Map<string, Promise<Viewer>>()
    const viewers = new Map<string, Viewer>()
    for (const actor of actors) {
      const { sessionId: _, ...person } = actor
      const viewer =
        people.get(actor.id) ??
        requestContext({ source, db, clock, actor: person, requestId: 'live', road: 'live' }).then((ctx) => ({
          key: actor.id,
          see: (batch: Batch) => see(ctx, batch, rows(batch)),
        }))
      people.set(actor.id, viewer)
      viewers.set(actor.sessionId, await viewer)
    }
    return viewers
  }
}

/** Loads a record at most once for a batch, however many people it concerns. */
type LoadRow = (ctx: RequestContext, resource: Resource, id: string) => Promise<StoredRow | undefined>

function rowsOfBatches(): (batch: Batch) => LoadRow {
  const kept = new WeakMap<Batch, Map<string, Promise<StoredRow | undefined>>>()
  return (batch) => {
    const rows = kept.get(batch) ?? new Map<string, Promise<StoredRow | undefined>>()
    kept.set(batch, rows)
    return (ctx, resource, id) => {
      const name = `${resource.key} ${id}`
      const row = rows.get(name) ?? resource.storage.load(ctx.db, id)
      rows.set(name, row)
      return row
    }
  }
}

async function see(ctx: RequestContext, { changes, many }: Batch, load: LoadRow): Promise<Sight[]> {
  const told = await Promise.all(
    [...ctx.admin.resources.values()].map(async (resource) => {
      const own = changes.filter(({ relation }) => relation === loggedRelation(resource))
      const touched = new Set([...own, ...changes, ...many].map(({ relation }) => relation))
      const isTouched = relationsOf(resource).some((relation) => touched.has(relation))
      if (!isTouched || !(await mayFollow(ctx, resource))) return []
      const whole = { resource: resource.key }
      if (own.length === 0 || new Set(own.map(({ recordId }) => recordId)).size > MOST_RECORDS) return [whole]
      const sights = await Promise.all(own.map((change) => sightOf(ctx, resource, change, load)))
      const single = sights.filter((sight) => sight !== undefined)
      const isMore = single.length < sights.length || many.some(({ relation }) => relation === loggedRelation(resource))
      return isMore ? [...single, whole] : single
    }),
  )
  return told.flat()
}

const loggedRelation = ({ storage: { logged } }: Resource) => `${logged.schema}.${logged.name}`

/** The tables whose changes concern a resource: its own, and those that link it to others. */
const relationsOf = (resource: Resource) => [
  loggedRelation(resource),
  ...resource.manyToMany.map(({ join }) => join.relation),
]

async function mayFollow(ctx: RequestContext, resource: Resource): Promise<boolean> {
  return (await isAllowed(ctx, resource, 'list')) || (await isAllowed(ctx, resource, 'read'))
}

/** What the person may be told of one change; undefined where it is only that the resource changed. */
async function sightOf(
  ctx: RequestContext,
  resource: Resource,
  change: FeedChange,
  load: LoadRow,
): Promise<Sight | undefined> {
  const { recordId: id, op, actor, source, requestId } = change
  if (id === null || op === 'truncate' || !(await mayRead(ctx, resource, change, id, load))) return undefined
  const fields = op === 'update' ? readableLabels(ctx, resource, change.changed) : undefined
  if (fields?.length === 0) return undefined
  return {
    resource: resource.key,
    id,
    op,
    fields,
    who: await actorName(ctx, actor),
    source,
    request: actor === ctx.actor.id ? (requestId ?? undefined) : undefined,
  }
}

function readableLabels(ctx: RequestContext, { fields }: Resource, columns: readonly string[]): string[] {
  return [...fields.values()]
    .filter(({ column, read, isSecret }) => columns.includes(column.name) && !isSecret && read(ctx))
    .map(({ label }) => label)
}

/** Asked of the record as it is now; of one that is gone, as it was last, unless only a query could tell. */
async function mayRead(
  ctx: RequestContext,
  resource: Resource,
  { op, before }: FeedChange,
  id: string,
  load: LoadRow,
): Promise<boolean> {
  if (!(await isAllowed(ctx, resource, 'read'))) return false
  const where = await rowCondition(ctx, resource, 'read', 't')
  if (op === 'delete') {
    return (
      where === undefined && isRecordAllowed(ctx, resource, 'read', toRecord(resource, lastTexts(resource, before)))
    )
  }
  const row = where ? await resource.storage.load(ctx.db, id, { where }) : await load(ctx, resource, id)
  return row !== undefined && isRecordAllowed(ctx, resource, 'read', toRecord(resource, row.texts))
}

function lastTexts({ fields }: Resource, before: FeedChange['before']): Texts {
  return Object.fromEntries(
    [...fields]
      .filter(([, { column }]) => before && column.name in before)
      .map(([name, { column }]) => [name, textOf(before?.[column.name])]),
  )
}
