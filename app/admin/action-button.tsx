'use client'

import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import type { ActionResult } from '@/lib/admin/view'
import { Button } from '@/lib/ui/button/button'

interface Props {
  /** A verb: 'Retry', 'Cancel…'. */
  label: string
  tone?: 'default' | 'primary' | 'quiet' | 'danger'
  size?: 'normal' | 'small'
  /** A server action and what it is called with. */
  action(input: unknown): Promise<ActionResult>
  input: unknown
  /** Asked before: what will happen, in a sentence. */
  question?: string
}

/** A button that has the server do one thing, says how it went, and shows the page as it is then. */
export function ActionButton({ label, tone, size, action, input, question }: Props) {
  const router = useRouter()
  const [isRunning, start] = useTransition()

  const run = () =>
    start(async () => {
      const result = await action(input)
      notifications.show({
        color: result.ok ? 'accent' : 'red',
        message: result.message,
        autoClose: result.ok ? undefined : false,
      })
      if (result.ok) router.refresh()
    })

  function ask() {
    if (!question) return run()
    modals.openConfirmModal({
      title: label.replace(/…$/, '?'),
      children: question,
      labels: { confirm: label.replace(/…$/, ''), cancel: 'Back' },
      confirmProps: tone === 'danger' ? { color: 'red' } : undefined,
      cancelProps: { variant: 'default' },
      onConfirm: run,
    })
  }

  return (
    <Button tone={tone} size={size} disabled={isRunning} aria-busy={isRunning} onClick={ask}>
      {label}
    </Button>
  )
}
