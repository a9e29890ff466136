'use client'

import { useRouter } from 'next/navigation'
import { useState, useSyncExternalStore } from 'react'
import { showDone } from '@/app/admin/history/show-done'
import type { ActionResult } from '@/lib/admin/view'
import { Button } from '@/lib/ui/button/button'
import { byOwnHand } from '../record/open-record'
import { AskDialog } from './ask-dialog'
import styles from './form.module.css'
import { listAddress } from './list-memory'

interface Props {
  /** 'catalogue/products' */
  resource: string
  id: string
  title: string
  singular: string
  listHref: string
  /** Whether a deletion can be undone. */
  isRecorded: boolean
  remove: (input: {
    resource: string
    ids: string[]
  }) => Promise<ActionResult<{ href?: string; undo?: { request: string } }>>
}

/** Deletes a record after asking. What holds on to it is named in the dialog, which stays open then. */
export function DeleteRecord({ resource, id, title, singular, listHref, isRecorded, remove }: Props) {
  const router = useRouter()
  const isReady = useHydrated()
  const [isOpen, setOpen] = useState(false)
  const [isDeleting, setDeleting] = useState(false)
  const [problems, setProblems] = useState<string[]>([])

  async function confirm(): Promise<void> {
    setDeleting(true)
    try {
      await byOwnHand(async () => {
        const answer = await remove({ resource, ids: [id] })
        if (answer.ok) {
          setOpen(false)
          showDone(answer.message, answer.value.undo)
          router.push(listAddress(resource, answer.value.href ?? listHref))
        } else setProblems([...new Set([answer.message, ...Object.values(answer.fields).flat()])])
        return answer.ok
      })
    } catch {
      setProblems(['The server could not be reached. Nothing was deleted: try again in a moment.'])
    } finally {
      setDeleting(false)
    }
  }

  return (
    <>
      <Button
        tone="danger"
        disabled={!isReady}
        onClick={() => {
          setProblems([])
          setOpen(true)
        }}
      >
        Delete…
      </Button>
      <AskDialog
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        title={`Delete “${title}”?`}
        answers={
          <>
            <Button onClick={() => setOpen(false)} data-autofocus>
              {problems.length > 0 ? 'Close' : 'Cancel'}
            </Button>
            <Button tone="danger" disabled={isDeleting} onClick={confirm}>
              {isDeleting ? 'Deleting…' : problems.length > 0 ? 'Try again' : 'Delete'}
            </Button>
          </>
        }
      >
        {problems.length > 0 ? (
          <div role="alert" className={styles.refusal}>
            {problems.map((problem) => (
              <p key={problem}>{problem}</p>
            ))}
          </div>
        ) : (
          <p className={styles.ask}>
            This {singular.toLowerCase()} goes, with what belongs to it alone.
            {!isRecorded && ' Its changes are not recorded, so this is final.'}
          </p>
        )}
      </AskDialog>
    </>
  )
}

/** True once the page is alive: before, a click would be lost. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  )
}
