'use client'

import { useLayoutEffect, useRef, useState } from 'react'
import { useWritten, type Written } from '@/lib/ui/use-written'
import { forgetNews, isOwnDrawing, setRowNews } from './live-rows'
import { replaceRows, updateRows } from './replace-rows'

/** The rows last drawn: a list that took its time the one time and not the other is another element to React. */
let last: { place: string; markup: string; rows: readonly Element[] } | undefined

const placeNow = () => window.location.pathname + window.location.search

/**
 * The rows of a list as plain markup, as the server wrote it. When others come, the rows that stay keep their ticks and
 * the focus; where they came by themselves, they also keep their places until the person wants to see the new ones.
 */
export function ListRows({ written }: { written: Written }) {
  const markup = useWritten(written)
  const body = useRef<HTMLTableSectionElement>(null)
  const [first] = useState(markup)
  const drawn = useRef(first)

  useLayoutEffect(() => {
    const rows = body.current
    if (!rows) return
    const place = placeNow()
    const before = last?.place === place ? last : undefined
    const isDrawn = before?.markup === markup && before.rows[0]?.parentNode === rows
    if (isDrawn) {
      // An effect that React runs once more has nothing to do.
    } else if (before && isOwnDrawing()) {
      if (before.rows[0]?.parentNode !== rows) rows.replaceChildren(...before.rows)
      const news = updateRows(rows, before.markup, markup)
      if (news) setRowNews(news, () => replaceRows(rows, markup, markup))
      else forgetNews()
    } else {
      forgetNews()
      if (drawn.current !== markup) replaceRows(rows, drawn.current, markup)
    }
    drawn.current = markup
    last = { place, markup, rows: [...rows.rows] }
    return () => {
      last = { place, markup, rows: [...rows.rows] }
    }
  }, [markup])

  // biome-ignore lint/security/noDangerouslySetInnerHtml: written and escaped by toMarkup on the server
  return <tbody ref={body} data-written={written.id} dangerouslySetInnerHTML={{ __html: first }} />
}
