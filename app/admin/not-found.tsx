import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page } from '@/lib/ui/page/page'

/** Drawn beside every page, so it asks nothing of the database. */
export default function NotFoundPage() {
  return (
    <Page title="Not found" path={[{ label: 'Not found' }]}>
      <EmptyState
        isPage
        icon={<Icon name="map-pin-off" size={20} />}
        title="There is nothing at this address"
        actions={<ButtonLink href="/admin">Go home</ButtonLink>}
      >
        It may have been deleted or renamed, or the address has a slip in it.
      </EmptyState>
    </Page>
  )
}
