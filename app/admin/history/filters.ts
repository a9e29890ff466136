import type { HistoryFilters } from '@/lib/history'
import { addressReader } from '../address-reader'

export interface HistorySearch {
  q?: string
  resource?: string
  /** An actor's id, or OUTSIDE. */
  who?: string
  op?: HistoryFilters['op']
  source?: string
  from?: string
  to?: string
  field?: string
  tx?: string
  request?: string
  before?: string
  /** The moment the page stands at, where it is one of the past. */
  at?: string
}

/** Whoever writes past the admin: psql, other programs. */
export const OUTSIDE = 'outside'

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const

/** What the address of a history page asks for; what it cannot mean is left out and said. */
export function readHistorySearch(search: Record<string, string | string[] | undefined>): {
  asked: HistorySearch
  notices: string[]
} {
  const { notices, one, day } = addressReader(search)
  const op = OPERATIONS.find((known) => known === one('op'))
  const tx = one('tx')
  const asked: HistorySearch = {
    q: one('q'),
    resource: one('resource'),
    who: one('who')?.slice(0, 200),
    op,
    source: one('source'),
    from: day('from'),
    to: day('to'),
    field: one('field'),
    tx: tx && /^\d{1,18}$/.test(tx) ? tx : undefined,
    request: one('request')?.slice(0, 200),
    before: one('before'),
  }
  return { asked, notices }
}

/** The same as the log's filters; days are whole days of the person's zone. */
export function historyFilters(
  { q, who, op, source, from, to, field, tx, request, at }: HistorySearch,
  timeZone: string,
): HistoryFilters {
  return {
    text: q,
    op,
    actor: who === OUTSIDE ? undefined : who,
    source: who === OUTSIDE ? 'sql' : source,
    field,
    tx,
    request,
    until: at,
    from: from && `${from} 00:00:00 ${timeZone}`,
    to: to && `${to} 23:59:59.999999 ${timeZone}`,
  }
}

/** The address of a history page with something changed about it; its position is dropped unless given. */
export function historyHref(path: string, asked: HistorySearch, change: Partial<HistorySearch> = {}): string {
  const next = { ...asked, before: undefined, ...change }
  const query = new URLSearchParams(Object.entries(next).flatMap(([name, value]) => (value ? [[name, value]] : [])))
  return query.size > 0 ? `${path}?${query}` : path
}
