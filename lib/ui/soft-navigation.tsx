'use client'

import { useRouter } from 'next/navigation'
import { useEffect, useTransition } from 'react'
import { closePopover } from './close-popover'
import styles from './soft-navigation.module.css'

/**
 * Follows plain links and GET forms without reloading the page, and draws a line across the top while the next page is
 * on its way. What the browser does better is left to it: other keys and buttons, other sites, files, new windows.
 * One listener on the document comes after every handler of a component, so whoever prevents the default is obeyed.
 */
export function SoftNavigation() {
  const router = useRouter()
  const [isPending, startTransition] = useTransition()

  useEffect(() => {
    const go = (href: string) => startTransition(() => router.push(href))

    const onClick = (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.altKey) return
      const link = event.target instanceof Element ? event.target.closest('a') : null
      const href = link && pageAddress(link, event.shiftKey)
      if (!link || !href) return
      event.preventDefault()
      closePopover(link)
      go(href)
    }

    const onSubmit = (event: SubmitEvent) => {
      const form = event.target
      if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== 'get') return
      event.preventDefault()
      go(formAddress(form))
    }

    document.addEventListener('click', onClick)
    document.addEventListener('submit', onSubmit)
    return () => {
      document.removeEventListener('click', onClick)
      document.removeEventListener('submit', onSubmit)
    }
  }, [router])

  return (
    <div role="status" className={styles.progress} data-pending={isPending || undefined}>
      {isPending && <span className={styles.words}>Loading…</span>}
    </div>
  )
}

/** The address to go to, or undefined where the browser should follow the link itself. */
function pageAddress(link: HTMLAnchorElement, isShifted: boolean): string | undefined {
  const href = isShifted ? link.dataset.shiftHref : link.getAttribute('href')
  if (!href?.startsWith('/') || href.startsWith('//') || href.startsWith('/api/')) return undefined
  if (link.hasAttribute('download') || (link.target && link.target !== '_self')) return undefined
  return href
}

/** Where a GET form leads: its filled-in fields as the query. */
function formAddress(form: HTMLFormElement): string {
  const query = new URLSearchParams()
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value.trim()) query.append(name, value)
  }
  const path = form.getAttribute('action') || window.location.pathname
  return query.size > 0 ? `${path}?${query}` : path
}
