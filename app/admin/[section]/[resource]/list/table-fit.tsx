'use client'

import { useEffect, useRef } from 'react'

/**
 * Tells the box around it whether its table fits. What scrolls sideways also catches whatever should stick to the page,
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
    }
    const observer = new ResizeObserver(look)
    observer.observe(box)
    observer.observe(table)
    return () => observer.disconnect()
  }, [])

  return <span ref={mark} hidden />
}
