'use client'

import { Problem } from './problem'
import './globals.css'

/** The last resort: not even the document could be drawn, as when the configuration has a mistake. */
export default function GlobalErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <main>
          <title>Something went wrong</title>
          <Problem error={error} retry={retry} />
        </main>
      </body>
    </html>
  )
}
