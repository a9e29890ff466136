import type { RequestContext } from '@/lib/admin'
import { viewResource } from '@/lib/admin'
import type { Resource } from '@/lib/admin/tree'
import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page } from '@/lib/ui/page/page'

/** In place of a record that has expired and whose end no history tells. */
export async function ExpiredRecord({
  ctx,
  resource,
  message,
}: {
  ctx: RequestContext
  resource: Resource
  message: string
}) {
  const { singular, plural, sectionLabel, section, href, can } = await viewResource(ctx, resource)
  const title = `This ${singular.toLowerCase()} has expired`
  return (
    <Page
      title={title}
      path={[{ label: sectionLabel, href: `/admin/${section}` }, { label: plural, href }, { label: 'Expired' }]}
    >
      <EmptyState
        isPage
        icon={<Icon name="timer-off" size={22} />}
        title={title}
        actions={
          <>
            <ButtonLink href={href} tone="primary">
              All {plural.toLowerCase()}
            </ButtonLink>
            {can.create && <ButtonLink href={`${href}/new`}>New {singular.toLowerCase()}</ButtonLink>}
          </>
        }
      >
        {message}
      </EmptyState>
    </Page>
  )
}
