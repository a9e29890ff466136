import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page } from '@/lib/ui/page/page'

export default function NotAllowedPage() {
  return (
    <Page title="Not allowed" path={[{ label: 'Not allowed' }]}>
      <EmptyState
        isPage
        icon={<Icon name="lock" size={20} />}
        title="Your role does not allow this page"
        actions={<ButtonLink href="/admin/settings/account">Your account</ButtonLink>}
      >
        Ask an owner of this site if you need it.
      </EmptyState>
    </Page>
  )
}
