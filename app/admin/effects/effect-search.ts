import { EFFECT_STATES, type EffectFilter, type EffectState } from '@/lib/effects'
import { addressReader } from '../address-reader'

/** What the address of the effects page asks for. */
export interface EffectSearch {
  state?: EffectState
  kind?: string
  /** Text of the payload. */
  q?: string
  /** Days ('2030-01-31') of the reader's zone, both included. */
  from?: string
  to?: string
  after?: string
  before?: string
}

/** Reads the address; what it cannot mean is left out and said. */
export function readEffectSearch(search: Record<string, string | string[] | undefined>): {
  asked: EffectSearch
  notices: string[]
} {
  const { notices, one, day } = addressReader(search)
  const state = EFFECT_STATES.find((known) => known === one('state'))
  if (one('state') && !state) notices.push(`“${one('state')}” is no state of an effect, so it narrows nothing.`)
  const narrowing = { state, kind: one('kind'), q: one('q'), from: day('from'), to: day('to') }
  return { asked: { ...narrowing, after: one('after'), before: one('before') }, notices }
}

/** The same as the list's filter; days are whole days of the zone. */
export function effectFilter({ state, kind, q, from, to }: EffectSearch, timeZone: string): EffectFilter {
  return {
    states: state && [state],
    kinds: kind ? [kind] : undefined,
    text: q,
    from: from && `${from} 00:00:00 ${timeZone}`,
    to: to && `${dayAfter(to)} 00:00:00 ${timeZone}`,
  }
}

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`)
  next.setUTCDate(next.getUTCDate() + 1)
  return next.toISOString().slice(0, 10)
}

/** The address with something changed about it; its position is dropped unless given. */
export function effectsHref(asked: EffectSearch, change: Partial<EffectSearch> = {}): string {
  const next = { ...asked, after: undefined, before: undefined, ...change }
  const query = new URLSearchParams(Object.entries(next).flatMap(([name, value]) => (value ? [[name, value]] : [])))
  return query.size > 0 ? `/admin/effects?${query}` : '/admin/effects'
}
