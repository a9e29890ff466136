import { AdminError } from '@/lib/errors'
import { asOfTable, hadOtherKey, knownToFit, type Moment, recordedSince } from '@/lib/history'
import type { RequestContext } from '../context'
import type { Admin, ManyToMany, Resource } from '../tree'
import { type PastTable, pastOfLog, pastOfVersions } from './past-rows'

/** A resource shown as of a moment, with everything its pages show of others. */
export interface PastTree {
  ctx: RequestContext
  resource: Resource
  /** Resources whose changes are not recorded: what is shown of them is today's. */
  asToday: Resource[]
}

const NOTHING_CHANGES: ReadonlySet<'create' | 'update' | 'delete'> = new Set(['create', 'update', 'delete'])

/**
 * The request as it would have been at a moment: the resource and all that its pages show of others hold their rows of
 * then, the clock stands at the moment, and nothing can be written. The policy is today's, asked by today's clock.
 * @param at the moment as addresses have it
 * @throws AdminError 'invalid' where another key named the resource's records then
 */
export async function pastTree(
  present: RequestContext,
  resource: Resource,
  moment: Moment,
  at: string,
): Promise<PastTree> {
  const { admin } = present
  const reached = reachedFrom(admin, resource)
  const joins = reached.flatMap(({ manyToMany }) => manyToMany.map(({ join }) => join))
  const shapes = [...new Set([...reached.map(({ shape }) => shape), ...joins])].filter(({ kind }) => kind === 'table')
  const recorded = await recordedSince(
    present.db,
    shapes.map(({ relation }) => relation),
  )
  const tables = new Map<string, PastTable>()
  await Promise.all(
    shapes.map(async (shape) => {
      if (!recorded.has(shape.relation)) return
      const table = await asOfTable(present.db, shape).catch(untold)
      if (!table) return
      if (await hadOtherKey(present.db, table, moment)) {
        if (shape.relation !== resource.shape.relation) return
        const plural = resource.plural.toLowerCase()
        throw new AdminError(
          'invalid',
          `The primary key of ${plural} has been replaced since, so none of then can be told.`,
        )
      }
      tables.set(shape.relation, pastOfLog(knownToFit(present.db, table, moment), moment))
    }),
  )
  const past = new Map<string, Resource>()
  for (const target of reached) {
    const table = pastOf(target, moment) ?? tables.get(target.shape.relation)
    if (table && hasOwnKey(target)) past.set(target.key, resourceThen(present, target, table, tables, at))
  }
  const closed = (target: Resource): Resource => ({ ...target, disabled: () => NOTHING_CHANGES })
  const resources = new Map(
    [...admin.resources].map(([key, target]) => [key, past.get(key) ?? closed(target)] as const),
  )
  const byRelation = new Map([...admin.byRelation].map(([name, target]) => [name, resources.get(target.key) ?? target]))
  const now = new Date(`${moment.at.replace(' ', 'T').replace(/\+00$/, '')}Z`)
  return {
    ctx: { ...present, admin: { ...admin, resources, byRelation }, clock: { now: () => now } },
    resource: past.get(resource.key) ?? resource,
    asToday: reached.filter(({ key }) => !past.has(key)),
  }
}

/** What an append-only table holds of its own past. */
function pastOf({ storage: { versions, setup }, keyFields: [key] }: Resource, moment: Moment): PastTable | undefined {
  if (!versions || !key || setup?.kind !== 'appendOnly') return undefined
  return pastOfVersions(setup.versions, key.column, versions, moment)
}

/** A table that is gone, or has no primary key, is shown as it is now: no row of it can be told from another. */
function untold(error: unknown): undefined {
  if (!(error instanceof AdminError) || (error.code !== 'invalid' && error.code !== 'not_found')) throw error
}

/** The log names a record by the table's primary key, so a resource must too. */
export const hasOwnKey = ({ keyFields, shape, storage }: Resource): boolean =>
  storage.versions !== undefined ||
  (keyFields.length > 0 && keyFields.map(({ name }) => name).join() === shape.primaryKey.join())

function resourceThen(
  present: RequestContext,
  resource: Resource,
  table: PastTable,
  tables: ReadonlyMap<string, PastTable>,
  at: string,
): Resource {
  // One for each: a search tells its paths apart by them.
  const links = new Map<ManyToMany, ManyToMany>()
  const linked = (association: ManyToMany): ManyToMany => {
    const joinSource = () => tables.get(association.join.relation)?.source() ?? association.joinSource()
    const known = links.get(association) ?? { ...association, joinSource }
    links.set(association, known)
    return known
  }
  return {
    ...resource,
    storage: resource.storage.past(table),
    past: {
      at,
      present: resource,
      holdsNow: table.holdsNow,
      idsToday: table.idsToday,
      droppedValues: table.droppedValues,
      erasedColumns: table.erasedColumns,
      countUnfit: table.countUnfit,
    },
    manyToMany: resource.manyToMany.map(linked),
    list: {
      ...resource.list,
      search: resource.list.search.map((target) => ({
        ...target,
        path: target.path.map((step) => ('join' in step ? linked(step) : step)),
      })),
    },
    authorize: (_ctx, operation, record) => resource.authorize(present, operation, record),
    scope: () => resource.scope(present),
    disabled: () => NOTHING_CHANGES,
  }
}

/** The resources whose rows a page of this one reads: itself, what it points at, what belongs to it and what that points at. */
function reachedFrom(admin: Admin, resource: Resource): Resource[] {
  const named = (steps: readonly { resource: string }[]) =>
    steps.flatMap(({ resource: key }) => admin.resources.get(key) ?? [])
  const related = named(resource.related)
  return [
    ...new Set([
      resource,
      ...named(resource.references),
      ...named(resource.manyToMany),
      ...named(resource.list.search.flatMap(({ path }) => path)),
      ...related,
      ...related.flatMap(({ references }) => named(references)),
    ]),
  ]
}
