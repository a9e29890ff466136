'use client'

import { usePathname } from 'next/navigation'
import { type ReactNode, useEffect, useRef } from 'react'
import { currentness } from './currentness'

interface Props {
  href: string
  className?: string
  children: ReactNode
}

/** A link of the menu that knows whether the page shown is its own or lies below it. */
export function MenuLink({ href, className, children }: Props) {
  const path = usePathname()
  const current = currentness(href, path)
  const link = useRef<HTMLAnchorElement>(null)

  useEffect(() => {
    // A long menu scrolls by itself to where one is.
    if (current) link.current?.scrollIntoView({ block: 'nearest' })
  }, [current])

  return (
    <a ref={link} href={href} className={className} aria-current={current}>
      {children}
    </a>
  )
}
