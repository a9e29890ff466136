'use client'

import { Button } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'

interface Props {
  error: unknown
  retry: () => void
}

/** By the code of app/page-outcome.ts; everything else is ours to look into. */
const WORDS: Record<string, { title: string; words: string }> = {
  unavailable: {
    title: 'The database cannot be reached',
    words: 'Nothing is lost. Try again in a moment; the site connects again by itself.',
  },
  timeout: {
    title: 'The database took too long',
    words: 'It was stopped before it could slow down others. Narrow the filters or sort by another column.',
  },
  misconfigured: {
    title: 'The configuration has a mistake',
    words: 'The server’s log says where. It is for whoever looks after this site.',
  },
}

const UNKNOWN = {
  title: 'Something went wrong on our side',
  words: 'Nothing was changed. Try again; if it happens again, tell whoever looks after this site.',
}

/** What happened, whether trying again helps, and what to tell those who can look it up in the log. */
export function Problem({ error, retry }: Props) {
  const { code, reference } = readDigest(error)
  const { title, words } = WORDS[code] ?? UNKNOWN
  return (
    <div role="alert">
      <EmptyState
        isPage
        title={title}
        actions={
          <Button tone="primary" onClick={() => retry()}>
            Try again
          </Button>
        }
      >
        {words}
        {reference && (
          <>
            {' '}
            Reference <kbd>{reference}</kbd>
          </>
        )}
      </EmptyState>
    </div>
  )
}

/** Ours reads 'KONTOR;code;reference'; another digest is Next's own, which its log line carries too. */
function readDigest(error: unknown): { code: string; reference: string } {
  const digest = error instanceof Error && 'digest' in error ? String(error.digest) : ''
  const [mark, code = '', reference = ''] = digest.split(';')
  return mark === 'KONTOR' ? { code, reference } : { code: '', reference: digest }
}
