'use client'

import { useRouter } from 'next/navigation'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { showDone } from '@/app/admin/history/show-done'
import type { ActionResult, DeletionView } from '@/lib/admin/view'
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
  const deletion = useDeletion(resource, id, isOpen)

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
          <div className={styles.ask} aria-live="polite">
            {sentencesOf(deletion, singular.toLowerCase()).map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
            {!isRecorded && <p>Its changes are not recorded, so this is final.</p>}
          </div>
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

/** Longer nobody waits to be asked. */
const PATIENCE_MS = 10_000

type Deletion = DeletionView | 'loading' | 'unknown'

/** What else would go or is in the way, asked each time the question is put. */
function useDeletion(resource: string, id: string, isAsked: boolean): Deletion {
  const [deletion, setDeletion] = useState<Deletion>('loading')
  useEffect(() => {
    if (!isAsked) return
    const stop = new AbortController()
    setDeletion('loading')
    askFor(`/api/deletion/${resource}/${encodeURIComponent(id)}`, stop.signal).then((found) => {
      if (!stop.signal.aborted) setDeletion(found)
    })
    return () => stop.abort()
  }, [resource, id, isAsked])
  return deletion
}

async function askFor(address: string, signal: AbortSignal): Promise<Deletion> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) })
    return answer.ok ? ((await answer.json()) as DeletionView) : 'unknown'
  } catch {
    return 'unknown'
  }
}

function sentencesOf(deletion: Deletion, singular: string): string[] {
  if (deletion === 'loading') return [`Looking for what refers to this ${singular}…`]
  if (deletion === 'unknown') return [`What refers to this ${singular} could not be read: more may go with it.`]
  const { goes, stays, blocks } = deletion
  const list = (words: string[]) => new Intl.ListFormat('en').format(words)
  if (blocks.length > 0) return [`This ${singular} cannot go while it is referred to by ${list(blocks)}.`]
  return [
    goes.length > 0 ? `This ${singular} goes, and with it ${list(goes)}.` : `This ${singular} goes.`,
    ...(stays.length > 0 ? [`What stays and no longer refers to it: ${list(stays)}.`] : []),
  ]
}

/** True once the page is alive: before, a click would be lost. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    () => () => {},
    () => true,
    () => false,
  )
}
