'use client'

import { notifications } from '@mantine/notifications'
import { useTransition } from 'react'
import { Button } from '@/lib/ui/button/button'
import { verify } from './actions'

/** Proves the log, and says what it found. */
export function VerifyLog() {
  const [isRunning, start] = useTransition()
  const run = () =>
    start(async () => {
      const answer = await verify().catch(() => undefined)
      if (!answer?.ok) {
        const message = answer?.message ?? 'The server could not be reached. Try again in a moment.'
        notifications.show({ color: 'red', title: 'Not verified', message, autoClose: false })
        return
      }
      notifications.show({
        color: answer.isIntact ? 'accent' : 'red',
        title: answer.isIntact ? 'Verified' : 'Not intact',
        message: [answer.message, ...answer.findings].join(' '),
        autoClose: answer.isIntact ? 10_000 : false,
      })
    })
  return (
    <Button disabled={isRunning} aria-busy={isRunning} onClick={run}>
      {isRunning ? 'Verifying…' : 'Verify'}
    </Button>
  )
}
