'use client'

import { useEffect } from 'react'

/** Takes a parameter out of the address once the page is shown, so that a reload or a bookmark does not repeat it. */
export function ForgetParameter({ name }: { name: string }) {
  useEffect(() => {
    const url = new URL(window.location.href)
    if (!url.searchParams.has(name)) return
    url.searchParams.delete(name)
    window.history.replaceState(window.history.state, '', url)
  }, [name])
  return null
}
