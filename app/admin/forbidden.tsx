'use client'

import { Lock } from 'lucide-react'
import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Page } from '@/lib/ui/page/page'

/** Next hands it to every page beside what that shows: a client component is a name there, until it is needed. */
export default function NotAllowedPage() {
  return (
    <Page title="Not allowed" path={[{ label: 'Not allowed' }]}>
      <EmptyState
        isPage
        icon={<Lock size={20} aria-hidden="true" />}
        title="Your role does not allow this page"
        actions={
          <>
            <ButtonLink href="/admin">Go home</ButtonLink>
            <ButtonLink href="/admin/settings/account">Your account</ButtonLink>
          </>
        }
      >
        Ask an owner of this site if you need it.
      </EmptyState>
    </Page>
  )
}
