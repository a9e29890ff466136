'use client'

import { usePathname } from 'next/navigation'
import { type ReactNode, useEffect, useRef } from 'react'

interface Props {
  href: string
  className?: string
  children: ReactNode
}

/** A link of the menu that knows whether the page shown is its own or lies below it. */
export function MenuLink({ href, className, children }: Props) {
  const path = usePathname()
  const isHere = path === href
  const isAbove = href !== '/admin' && path.startsWith(`${href}/`)
  const isCurrent = isHere || isAbove
  const link = useRef<HTMLAnchorElement>(null)

  useEffect(() => {
    // A long menu scrolls by itself to where one is.
    if (isCurrent) link.current?.scrollIntoView({ block: 'nearest' })
  }, [isCurrent])

  return (
    <a ref={link} href={href} className={className} aria-current={isHere ? 'page' : isAbove ? 'true' : undefined}>
      {children}
    </a>
  )
}
