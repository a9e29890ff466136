'use client'

import { useEffect, useRef, useState } from 'react'
import { listen } from '@/app/admin/live/live'
import { useRefresh } from '@/app/admin/live/use-refresh'
import { Button } from '@/lib/ui/button/button'
import { useOpenRecord } from '../record/open-record'
import styles from './form.module.css'
import { RestoreHere } from './restore-here'

interface Props {
  resource: string
  id: string
  singular: string
  isDirty: boolean
  /** Changes of this page's own: not told while one is on its way, and not afterwards by its request. */
  isSaving: boolean
  saved: string | undefined
  /** Whether a save was told that there is no such record. */
  isRefused: boolean
  /** The record has been brought back from here. */
  onBack: () => void
}

/** What somebody else did to the record while it was open. */
interface Notice {
  /** Empty where nobody says. */
  who: string
  fields: string[]
  isGone: boolean
  /** Whether the form shows it already. */
  isShown: boolean
}

/** Says what others do to the record, and keeps what is typed. Where nothing is typed, the form shows it at once. */
export function RecordLive({ resource, id, singular, isDirty, isSaving, saved, isRefused, onBack }: Props) {
  const [notice, setNotice] = useState<Notice>()
  const refresh = useRefresh()
  const { isGone: isDrawnGone, isOwnDeed, ownRequest } = useOpenRecord()
  const now = useRef({ isDirty, isSaving, saved, isOwnDeed, ownRequest })
  now.current = { isDirty, isSaving, saved, isOwnDeed, ownRequest }

  useEffect(
    () =>
      listen((event) => {
        const sights = event.kind === 'changes' ? event.sights.filter((sight) => sight.resource === resource) : []
        const isUnsaid = event.kind === 'reload' || sights.some((sight) => sight.id === undefined)
        for (const { id: changed, op, fields = [], who = '', request } of sights) {
          if (changed !== id) continue
          const isOwn = request !== undefined && isOfThisPage(request, now.current)
          if (op === 'insert') {
            // It is back: the page is drawn again around what is typed.
            setNotice((earlier) => (earlier?.isGone ? undefined : earlier))
            refresh()
          }
          if (op === 'insert' || isOwn) continue
          const isShown = op === 'update' && !now.current.isDirty
          setNotice((earlier) => merge(earlier, { who, fields, isGone: op === 'delete', isShown }))
          if (isShown) refresh()
        }
        // Where something is typed, the form keeps what it was typed over.
        if (isUnsaid && !now.current.isDirty) refresh()
      }),
    [resource, id, refresh],
  )

  // Drawn again, by a save's answer for one, the page may learn it before it hears of it; or that the record is back.
  const isGone = isDrawnGone || isRefused
  useEffect(() => {
    if (!isGone) return
    setNotice((earlier) => (earlier?.isGone ? earlier : { who: '', fields: [], isGone, isShown: false }))
    return () => setNotice((earlier) => (earlier?.isGone ? undefined : earlier))
  }, [isGone])

  // What was saved went through the server's own comparison.
  useEffect(() => {
    if (saved !== undefined) setNotice((earlier) => (earlier?.isGone ? earlier : undefined))
  }, [saved])

  function back(): void {
    setNotice(undefined)
    onBack()
  }

  // Whoever deletes it themself is on the way to the list; where it could not be done, what happened meanwhile is told.
  if (!notice || (notice.isGone && isOwnDeed)) return null
  return (
    <div role="status" className={styles.others} data-gone={notice.isGone || undefined}>
      <p>{sentence(notice, singular.toLowerCase())}</p>
      <div className={styles.othersAnswers}>
        {notice.isGone && <RestoreHere resource={resource} id={id} onDone={back} />}
        {notice.isGone || notice.isShown ? (
          <Button size="small" tone="quiet" onClick={() => setNotice(undefined)}>
            {notice.isGone ? 'Close' : 'All right'}
          </Button>
        ) : (
          <>
            <Button
              size="small"
              onClick={() => {
                refresh()
                setNotice(undefined)
              }}
            >
              Show
            </Button>
            <Button size="small" tone="quiet" onClick={() => setNotice(undefined)}>
              Keep typing
            </Button>
          </>
        )}
      </div>
    </div>
  )
}

interface OwnDeeds {
  isDirty: boolean
  isSaving: boolean
  saved: string | undefined
  isOwnDeed: boolean
  ownRequest?: string
}

/** Whether the page's own save made a change, or an undo from here; what an undo did beneath typed values is told all the same. */
function isOfThisPage(request: string, { isDirty, isSaving, saved, isOwnDeed, ownRequest }: OwnDeeds): boolean {
  return isSaving || request === saved || (!isDirty && (isOwnDeed || request === ownRequest))
}

function sentence({ who, fields, isGone }: Notice, noun: string): string {
  if (!isGone) return `Changed just now${who && ` by ${who}`}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}.`
  const how = who ? `${who} has deleted this ${noun}.` : `This ${noun} is not there any more.`
  return `${how} What you see and typed is still here.`
}

function merge(earlier: Notice | undefined, next: Notice): Notice {
  if (!earlier || next.isGone || (earlier.isShown && earlier.who !== next.who)) return next
  const people = new Set([...earlier.who.split(', '), next.who].filter((who) => who !== ''))
  return {
    who: [...people].join(', '),
    fields: [...new Set([...earlier.fields, ...next.fields])],
    isGone: earlier.isGone,
    isShown: earlier.isShown && next.isShown,
  }
}
