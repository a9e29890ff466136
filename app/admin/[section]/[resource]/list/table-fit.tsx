'use client'

import { useEffect, useRef } from 'react'

/**
 * Tells the box around it whether its table fits, and the frame around that whether it goes on beyond the edge. What scrolls sideways also catches whatever should stick to the page,
 * and style sheets cannot ask; until this has looked, the box scrolls.
 */
export function TableFit() {
  const mark = useRef<HTMLSpanElement>(null)

  useEffect(() => {
    const box = mark.current?.parentElement
    const table = box?.querySelector('table')
    if (!box || !table) return
    const look = () => {
      const isWide = table.scrollWidth > box.clientWidth
      box.toggleAttribute('data-wide', isWide)
      box.toggleAttribute('data-fits', !isWide)
      goOn()
    }
    // Whether there is more at the end; from right to left scrolling counts downwards.
    const goOn = () => {
      const rest = box.scrollWidth - box.clientWidth - Math.abs(box.scrollLeft)
      box.parentElement?.toggleAttribute('data-goes-on', rest > 1)
    }
    const observer = new ResizeObserver(look)
    observer.observe(box)
    observer.observe(table)
    box.addEventListener('scroll', goOn, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', goOn)
    }
  }, [])

  return <span ref={mark} hidden />
}
