'use client'

import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react'

const GoneContext = createContext(false)

/** Whether the record went after its page was opened, as far as the page was drawn again since. */
export const useIsGone = () => useContext(GoneContext)

interface Props {
  isGone: boolean
  /** The record's page; of a record that is gone what stands in its place, or leads away from it. */
  children: ReactNode
}

/**
 * Keeps the page of a record that goes while it is open: drawn again, by a save's answer for one, it stays as it was, with
 * what is typed in it, and says that the record is gone. Whoever opens the record anew gets what stands in its place.
 */
export function OpenRecord({ isGone, children }: Props) {
  const last = useRef<ReactNode>(undefined)
  useEffect(() => {
    if (!isGone) last.current = children
  }, [isGone, children])
  const kept = isGone ? last.current : undefined
  return <GoneContext value={kept !== undefined}>{kept ?? children}</GoneContext>
}
