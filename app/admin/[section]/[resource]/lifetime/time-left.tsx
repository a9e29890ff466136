'use client'

import type { ReactNode } from 'react'
import { Button } from '@/lib/ui/button/button'
import { useRemaining } from '@/lib/ui/countdown/use-remaining'
import { useLifetime } from './lifetime'
import styles from './time-left.module.css'

/** What the record has left, counting down, and the way to keep it. A timer is not read out by itself. */
export function TimeLeft({ icon }: { icon: ReactNode }) {
  const lifetime = useLifetime()
  const { words, isUrgent } = useRemaining(lifetime?.end, lifetime?.view.remainingMs ?? 0)
  if (!lifetime || lifetime.view.remainingMs === undefined) return null
  const { view, end, expired, isKeeping, said, keep } = lifetime
  const isOver = expired !== undefined
  return (
    <>
      <span
        role="timer"
        className={styles.left}
        data-state={isOver ? 'over' : isUrgent ? 'urgent' : undefined}
        title={view.latest && `At the latest ${view.latest}`}
      >
        {icon}
        <span>{isOver ? 'Expired' : words === 'expired' ? 'No time left' : `${words} left`}</span>
      </span>
      {!isOver && view.canBeKept && (
        <Button disabled={end === undefined || isKeeping} onClick={() => void keep()}>
          {isKeeping ? 'Keeping…' : 'Keep alive'}
        </Button>
      )}
      <span role="status" className={styles.said}>
        {said}
      </span>
    </>
  )
}
