'use client'

import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'

/** An address outside the admin that is nobody's. */
export default function NotFoundPage() {
  return (
    <main>
      <title>Not found</title>
      <EmptyState
        isPage
        title="There is nothing at this address"
        actions={<ButtonLink href="/admin">Go to the admin</ButtonLink>}
      >
        It may have a slip in it.
      </EmptyState>
    </main>
  )
}
