'use client'

import { useEffect, useState } from 'react'
import type { DeletionView } from '@/lib/admin/view'
import styles from './form.module.css'

/** Longer nobody waits to be asked. */
const PATIENCE_MS = 10_000

export type Deletion = DeletionView | 'loading' | 'unknown'

/** What else would go or is in the way, asked each time the question is put. @param ids as JSON: the same ids, the same question */
export function useDeletion(resource: string, ids: string, isAsked: boolean): Deletion {
  const [deletion, setDeletion] = useState<Deletion>('loading')
  useEffect(() => {
    if (!isAsked) return
    const stop = new AbortController()
    setDeletion('loading')
    askFor(resource, JSON.parse(ids), stop.signal).then((found) => {
      if (!stop.signal.aborted) setDeletion(found)
    })
    return () => stop.abort()
  }, [resource, ids, isAsked])
  return deletion
}

async function askFor(resource: string, ids: readonly string[], stopping: AbortSignal): Promise<Deletion> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE_MS)])
  const [only = ''] = ids
  try {
    const answer =
      ids.length === 1
        ? await fetch(`/api/deletion/${resource}/${encodeURIComponent(only)}`, { signal })
        : await fetch(`/api/deletion/${resource}`, { method: 'POST', body: JSON.stringify({ ids }), signal })
    return answer.ok ? ((await answer.json()) as DeletionView) : 'unknown'
  } catch {
    return 'unknown'
  }
}

interface Props {
  deletion: Deletion
  /** 'order', '3 orders' */
  noun: string
  isMany: boolean
  isRecorded: boolean
}

/** The question in sentences. */
export function DeletionQuestion({ deletion, noun, isMany, isRecorded }: Props) {
  return (
    <div className={styles.ask} aria-live="polite">
      {sentencesOf(deletion, noun, isMany).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {!isRecorded && <p>{isMany ? 'Their' : 'Its'} changes are not recorded, so this is final.</p>}
    </div>
  )
}

function sentencesOf(deletion: Deletion, noun: string, isMany: boolean): string[] {
  const these = isMany ? `these ${noun}` : `this ${noun}`
  const [it, goes] = isMany ? ['them', 'go'] : ['it', 'goes']
  if (deletion === 'loading') return [`Looking for what refers to ${these}…`]
  if (deletion === 'unknown') return [`What refers to ${these} could not be read: more may go with ${it}.`]
  const list = (words: string[]) => new Intl.ListFormat('en').format(words)
  const subject = `${isMany ? 'These' : 'This'} ${noun}`
  const cut = deletion.isCut ? [`Not all of it could be looked through: more may go with ${it}, or hold on.`] : []
  const { blocks, blocksBelow = [] } = deletion
  if (blocks.length + blocksBelow.length > 0) {
    const direct = `${subject} cannot go while ${isMany ? 'they are' : 'it is'} referred to by ${list(blocks)}.`
    const below = `What would go with ${it} is referred to by ${list(blocksBelow)}, and cannot go either.`
    const only = `${subject} cannot go: what would go with ${it} is referred to by ${list(blocksBelow)}.`
    return [...(blocks.length > 0 ? [direct, ...(blocksBelow.length > 0 ? [below] : [])] : [only]), ...cut]
  }
  return [
    deletion.goes.length > 0 ? `${subject} ${goes}, and with ${it} ${list(deletion.goes)}.` : `${subject} ${goes}.`,
    ...(deletion.stays.length > 0 ? [`What stays and no longer refers to ${it}: ${list(deletion.stays)}.`] : []),
    ...cut,
  ]
}
