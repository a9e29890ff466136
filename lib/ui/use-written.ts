'use client'

import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'

/** Markup on its way to a component: `id` finds it in the document that carries it, or it comes along. */
export interface Written {
  id: string
  markup?: string
}

/**
 * The markup that `write` was given. The element that receives it says `data-written={id}`: the browser takes it from
 * there, as it reads it. Where the document has it not, since a failure made the browser draw that part by itself, the
 * page is asked for again, which brings it along.
 */
export function useWritten({ id, markup }: Written): string {
  const router = useRouter()
  const [first] = useState(() => markup ?? find(id))
  const isLost = markup === undefined && first === undefined

  useEffect(() => {
    if (isLost) router.refresh()
  }, [isLost, router])

  return markup ?? first ?? ''
}

function find(id: string): string | undefined {
  if (typeof document === 'undefined') return globalThis.kontorWritten?.get(id)
  return document.querySelector(`[data-written="${CSS.escape(id)}"]`)?.innerHTML
}
