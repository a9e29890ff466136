'use client'

import { Page } from '@/lib/ui/page/page'
import { Problem } from '../problem'

/** A page that could not be shown, inside the shell. */
export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <Page title="Something went wrong" path={[{ label: 'Something went wrong' }]}>
      <Problem error={error} retry={retry} />
    </Page>
  )
}
