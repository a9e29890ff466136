'use client'

import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import type { UndoRefusal } from '@/lib/admin/history/undo-view'
import type { ActionResult } from '@/lib/admin/view'
import { UndoChoices } from '../../history/undo-choices'
import { answerUndoJob, changeJob } from './actions'

interface Props {
  /** The job's id. */
  id: string
  /** Which question is answered. */
  token: string
  message: string
  refusal: UndoRefusal
}

/** What a large undo found in its way, and what it is to do about that: the same as a smaller one asks in a dialog. */
export function UndoQuestion({ id, token, message, refusal }: Props) {
  const router = useRouter()
  const [isBusy, start] = useTransition()

  const send = (say: () => Promise<ActionResult>) =>
    start(async () => {
      const result = await say().catch(() => undefined)
      notifications.show({
        color: result?.ok ? 'accent' : 'red',
        message: result?.message ?? 'The server could not be reached. Try again in a moment.',
      })
      router.refresh()
    })

  return (
    <UndoChoices
      message={message}
      refusal={refusal}
      leave="Undo nothing"
      isBusy={isBusy}
      onChoose={(chosen) => send(() => answerUndoJob({ id, token, chosen }))}
      onClose={() => send(() => changeJob({ operation: 'cancel', id }))}
    />
  )
}
