import { PageLink } from '@/lib/ui/page-link'
import { type EffectSearch, effectsHref } from './effect-search'
import styles from './effects.module.css'

/** Narrows the list down; a plain GET form, so it works without scripts and stays in the address. */
export function EffectFilters({ asked, kinds }: { asked: EffectSearch; kinds: readonly string[] }) {
  const isNarrowed = Boolean(asked.kind || asked.q || asked.from || asked.to)
  return (
    <form method="get" action="/admin/effects" className={styles.filters}>
      {asked.state && <input type="hidden" name="state" value={asked.state} />}
      <input type="search" name="q" defaultValue={asked.q} placeholder="Search payloads" aria-label="Search payloads" />
      <select name="kind" defaultValue={asked.kind ?? ''} aria-label="Kind">
        <option value="">Every kind</option>
        {kinds.map((kind) => (
          <option key={kind}>{kind}</option>
        ))}
      </select>
      <input type="date" name="from" defaultValue={asked.from} aria-label="Requested from" />
      <input type="date" name="to" defaultValue={asked.to} aria-label="Requested until" />
      <button type="submit">Show</button>
      {isNarrowed && <PageLink href={effectsHref({ state: asked.state })}>Clear</PageLink>}
    </form>
  )
}
