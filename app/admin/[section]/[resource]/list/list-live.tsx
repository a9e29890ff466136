'use client'

import { useEffect, useRef, useSyncExternalStore } from 'react'
import { listen } from '@/app/admin/live/live'
import { useRefresh } from '@/app/admin/live/use-refresh'
import { Button } from '@/lib/ui/button/button'
import styles from './list-live.module.css'
import {
  awaitOwnDrawing,
  forgetNews,
  noNews,
  noteAdded,
  noteDeleted,
  onRowNews,
  type RowNews,
  rowNews,
  showNews,
} from './live-rows'

interface Props {
  /** Keys of the resource and of those whose records its rows name. */
  resource: string
  others: readonly string[]
  singular: string
  plural: string
}

/** Follows what changes in a list; what is new or has moved waits above it until it is asked for. */
export function ListLive({ resource, others, singular, plural }: Props) {
  const news = useSyncExternalStore(onRowNews, rowNews, noNews)
  const refresh = useRefresh(awaitOwnDrawing)
  const concerned = useRef(new Set<string>())
  concerned.current = new Set([resource, ...others])

  useEffect(() => {
    const stop = listen((event) => {
      if (event.kind === 'reload') return refresh()
      if (event.kind !== 'changes') return
      const own = event.sights.filter((sight) => concerned.current.has(sight.resource))
      for (const { resource: key, op, id } of own) {
        if (key !== resource || id === undefined) continue
        if (op === 'insert') noteAdded(id)
        if (op === 'delete') noteDeleted(id)
      }
      if (own.length > 0) refresh()
    })
    return () => {
      stop()
      forgetNews()
    }
  }, [resource, refresh])

  const words = wordsOf(news, singular.toLowerCase(), plural.toLowerCase())
  return (
    <div role="status" className={styles.place}>
      {words && (
        <p className={styles.news}>
          {words}
          <Button size="small" onClick={showNews}>
            Show
          </Button>
        </p>
      )}
    </div>
  )
}

function wordsOf({ added, gone, isMoved }: RowNews, singular: string, plural: string): string | undefined {
  const count = (number: number) => `${number} ${number === 1 ? singular : plural}`
  const parts = [
    added > 0 && `${added} new ${added === 1 ? singular : plural}`,
    gone > 0 && `${added > 0 ? gone : count(gone)} deleted`,
  ].filter((part) => part !== false)
  if (parts.length > 0) return parts.join(', ')
  return isMoved ? `Other ${plural} belong here by now` : undefined
}
