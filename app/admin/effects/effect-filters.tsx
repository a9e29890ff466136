import { PageLink } from '@/lib/ui/page-link'
import styles from '../filter-bar.module.css'
import { type EffectSearch, effectsHref } from './effect-search'

/** Narrows the list down; a plain GET form, so it works without scripts and stays in the address. */
export function EffectFilters({ asked, kinds }: { asked: EffectSearch; kinds: readonly string[] }) {
  const isNarrowed = Boolean(asked.kind || asked.q || asked.from || asked.to)
  return (
    <form method="get" action="/admin/effects" className={styles.bar}>
      {asked.state && <input type="hidden" name="state" value={asked.state} />}
      <input type="search" name="q" defaultValue={asked.q} placeholder="Search payloads" aria-label="Search payloads" />
      <select name="kind" defaultValue={asked.kind ?? ''} data-set={asked.kind ? '' : undefined} aria-label="Kind">
        <option value="">Every kind</option>
        {kinds.map((kind) => (
          <option key={kind}>{kind}</option>
        ))}
      </select>
      <span className={styles.dates} data-set={asked.from || asked.to ? '' : undefined}>
        <input type="date" name="from" defaultValue={asked.from} aria-label="Requested from" />
        <span aria-hidden="true">–</span>
        <input type="date" name="to" defaultValue={asked.to} aria-label="Requested until" />
      </span>
      <button type="submit">Show</button>
      {isNarrowed && <PageLink href={effectsHref({ state: asked.state })}>Clear</PageLink>}
    </form>
  )
}
