import { and, type SQL, sql } from 'drizzle-orm'
import { column } from '@/lib/db/rebase'
import type { Texts } from '@/lib/storage'
import type { RequestContext } from '../context'
import { recordHref } from '../menu'
import { isAllowed, rowCondition } from '../policy'
import { titleOf } from '../record'
import type { ListColumn, RelatedList, Resource } from '../tree'
import type { RelatedListView } from '../view'
import { fieldCell } from './cells'
import { countRows } from './count'
import { formatOf } from './filters'
import { columnScene } from './list'
import { defaultSort, orderOf, visibleColumns } from './order'
import { ALIAS, readPage } from './rows'

const PREVIEWED = 5
const MOST_DETAILS = 3

/**
 * The first records of a to-many association and how many there are.
 * @param target the resource the records belong to
 * @param own texts of the record they belong to
 * @throws AdminError `forbidden` where the person may not list them
 */
export async function relatedPreview(
  ctx: RequestContext,
  target: Resource,
  related: RelatedList,
  own: Texts,
): Promise<Pick<RelatedListView, 'count' | 'rows'>> {
  const visible = await rowCondition(ctx, target, 'list', ALIAS)
  const isTheirs = related.fields.map((name, at) => belongs(target, name, own[related.ownFields[at] ?? ''] ?? null))
  const where = and(...isTheirs, visible)
  const details = detailColumns(ctx, target, related)
  const isWhole = target.title.field === undefined
  const page = await readPage(ctx.db, {
    resource: target,
    fields: isWhole ? [...target.fields.values()] : details.flatMap(({ field }) => field ?? []),
    isCut: !isWhole,
    where,
    order: orderOf(ctx, target, defaultSort(ctx, target), ALIAS),
    size: PREVIEWED,
    position: { kind: 'page', page: 1 },
  })
  const count = page.hasNext
    ? await countRows(ctx, target, { where }, false)
    : { kind: 'exact' as const, count: page.rows.length }
  const scenes = await Promise.all(details.map((detail) => columnScene(ctx, detail, page.rows)))
  const canOpen = target.keyFields.length > 0 && (await isAllowed(ctx, target, 'read'))
  const isTitled = target.title.field?.read(ctx) !== false
  return {
    count,
    rows: page.rows.map(({ id, texts }) => ({
      id,
      href: canOpen ? recordHref(target, id) : undefined,
      title: isTitled ? titleOf(target, texts, id) : `${target.singular} ${id}`,
      display: scenes
        .map((scene) => fieldCell(scene, texts[scene.column.field?.name ?? ''] ?? null, formatOf(ctx)).display)
        .filter((text) => text !== '')
        .join(' · '),
    })),
  }
}

/** What tells the records apart beside their title: the first columns of their list, without what all share. */
function detailColumns(ctx: RequestContext, target: Resource, related: RelatedList): ListColumn[] {
  return visibleColumns(ctx, target)
    .filter(({ field }) => field && field !== target.title.field && !related.fields.includes(field.name))
    .slice(0, MOST_DETAILS)
}

function belongs(target: Resource, name: string, text: string | null): SQL {
  return text === null ? sql`false` : sql`${column(ALIAS, target.fields.get(name)?.column.name ?? name)} = ${text}`
}
