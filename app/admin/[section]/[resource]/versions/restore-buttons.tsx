'use client'

import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { showDone } from '@/app/admin/history/show-done'
import { Button } from '@/lib/ui/button/button'
import { restore, undelete } from './actions'

interface Props {
  /** 'catalogue/declarations' */
  resource: string
  id: string
}

/** Brings a deleted entry back under its own key, with its versions. @param onDone where its page is open, and stays */
export function UndeleteRecord({ resource, id, onDone }: Props & { onDone?: () => void }) {
  const act = () => undelete({ resource, id })
  return <Restore label="Undelete" busy="Bringing it back…" tone="primary" act={act} onDone={onDone} />
}

/** Makes this version's values the newest ones again. */
export function RestoreVersion({ resource, id, version }: Props & { version: number }) {
  return <Restore label="Restore this version" busy="Restoring…" act={() => restore({ resource, id, version })} />
}

interface RestoreProps {
  label: string
  busy: string
  tone?: 'primary'
  act: () => ReturnType<typeof undelete>
  onDone?: () => void
}

function Restore({ label, busy, tone, act, onDone }: RestoreProps) {
  const router = useRouter()
  const [isRunning, start] = useTransition()
  const run = () =>
    start(async () => {
      const answer = await act().catch(() => undefined)
      if (answer?.ok) {
        showDone(answer.message, answer.value.undo)
        if (!onDone) return router.push(answer.value.href)
        onDone()
        return router.refresh()
      }
      const message = answer
        ? [...new Set([answer.message, ...Object.values(answer.fields).flat()])].join(' ')
        : 'The server could not be reached. Try again in a moment.'
      notifications.show({ color: 'red', title: 'Nothing was changed', message, autoClose: false })
    })
  return (
    <Button tone={tone} size={onDone && 'small'} disabled={isRunning} aria-busy={isRunning} onClick={run}>
      {isRunning ? busy : label}
    </Button>
  )
}
