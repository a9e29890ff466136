'use client'

import { MapPinOff } from 'lucide-react'
import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Page } from '@/lib/ui/page/page'

/** Next hands it to every page beside what that shows: a client component is a name there, until it is needed. */
export default function NotFoundPage() {
  return (
    <Page title="Not found" path={[{ label: 'Not found' }]}>
      <EmptyState
        isPage
        icon={<MapPinOff size={20} aria-hidden="true" />}
        title="There is nothing at this address"
        actions={<ButtonLink href="/admin">Go home</ButtonLink>}
      >
        It may have been deleted or renamed, or the address has a slip in it.
      </EmptyState>
    </Page>
  )
}
