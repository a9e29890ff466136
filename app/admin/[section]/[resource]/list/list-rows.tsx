'use client'

import { useEffect, useRef, useState } from 'react'
import { replaceRows } from './replace-rows'

interface Props {
  /** The rows, as the server wrote them. */
  markup: string
}

/** The rows of a list as plain markup. When others come, the rows that stay keep their ticks and the focus. */
export function ListRows({ markup }: Props) {
  const body = useRef<HTMLTableSectionElement>(null)
  const [first] = useState(markup)
  const drawn = useRef(first)

  useEffect(() => {
    if (!body.current || drawn.current === markup) return
    replaceRows(body.current, drawn.current, markup)
    drawn.current = markup
  }, [markup])

  // biome-ignore lint/security/noDangerouslySetInnerHtml: written and escaped by toMarkup on the server
  return <tbody ref={body} dangerouslySetInnerHTML={{ __html: first }} />
}
