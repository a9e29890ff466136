import { encodeCursor } from '@/lib/db/keyset'
import { numberFormat } from '../fields/format'
import type { CountView, PagerView } from '../view'
import { listHref } from './address'
import type { Order } from './order'
import type { Page } from './rows'
import { type ListState, MOST_OFFSET, type Position, SIZES } from './state'

const FIRST: Position = { kind: 'page', page: 1 }

/** Where one can go from a page, and what it is a page of. */
export function viewPager(state: ListState, page: Page, order: Order, count: CountView, locale: string): PagerView {
  const rank = firstRank(state, page, count)
  const last = count.kind === 'exact' ? Math.max(1, Math.ceil(count.count / state.size)) : undefined
  const to = (position: Position | undefined) => position && listHref(state, { position })
  const isFirst = state.position.kind === 'page' && state.position.page === 1
  return {
    summary: summarize(state, page, count, rank, locale),
    size: state.size,
    sizes: SIZES.map((size) => ({ size, href: listHref(state, { size }) })),
    first: isFirst ? undefined : to(FIRST),
    previous: page.hasPrevious ? to(previousPosition(state, page, order, rank, last)) : undefined,
    next: page.hasNext ? to(nextPosition(state, page, order, rank, last)) : undefined,
    last: page.hasNext ? to(lastPosition(state, order, last)) : undefined,
    pages: last === undefined ? [] : numbers(state, last, rank),
    countHref: count.kind === 'exact' ? undefined : listHref(state, { isExactCount: true }),
  }
}

/** The place of the page's first row in the whole list, where it is known. */
function firstRank({ position, size }: ListState, { rows }: Page, count: CountView): number | undefined {
  switch (position.kind) {
    case 'page':
      return (position.page - 1) * size + 1
    case 'after':
      return position.cursor.rank && position.cursor.rank + 1
    case 'before':
      return position.cursor.rank && Math.max(1, position.cursor.rank - rows.length)
    case 'end':
      return count.kind === 'exact' ? Math.max(1, count.count - rows.length + 1) : undefined
  }
}

const isReachable = (page: number, size: number) => (page - 1) * size <= MOST_OFFSET

/** By number where pages have numbers; else by the row itself, which stays right while others write. */
function nextPosition(
  { position, size }: ListState,
  { rows }: Page,
  order: Order,
  rank: number | undefined,
  last: number | undefined,
): Position | undefined {
  const isNumbered = position.kind === 'page' && isReachable(position.page + 1, size)
  if (isNumbered && (last !== undefined || !order.isTotal)) return { kind: 'page', page: position.page + 1 }
  const values = rows.at(-1)?.keys
  if (!values || !order.isTotal) return undefined
  const cursor = { values, rank: rank && rank + rows.length - 1 }
  return { kind: 'after', text: encodeCursor(cursor, order.signature), cursor }
}

function previousPosition(
  { position, size }: ListState,
  { rows }: Page,
  order: Order,
  rank: number | undefined,
  last: number | undefined,
): Position | undefined {
  if (rank !== undefined && rank <= size + 1) return FIRST
  if (position.kind === 'page' && (last !== undefined || !order.isTotal))
    return { kind: 'page', page: position.page - 1 }
  const values = rows[0]?.keys
  if (!values) return undefined
  const cursor = { values, rank }
  return { kind: 'before', text: encodeCursor(cursor, order.signature), cursor }
}

function lastPosition({ size }: ListState, order: Order, last: number | undefined): Position | undefined {
  if (last !== undefined && isReachable(last, size)) return { kind: 'page', page: last }
  return order.isTotal ? { kind: 'end' } : undefined
}

/** First, last and two on each side of the current one; null is a gap. None where the last one has no number. */
function numbers(state: ListState, last: number, rank: number | undefined): PagerView['pages'] {
  if (last === 1 || !isReachable(last, state.size)) return []
  const current = rank === undefined ? undefined : Math.floor((rank - 1) / state.size) + 1
  const around = current === undefined ? [] : [-2, -1, 0, 1, 2].map((step) => current + step)
  const shown = [...new Set([1, ...around, last])].filter((page) => page >= 1 && page <= last).sort((a, b) => a - b)
  return shown.flatMap((page, at) => {
    const item = { page, href: listHref(state, { position: { kind: 'page', page } }), isCurrent: page === current }
    return at > 0 && page - (shown[at - 1] ?? 0) > 1 ? [null, item] : [item]
  })
}

function summarize(
  state: ListState,
  { rows }: Page,
  count: CountView,
  rank: number | undefined,
  locale: string,
): string {
  const number = numberFormat(locale)
  if (rows.length === 0) return `No ${state.resource.plural.toLowerCase()}`
  const last = rank === undefined ? undefined : rank + rows.length - 1
  const total = {
    exact: number.format(count.count),
    about: aboutText(count.count, locale),
    atLeast: `more than ${number.format(count.count)}`,
  }[count.kind]
  // What one sees is surer than what the planner believes.
  if (count.kind !== 'exact' && last !== undefined && last > count.count)
    return `${number.format(rank ?? 1)}–${number.format(last)}`
  if (rank === undefined || last === undefined) return `${number.format(rows.length)} of ${total}`
  const range = rank === last ? number.format(rank) : `${number.format(rank)}–${number.format(last)}`
  return `${range} of ${total}`
}

/** 'about 2.1 million', 'about 15,000': two digits, since the rest is guesswork. */
function aboutText(count: number, locale: string): string {
  const options: Intl.NumberFormatOptions = { maximumSignificantDigits: 2 }
  if (count >= 1_000_000) Object.assign(options, { notation: 'compact', compactDisplay: 'long' })
  return `about ${numberFormat(locale, options).format(count)}`
}
