'use client'

import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import type { UndoAnswer, UndoRequest } from '@/lib/admin/history/undo-view'
import { Button } from '@/lib/ui/button/button'
import { undo } from './actions'
import styles from './undo.module.css'

/** Undoes one change. */
export function UndoChange({ id }: { id: string }) {
  return <UndoButton request={{ ids: [id] }} label="Undo" />
}

/** Undoes a whole transaction; of many changes it asks first. */
export function UndoTransaction({ tx, count }: { tx: string; count: number }) {
  const question =
    count > 1
      ? `This undoes all ${count > 1000 ? 'of its' : count} changes of the transaction, in one step.`
      : undefined
  return <UndoButton request={{ tx }} label={question ? 'Undo…' : 'Undo'} question={question} />
}

/** Brings a deleted record back. */
export function RestoreRecord({ id }: { id: string }) {
  return <UndoButton request={{ ids: [id] }} label="Restore" tone="primary" size="normal" />
}

/** Undoes what a request of this person has just done. */
export function UndoLast({ request }: { request: string }) {
  return <UndoButton request={{ request }} label="Undo" />
}

interface Props {
  request: UndoRequest
  label: string
  question?: string
  tone?: 'default' | 'primary'
  size?: 'normal' | 'small'
}

function UndoButton({ request, label, question, tone, size = 'small' }: Props) {
  const router = useRouter()
  const [isRunning, start] = useTransition()

  function run(asked: UndoRequest) {
    start(async () => {
      const answer: UndoAnswer = await undo(asked)
      if (answer.ok) {
        notifications.show({ color: 'accent', message: answer.message })
        router.refresh()
      } else if (answer.conflicts && answer.conflicts.length > 0) {
        compare(answer, asked)
      } else {
        notifications.show({ color: 'red', title: 'Nothing was undone', message: answer.message, autoClose: false })
      }
    })
  }

  /** Later changes stand in the way: shows them and lets the person choose. */
  function compare(answer: Extract<UndoAnswer, { ok: false }>, asked: UndoRequest) {
    modals.openConfirmModal({
      title: 'Changed again since',
      size: 'lg',
      children: (
        <>
          <p>{answer.message}</p>
          <table className={styles.compare}>
            <thead>
              <tr>
                <th>Field</th>
                <th>After the change</th>
                <th>Now</th>
                <th>Undo would set</th>
              </tr>
            </thead>
            <tbody>
              {answer.conflicts?.map(({ record, label: field, expected, now, wanted }) => (
                <tr key={`${record} ${field}`}>
                  <td>
                    {record} · {field}
                  </td>
                  <td>{expected ?? 'none'}</td>
                  <td>{now ?? 'none'}</td>
                  <td>{wanted ?? 'none'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      ),
      labels: { confirm: 'Undo all the same', cancel: 'Leave it' },
      confirmProps: { color: 'red' },
      cancelProps: { variant: 'default' },
      onConfirm: () => run({ ...asked, overrule: true }),
    })
  }

  function ask() {
    if (!question) return run(request)
    modals.openConfirmModal({
      title: 'Undo?',
      children: question,
      labels: { confirm: 'Undo', cancel: 'Leave it' },
      cancelProps: { variant: 'default' },
      onConfirm: () => run(request),
    })
  }

  return (
    <Button size={size} tone={tone} disabled={isRunning} aria-busy={isRunning} onClick={ask}>
      {isRunning ? 'Undoing…' : label}
    </Button>
  )
}
