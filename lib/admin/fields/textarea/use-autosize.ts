'use client'

import { useLayoutEffect, useRef } from 'react'

const MOST_PX = 640

/** Lets a textarea grow with its text, up to a height at which scrolling in it is better. */
export function useAutosize(text: string) {
  const ref = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    const area = ref.current
    if (!area || text === undefined) return
    const border = area.offsetHeight - area.clientHeight
    area.style.height = 'auto'
    const wanted = area.scrollHeight + border
    area.style.height = `${Math.min(wanted, MOST_PX)}px`
    area.style.overflowY = wanted > MOST_PX ? 'auto' : 'hidden'
  }, [text])
  return ref
}
