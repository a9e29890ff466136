'use client'

import { useEffect, useState } from 'react'
import type { OptionsView } from '../../view'

export interface Options {
  state: 'loading' | 'ready' | 'failed'
  options: OptionsView['options']
  hasMore: boolean
}

const DEBOUNCE_MS = 150
const LOADING: Options = { state: 'loading', options: [], hasMore: false }

/**
 * Records to choose from, asked of the server as one types. Asks while `isActive`; a newer term aborts the older request,
 * and what was found stays in view until the next answer is there.
 */
export function useOptions(url: string | undefined, term: string, isActive: boolean): Options {
  const [found, setFound] = useState<Options>(LOADING)
  useEffect(() => {
    if (!url || !isActive) return
    const request = new AbortController()
    const timer = setTimeout(
      async () => {
        try {
          const answer = await fetch(withTerm(url, term), {
            signal: request.signal,
            headers: { accept: 'application/json' },
          })
          if (!answer.ok) throw new Error(`${answer.status}`)
          const { options, hasMore } = (await answer.json()) as OptionsView
          setFound({ state: 'ready', options, hasMore })
        } catch {
          if (!request.signal.aborted) setFound({ state: 'failed', options: [], hasMore: false })
        }
      },
      term === '' ? 0 : DEBOUNCE_MS,
    )
    return () => {
      clearTimeout(timer)
      request.abort()
    }
  }, [url, term, isActive])
  return found
}

function withTerm(url: string, term: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}q=${encodeURIComponent(term)}`
}
