'use client'

import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useRef, useTransition } from 'react'

/** However much changes, the page is drawn anew at most this often. */
const EVERY_MS = 1000

/**
 * Draws the page anew, now or as soon as it is due and visible.
 * @param onBegin called when it is asked for
 */
export function useRefresh(onBegin?: () => void): () => void {
  const router = useRouter()
  const [isPending, startTransition] = useTransition()
  const begin = useRef(onBegin)
  begin.current = onBegin
  const now = useRef({ isWanted: false, isPending, last: Number.NEGATIVE_INFINITY, timer: 0 })
  now.current.isPending = isPending

  const look = useCallback(() => {
    const at = now.current
    window.clearTimeout(at.timer)
    if (!at.isWanted || at.isPending || document.visibilityState === 'hidden') return
    const wait = at.last + EVERY_MS - performance.now()
    if (wait > 0) {
      at.timer = window.setTimeout(look, wait)
      return
    }
    at.isWanted = false
    at.last = performance.now()
    begin.current?.()
    startTransition(() => router.refresh())
  }, [router])

  // What was asked for while the page was on its way: after everybody has seen that it has arrived.
  useEffect(() => {
    if (isPending) return
    const timer = window.setTimeout(look)
    return () => window.clearTimeout(timer)
  }, [isPending, look])

  useEffect(() => {
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      window.clearTimeout(now.current.timer)
    }
  }, [look])

  return useCallback(() => {
    now.current.isWanted = true
    look()
  }, [look])
}
