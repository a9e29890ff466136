import type { RequestContext } from './context'
import { actorName } from './history/load-history'
import { loadVersion } from './operations/versions'
import { titleOf, toRecord } from './record'
import { textsShown, viewGroups } from './record-view'
import { viewResource } from './resource-view'
import type { Resource } from './tree'
import type { RecordView } from './view'

/** An old (or the newest) version of an append-only record, as its page shows it. */
export interface VersionView extends RecordView {
  number: number
  newest: number
  previous?: number
  next?: number
  isDeleted: boolean
  /** Postgres text of a timestamptz. */
  at: string
  by: string
  /** What `by` is called. */
  who: string
  source: string
  reason: string | null
}

/**
 * One version, read-only: nothing on its page can be saved.
 * @throws AdminError `not_found`, `forbidden`
 */
export async function loadVersionView(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  number: number,
): Promise<VersionView> {
  const row = await loadVersion(ctx, resource, id, number)
  const record = toRecord(resource, row.texts)
  const access = (field: Parameters<Parameters<typeof viewGroups>[3]>[0]) =>
    field.update(ctx, record) === 'hidden' ? 'hidden' : 'readonly'
  const groups = await viewGroups(ctx, resource, row.texts, access, record)
  const { previous, next, newest, isDeleted, at, by, source, reason } = row
  return {
    ...{ number: row.number, previous, next, newest, isDeleted, at, by, source, reason },
    who: await actorName(ctx, by),
    resource: await viewResource(ctx, resource),
    id: row.id,
    title: titleOf(resource, row.texts, row.id),
    version: row.version,
    groups,
    texts: textsShown(groups, row.texts),
    manyToMany: [],
    related: [],
    can: { update: false, delete: false, create: false },
    notices: [],
  }
}
