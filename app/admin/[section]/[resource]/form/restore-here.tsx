'use client'

import { useEffect, useState } from 'react'
import { RestoreRecord } from '@/app/admin/history/undo-buttons'
import type { Restorable } from '@/lib/admin/view'
import { UndeleteRecord } from '../versions/restore-buttons'

interface Props {
  /** 'catalogue/products' */
  resource: string
  id: string
  onDone: () => void
}

/** Brings the record back whose form is open; what is typed in it stays. Nothing where the person may not, or nothing can. */
export function RestoreHere({ resource, id, onDone }: Props) {
  const [found, setFound] = useState<Restorable>()
  useEffect(() => {
    const stop = new AbortController()
    find(resource, id, stop.signal).then((by) => {
      if (!stop.signal.aborted) setFound(by)
    })
    return () => stop.abort()
  }, [resource, id])
  if (!found) return null
  return found.change === undefined ? (
    <UndeleteRecord resource={resource} id={id} onDone={onDone} />
  ) : (
    <RestoreRecord id={found.change} size="small" onDone={onDone} />
  )
}

async function find(resource: string, id: string, signal: AbortSignal): Promise<Restorable | undefined> {
  try {
    const answer = await fetch(`/api/restorable/${resource}/${encodeURIComponent(id)}`, { signal })
    return answer.ok ? (((await answer.json()) as { by: Restorable | null }).by ?? undefined) : undefined
  } catch {
    return undefined
  }
}
