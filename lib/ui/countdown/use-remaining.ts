import { useEffect, useState } from 'react'
import { remainingWords, URGENT_MS } from './remaining'
import { everySecond } from './ticker'

/**
 * What is left until `end`, in words, each second.
 * @param end by this browser's clock in ms; undefined until the page is alive @param startMs what the server saw
 */
export function useRemaining(end: number | undefined, startMs: number): { words: string; isUrgent: boolean } {
  const [shown, setShown] = useState({ words: remainingWords(startMs), isUrgent: startMs < URGENT_MS })
  useEffect(() => {
    if (end === undefined) return
    return everySecond((isCalm) => {
      const ms = end - Date.now()
      const next = { words: remainingWords(ms, isCalm), isUrgent: ms < URGENT_MS }
      setShown((old) => (old.words === next.words && old.isUrgent === next.isUrgent ? old : next))
    })
  }, [end])
  return shown
}
