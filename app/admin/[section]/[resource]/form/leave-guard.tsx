'use client'

import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import { Button } from '@/lib/ui/button/button'
import { closePopover } from '@/lib/ui/close-popover'
import { AskDialog } from './ask-dialog'
import styles from './form.module.css'

/** Asks before unsaved changes are left behind: by a link of this site in words, by closing the page as browsers do. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const router = useRouter()
  const [target, setTarget] = useState<string>()

  useEffect(() => {
    if (!isDirty) return
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault()
    // In the capture phase, before whatever follows links does so.
    const onClick = (event: MouseEvent) => {
      const link = leavingLink(event)
      if (!link) return
      event.preventDefault()
      event.stopPropagation()
      closePopover(link) // it would lie over the question
      setTarget(pathOf(link))
    }
    window.addEventListener('beforeunload', onUnload)
    document.addEventListener('click', onClick, true)
    return () => {
      window.removeEventListener('beforeunload', onUnload)
      document.removeEventListener('click', onClick, true)
    }
  }, [isDirty])

  return (
    <AskDialog
      isOpen={target !== undefined}
      onClose={() => setTarget(undefined)}
      title="Leave without saving?"
      answers={
        <>
          <Button onClick={() => setTarget(undefined)} data-autofocus>
            Stay here
          </Button>
          <Button
            tone="danger"
            onClick={() => {
              if (target) router.push(target)
              setTarget(undefined)
            }}
          >
            Leave
          </Button>
        </>
      }
    >
      <p className={styles.ask}>What you changed here would be lost.</p>
    </AskDialog>
  )
}

/** The link by which a click leads away from this page within the site; undefined where it does not. */
function leavingLink(event: MouseEvent): HTMLAnchorElement | undefined {
  if (event.defaultPrevented || event.button !== 0) return undefined
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (!link?.href || link.target === '_blank' || link.hasAttribute('download')) return undefined
  const url = new URL(link.href)
  if (url.origin !== window.location.origin || url.pathname.startsWith('/api/')) return undefined
  const isHere = url.pathname === window.location.pathname && url.search === window.location.search
  return isHere ? undefined : link
}

function pathOf({ pathname, search, hash }: HTMLAnchorElement): string {
  return pathname + search + hash
}
