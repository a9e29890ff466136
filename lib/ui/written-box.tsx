'use client'

import { type Ref, useLayoutEffect, useRef, useState } from 'react'
import { useWritten, type Written } from './use-written'

interface Props {
  /** The element around the markup. Default 'div'. */
  as?: 'div' | 'thead'
  className?: string
  written: Written
}

/** Plain markup, as the server wrote it, in an element of its own. */
export function WrittenBox({ as: Tag = 'div', className, written }: Props) {
  const markup = useWritten(written)
  const box = useRef<HTMLElement>(null)
  const drawn = useRef(markup)
  const [first] = useState(markup)

  useLayoutEffect(() => {
    if (box.current && drawn.current !== markup) renew(box.current, markup)
    drawn.current = markup
  }, [markup])

  return (
    <Tag
      ref={box as Ref<HTMLDivElement & HTMLTableSectionElement>}
      className={className}
      data-written={written.id}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: written and escaped by toMarkup on the server
      dangerouslySetInnerHTML={{ __html: first }}
    />
  )
}

/**
 * Draws a box anew where its markup really is another: a browser spells the same markup in its own way. Whoever stands
 * on a link with the keyboard stands on the one of the same name afterwards.
 */
export function renew(box: HTMLElement, markup: string): void {
  const next = box.cloneNode(false) as HTMLElement
  next.innerHTML = markup
  if (next.innerHTML === box.innerHTML) return
  const focused = document.activeElement
  const name = focused && box.contains(focused) ? nameOf(focused) : undefined
  box.replaceChildren(...next.childNodes)
  if (name === undefined) return
  const again = [...box.querySelectorAll<HTMLElement>('a, button, input')].find((element) => nameOf(element) === name)
  again?.focus({ preventScroll: true })
}

const nameOf = (element: Element) => element.getAttribute('aria-label') ?? element.textContent ?? ''
