'use client'

import { Popover } from '@mantine/core'
import { usePathname, useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { Button } from '@/lib/ui/button/button'
import { useArrival } from '@/lib/ui/on-demand'
import { addressAt } from './address'
import styles from './as-of.module.css'
import { MomentPanel } from './moment-panel'

export interface AsOfProps {
  /** The moment shown; undefined: now. */
  at?: string
  locale: string
  timeZone: string
}

/** Asks for a moment and goes to the page as it was then. Drawn open. */
export function AsOfPopover({ at, locale, timeZone }: AsOfProps) {
  const router = useRouter()
  const path = usePathname()
  const { button, isOpen, setIsOpen } = useArrival()
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
        <Button ref={button} aria-busy={isPending} onClick={() => setIsOpen(!isOpen)}>
          As of…
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles.panel} aria-label="Choose a moment">
        <MomentPanel at={at} locale={locale} timeZone={timeZone} onShow={show} />
      </Popover.Dropdown>
    </Popover>
  )
}
