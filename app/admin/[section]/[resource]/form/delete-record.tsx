'use client'

import { useRouter } from 'next/navigation'
import { useState, useSyncExternalStore } from 'react'
import { showDone } from '@/app/admin/history/show-done'
import type { ActionResult } from '@/lib/admin/view'
import { Button } from '@/lib/ui/button/button'
import { byOwnHand } from '../record/open-record'
import { AskDialog } from './ask-dialog'
import { DeletionQuestion, useDeletion } from './deletion-question'
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

/**
 * Deletes a record after asking, which says what else would go or is in the way. Where the server refuses, the dialog
 * stays open and names why.
 */
export function DeleteRecord({ resource, id, title, singular, listHref, isRecorded, remove }: Props) {
  const router = useRouter()
  const isReady = useHydrated()
  const [isOpen, setOpen] = useState(false)
  const [isDeleting, setDeleting] = useState(false)
  const [problems, setProblems] = useState<string[]>([])
  const [canRetry, setCanRetry] = useState(false)
  const deletion = useDeletion(resource, JSON.stringify([id]), isOpen)

  async function confirm(): Promise<void> {
    setDeleting(true)
    try {
      await byOwnHand(async () => {
        const answer = await remove({ resource, ids: [id] })
        if (answer.ok) {
          setOpen(false)
          showDone(answer.message, answer.value.undo)
          router.push(listAddress(resource, answer.value.href ?? listHref))
        } else {
          setProblems([...new Set([answer.message, ...Object.values(answer.fields).flat()])])
          setCanRetry(isPassing(answer))
        }
        return answer.ok
      })
    } catch {
      setProblems(['The server could not be reached. Nothing was deleted: try again in a moment.'])
      setCanRetry(true)
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
            {(problems.length === 0 || canRetry) && (
              <Button tone="danger" disabled={isDeleting || deletion === 'loading'} onClick={confirm}>
                {isDeleting ? 'Deleting…' : problems.length > 0 ? 'Try again' : 'Delete'}
              </Button>
            )}
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
          <DeletionQuestion deletion={deletion} noun={singular.toLowerCase()} isMany={false} isRecorded={isRecorded} />
        )}
      </AskDialog>
    </>
  )
}

/** Whether the same deletion may work later without anybody doing anything about it. */
function isPassing({ code, fields }: Extract<ActionResult, { ok: false }>): boolean {
  if (code === 'conflict') return Object.keys(fields).length === 0 // what holds on to it is said of the record as a whole
  return code === 'unavailable' || code === 'timeout' || code === 'unexpected'
}

/** True once the page is alive: before, a click would be lost. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  )
}
