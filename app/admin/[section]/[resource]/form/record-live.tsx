'use client'

import { useEffect, useRef, useState } from 'react'
import { listen } from '@/app/admin/live/live'
import { useRefresh } from '@/app/admin/live/use-refresh'
import { Button } from '@/lib/ui/button/button'
import styles from './form.module.css'

interface Props {
  resource: string
  id: string
  singular: string
  isDirty: boolean
  /** Changes of this page's own: not told while one is on its way, and not afterwards by its request. */
  isSaving: boolean
  saved: string | undefined
}

/** What somebody else did to the record while it was open. */
interface Notice {
  who: string
  fields: string[]
  isGone: boolean
  /** Whether the form shows it already. */
  isShown: boolean
}

/** Says what others do to the record, and keeps what is typed. Where nothing is typed, the form shows it at once. */
export function RecordLive({ resource, id, singular, isDirty, isSaving, saved }: Props) {
  const [notice, setNotice] = useState<Notice>()
  const refresh = useRefresh()
  const now = useRef({ isDirty, isSaving, saved })
  now.current = { isDirty, isSaving, saved }

  useEffect(
    () =>
      listen((event) => {
        const sights = event.kind === 'changes' ? event.sights.filter((sight) => sight.resource === resource) : []
        const isUnsaid = event.kind === 'reload' || sights.some((sight) => sight.id === undefined)
        for (const { id: changed, op, fields = [], who = '', request } of sights) {
          const isOwn = request !== undefined && (now.current.isSaving || request === now.current.saved)
          if (changed !== id || op === 'insert' || isOwn) continue
          const isShown = op === 'update' && !now.current.isDirty
          setNotice((earlier) => merge(earlier, { who, fields, isGone: op === 'delete', isShown }))
          if (isShown) refresh()
        }
        // A refresh of a record that is gone would take away what is typed.
        if (isUnsaid && !now.current.isDirty) refresh()
      }),
    [resource, id, refresh],
  )

  // What was saved went through the server's own comparison.
  useEffect(() => {
    if (saved !== undefined) setNotice((earlier) => (earlier?.isGone ? earlier : undefined))
  }, [saved])

  if (!notice) return null
  const { who, fields, isGone, isShown } = notice
  return (
    <div role="status" className={styles.others} data-gone={isGone || undefined}>
      <p>
        {isGone
          ? `${who} has deleted this ${singular.toLowerCase()}. What you see and typed is still here.`
          : `Changed just now by ${who}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}.`}
      </p>
      {isGone || isShown ? (
        <Button size="small" tone="quiet" onClick={() => setNotice(undefined)}>
          {isGone ? 'Close' : 'All right'}
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
  )
}

function merge(earlier: Notice | undefined, next: Notice): Notice {
  if (!earlier || next.isGone || (earlier.isShown && earlier.who !== next.who)) return next
  const who = earlier.who.split(', ').includes(next.who) ? earlier.who : `${earlier.who}, ${next.who}`
  return {
    who,
    fields: [...new Set([...earlier.fields, ...next.fields])],
    isGone: earlier.isGone,
    isShown: earlier.isShown && next.isShown,
  }
}
