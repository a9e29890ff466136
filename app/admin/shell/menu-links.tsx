'use client'

import { usePathname } from 'next/navigation'
import { useLayoutEffect, useRef, useState } from 'react'
import { renew } from '@/lib/ui/written-box'
import { currentness } from './currentness'

/**
 * Links of the menu as plain markup, as the server wrote them, of which the one to the page shown is marked. Markup that
 * comes along with it, not only in the document: a page that is refused is drawn by the browser alone, menu and all.
 */
export function MenuLinks({ markup }: { markup: string }) {
  const path = usePathname()
  const box = useRef<HTMLDivElement>(null)
  const drawn = useRef(markup)
  const [first] = useState(() => markCurrent(markup, path))

  useLayoutEffect(() => {
    if (!box.current) return
    if (drawn.current !== markup) {
      for (const link of box.current.querySelectorAll('[aria-current]')) link.removeAttribute('aria-current')
      renew(box.current, markup)
    }
    drawn.current = markup
    for (const link of box.current.querySelectorAll('a')) {
      const current = currentness(link.getAttribute('href') ?? '', path)
      if (current) link.setAttribute('aria-current', current)
      else link.removeAttribute('aria-current')
      // A long menu scrolls by itself to where one is.
      if (current) link.scrollIntoView({ block: 'nearest' })
    }
  }, [path, markup])

  // biome-ignore lint/security/noDangerouslySetInnerHtml: written and escaped by toMarkup on the server
  return <div ref={box} dangerouslySetInnerHTML={{ __html: first }} />
}

/** The same in the text, so that the page says where one is before any script runs. */
function markCurrent(markup: string, path: string): string {
  return markup.replace(/<a href="([^"&]*)"/g, (tag, href: string) => {
    const current = currentness(href, path)
    return current ? `${tag} aria-current="${current}"` : tag
  })
}
