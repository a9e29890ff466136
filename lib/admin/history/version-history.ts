import { sql } from 'drizzle-orm'
import type { Change, LoggedValues } from '@/lib/history'
import type { VersionRow } from '@/lib/storage'
import type { RequestContext } from '../context'
import { listVersions } from '../operations/versions'
import type { Resource } from '../tree'
import type { HistoryView } from './change-view'
import { viewChanges } from './load-history'

/**
 * The versions of an append-only record as its history, newest first: who wrote each, when, why, and what differs from
 * the one before. It comes from the table itself, so it goes back to the first version, whenever changes began to be
 * recorded; a deleted record has it too.
 * @param options.before a version's number: only older ones
 * @param options.until Postgres text of a timestamptz: only versions written by then
 * @throws AdminError `not_found`, `forbidden`
 */
export async function loadVersionHistory(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  { before, limit, until }: { before?: number; limit: number; until?: string },
): Promise<HistoryView> {
  const last = until === undefined ? undefined : await versionAt(ctx, resource, id, until)
  const from = last === undefined ? before : Math.min(before ?? last + 1, last + 1)
  // One more than is shown: what the last one is compared with.
  const rows = await listVersions(ctx, resource, id, { before: from, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const changes = await viewChanges(
    ctx,
    shown.map((row, at) => asEntry(toChange(resource, row, rows[at + 1]))),
  )
  return {
    changes: changes.map((change, at) => ({ ...change, version: shown[at]?.number, canUndo: false })),
    next: rows.length > limit ? String(shown.at(-1)?.number) : null,
    searchedTo: null,
  }
}

/** The number of the version that was the newest at a moment; 0 before the first. */
async function versionAt({ db }: RequestContext, { storage }: Resource, id: string, moment: string): Promise<number> {
  const found = await storage.versions?.load(db, id, { where: sql`t.version_at <= ${moment}::timestamptz` })
  return found?.number ?? 0
}

const asEntry = (change: Change) => ({ change, count: 1, relations: [change.relation], ops: [change.op] })

/** A version as the change it was. One whose predecessor the person may not see tells nothing of what differs. */
function toChange(resource: Resource, row: VersionRow, earlier: VersionRow | undefined): Change {
  const previous = earlier?.number === row.number - 1 ? earlier : undefined
  const isFirst = row.number === 1 || previous?.isDeleted === true
  const op = row.isDeleted ? 'delete' : isFirst ? 'insert' : 'update'
  const [then, now] = [previous && logged(resource, previous), logged(resource, row)]
  return {
    id: `version ${row.number}`,
    at: row.at,
    tx: '',
    relation: resource.shape.relation,
    recordId: row.id,
    op,
    before: op === 'insert' ? null : op === 'delete' ? now : (then ?? {}),
    after: op === 'delete' ? null : now,
    changed: op === 'update' && then ? Object.keys(now).filter((name) => now[name] !== then[name]) : [],
    actor: row.by,
    dbUser: '',
    source: row.source,
    requestId: null,
    reason: row.reason,
    undoes: [],
  }
}

/** The record's own values by their columns' names. */
function logged({ fields, storage }: Resource, { texts }: VersionRow): LoggedValues {
  const own = [...fields.values()].filter(({ name, isKey }) => !storage.managed.has(name) && !isKey && name in texts)
  return Object.fromEntries(own.map(({ name, column }) => [column.name, texts[name] ?? null]))
}
