'use client'

import { useEffect } from 'react'
import { remainingWords, URGENT_MS } from './remaining'
import { everySecond } from './ticker'

/**
 * Counts down every `<time data-left="…">` of the page, which the server drew with the milliseconds left: from when it
 * arrived, so that a browser whose clock is wrong counts right. One island for a whole list. Silent for screen readers,
 * who read the words as they stand when they come by.
 */
export function Countdowns() {
  useEffect(() => {
    const ends = new WeakMap<HTMLElement, { left: string; at: number }>()
    return everySecond((isCalm) => {
      for (const element of document.querySelectorAll<HTMLElement>('time[data-left]')) {
        const left = element.dataset.left ?? ''
        const known = ends.get(element)
        const end = known?.left === left ? known : { left, at: Date.now() + Number(left) }
        ends.set(element, end)
        const ms = end.at - Date.now()
        const words = remainingWords(ms, isCalm)
        if (element.textContent !== words) element.textContent = words
        element.dataset.state = ms <= 0 ? 'over' : ms < URGENT_MS ? 'urgent' : ''
      }
    })
  }, [])
  return null
}
