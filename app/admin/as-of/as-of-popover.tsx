'use client'

import { Popover } from '@mantine/core'
import { usePathname, useRouter } from 'next/navigation'
import { lazy, Suspense, useState, useTransition } from 'react'
import { buttonClass } from '@/lib/ui/button/button'
import { addressAt } from './address'
import styles from './as-of.module.css'

interface Props {
  /** The moment shown; undefined: now. */
  at?: string
  locale: string
  timeZone: string
}

/** The calendar comes when somebody asks for a moment. */
const MomentPanel = lazy(() => import('./moment-panel').then(({ MomentPanel }) => ({ default: MomentPanel })))

/** Asks for a moment and goes to the page as it was then. */
export function AsOfButton({ at, locale, timeZone }: Props) {
  const router = useRouter()
  const path = usePathname()
  const [isOpen, setIsOpen] = useState(false)
  const [isPending, startTransition] = useTransition()

  function show(moment: string) {
    setIsOpen(false)
    const search = new URLSearchParams(window.location.search)
    startTransition(() => router.push(addressAt(path, search, moment)))
  }

  return (
    <Popover
      opened={isOpen}
      onChange={setIsOpen}
      position="bottom-end"
      offset={6}
      trapFocus
      returnFocus
      transitionProps={{ duration: 120 }}
    >
      <Popover.Target>
        <button type="button" className={buttonClass()} aria-busy={isPending} onClick={() => setIsOpen(!isOpen)}>
          As of…
        </button>
      </Popover.Target>
      <Popover.Dropdown className={styles.panel} aria-label="Choose a moment">
        <Suspense fallback={<div className={styles.waiting} />}>
          <MomentPanel at={at} locale={locale} timeZone={timeZone} onShow={show} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  )
}
