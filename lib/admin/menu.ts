import type { RequestContext } from './context'
import { numberFormat } from './fields/format'
import { type RowCount, rowCounts } from './row-counts'
import type { Resource } from './tree'
import type { MenuView } from './view'

/** Where a resource's list stands. */
export const listHrefOf = ({ section, slug }: Pick<Resource, 'section' | 'slug'>): string => `/admin/${section}/${slug}`

/** Where a record stands, at the moment its resource stands at; its id is one segment whatever it contains. */
export const recordHref = (resource: Pick<Resource, 'section' | 'slug' | 'past'>, id: string): string =>
  `${listHrefOf(resource)}/${encodeURIComponent(id)}${resource.past ? `?${atQuery(resource)}` : ''}`

/** `at=…` where the resource stands at an earlier moment, else nothing: what an address to it keeps. */
export const atQuery = ({ past }: Pick<Resource, 'past'>): string => (past ? `at=${past.at}` : '')

/** Where one version of an append-only record stands. */
export const versionHref = (resource: Pick<Resource, 'section' | 'slug'>, id: string, version: number): string =>
  `${recordHref(resource, id)}?version=${version}`

/**
 * The side menu as this person sees it. There is no count where a scope makes the whole table's number wrong.
 */
export async function loadMenu(ctx: RequestContext, system: MenuView['system'] = []): Promise<MenuView> {
  const { title, logo, footer, sections } = ctx.admin
  const counts = await rowCounts(ctx)
  const groups = await Promise.all(
    sections.map(async ({ key, label, resources }) => {
      const answers = await Promise.all(resources.map((resource) => resource.hidden || resource.authorize(ctx, 'list')))
      const items = resources.flatMap((resource, at) => {
        if (resource.hidden || answers[at] === false) return []
        const isWhole = answers[at] === true && !resource.scope(ctx)
        const count = isWhole ? shortCount(counts(resource), ctx.locale) : undefined
        return [{ href: listHrefOf(resource), label: resource.plural, icon: resource.icon, count }]
      })
      return { key, label, items }
    }),
  )
  return { title, logo, footer, sections: groups.filter(({ items }) => items.length > 0), system }
}

/** 50 → '50', 2,000 → '2,000', 20,000 → '20K', more than that → '1,000+': as short as the menu needs. */
function shortCount(found: RowCount | undefined, locale: string): string | undefined {
  if (found === undefined) return undefined
  const { count, isAtLeast } = found
  return `${numberFormat(locale, count >= 10_000 ? COMPACT : undefined).format(count)}${isAtLeast ? '+' : ''}`
}

const COMPACT = { notation: 'compact', maximumFractionDigits: 1 } as const
