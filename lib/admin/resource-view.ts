import { notFound } from '@/lib/errors'
import type { RequestContext } from './context'
import { listHrefOf } from './menu'
import { assertAllowed, isAllowed } from './policy'
import type { Resource } from './tree'
import type { ResourceView } from './view'

/**
 * The resource an address names, where this person may see it.
 * @throws AdminError `not_found`, `forbidden`
 */
export async function findResource(ctx: RequestContext, section: string, slug: string): Promise<Resource> {
  const resource = ctx.admin.resources.get(`${section}/${slug}`)
  if (!resource) throw notFound(`The page ${section}/${slug}`)
  await assertAllowed(ctx, resource, 'list')
  return resource
}

/** The resource as pages draw it. */
export async function viewResource(ctx: RequestContext, resource: Resource): Promise<ResourceView> {
  const [create, update, remove] = await Promise.all(
    (['create', 'update', 'delete'] as const).map((operation) => isAllowed(ctx, resource, operation)),
  )
  return {
    key: resource.key,
    section: resource.section,
    sectionLabel: ctx.admin.sections.find(({ key }) => key === resource.section)?.label ?? resource.section,
    slug: resource.slug,
    singular: resource.singular,
    plural: resource.plural,
    description: resource.description,
    isRecorded: resource.history,
    href: listHrefOf(resource),
    at: resource.past?.at,
    can: { create: create ?? false, update: update ?? false, delete: remove ?? false },
  }
}
