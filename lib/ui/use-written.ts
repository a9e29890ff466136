'use client'

import { useState } from 'react'

/** Markup on its way to a component: `id` finds it in the document that carries it, or it comes along. */
export interface Written {
  id: string
  markup?: string
}

/**
 * The markup that `write` was given. The element that receives it says `data-written={id}`: the browser takes it from
 * there, as it reads it.
 */
export function useWritten({ id, markup }: Written): string {
  const [first] = useState(() => markup ?? find(id))
  return markup ?? first
}

function find(id: string): string {
  if (typeof document === 'undefined') return globalThis.kontorWritten?.get(id) ?? ''
  return document.querySelector(`[data-written="${CSS.escape(id)}"]`)?.innerHTML ?? ''
}
