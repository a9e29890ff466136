'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { follow } from './follow'
import { markRefresh } from './refresh-mark'

interface Props {
  /** What the page shows: 'effects', 'tasks', 'job:<id>' … */
  topic: string
  /** How that was when the page was drawn. */
  pulse: string
}

/** Draws the page again when what it shows has changed. */
export function RefreshOnChange({ topic, pulse }: Props) {
  const router = useRouter()
  useEffect(() => {
    return follow(topic, pulse, () => {
      markRefresh()
      router.refresh()
    })
  }, [topic, pulse, router])
  return null
}
