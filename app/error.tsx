'use client'

import { Problem } from './problem'

/** What could not even draw the shell: the database is away, for instance. */
export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <main>
      <title>Something went wrong</title>
      <Problem error={error} retry={retry} />
    </main>
  )
}
